import { randomBytes, timingSafeEqual } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { ClientAttempts } from './client-attempts.ts'
import {
  clientProblems,
  firstPartyClientId,
  hashSecret,
  isClientId,
  type NewClient,
  toClientRecord,
} from './client-registration.ts'
import type { ClientStamps } from './client-stamp.ts'
import type { ClientRecord } from './client-store.ts'
import type { Clock } from './clock.ts'
import { ClientError, OAuthError } from './errors.ts'
import type { AuthEvents, Origin } from './events.ts'
import { ConflictError, type MaybePromise, type Store } from './store.ts'

/** A client as the rest of an application sees one: everything but the digest of its secret. */
export interface Client extends Omit<ClientRecord, 'secretHash'> {
  /** True if it has a secret (RFC 6749 §2.1). */
  readonly confidential: boolean
  /** True if it is built in or registered by configuration, and so cannot be changed here. */
  readonly configured: boolean
}

/** A client that has shown its secret. */
export interface AuthenticatedClient extends Client {
  /** Ties its own tokens to the secret that it has shown. */
  readonly stamp: string
}

/** What a client says of itself (RFC 6749 §2.3.1). */
export interface ClientCredentials {
  readonly clientId: string
  /** Empty if there is none. */
  readonly clientSecret: string
  /** The address that they came from, which wrong secrets are counted by. */
  readonly address?: string | undefined
}

/**
 * The registered clients. Those of the configuration come before stored ones of the same id.
 *
 * A change is stored together with its event, or not at all. `by` is who makes it, for the event.
 *
 * Does not check who asks for a change: it is for a command line.
 */
export interface Clients {
  /** Returns a registered client or the built-in one, or null. */
  find(id: string): Promise<Client | null>
  /** The registered clients, by id. The built-in one is not among them. */
  list(): Promise<readonly Client[]>
  /**
   * Registers a client. The secret of a confidential one is returned here and never again.
   *
   * @throws {ClientError} `client_invalid`, `client_taken`
   */
  register(client: NewClient & { readonly confidential: true }, by?: Origin): Promise<string>
  register(client: NewClient & { readonly confidential: false }, by?: Origin): Promise<null>
  /**
   * Returns a new secret of a confidential client, which replaces the old one at once. Its sessions
   * go on.
   *
   * @throws {ClientError} `client_unknown`, `client_public`, `client_configured`
   */
  replaceSecret(id: string, by?: Origin): Promise<string>
  /**
   * Removes a client and ends its sessions; returns how many. Called again after an interruption, it
   * ends those that were left.
   *
   * @throws {ClientError} `client_unknown`, `client_configured`
   */
  remove(id: string, by?: Origin): Promise<number>
  /**
   * Returns the client of a request (RFC 6749 §2.3): the built-in one, which is public, if the request
   * names none. As long as no client is registered, whatever a request names is the built-in one, as
   * in FastAPI.
   *
   * A wrong secret, a missing one, one that a public client sends, and an unknown id are one answer.
   *
   * @throws {OAuthError} `invalid_client`
   * @throws {ThrottledError} if too many secrets of the id, or from the address, were wrong before.
   */
  authenticate(credentials: ClientCredentials | null): Promise<Client>
  /** The same for registered confidential clients alone. Throws like `authenticate`. */
  authenticateConfidential(credentials: ClientCredentials | null): Promise<AuthenticatedClient>
  /**
   * The one read of a guarded request with a client's own token: the client, if its secret is the one
   * of the stamp, and the version of the signing keys. Null if there is no such client.
   */
  findByStamp(
    id: string,
    stamp: string,
  ): MaybePromise<{ readonly client: Client; readonly keysVersion: number } | null>
}

export interface ClientsOptions {
  readonly store: Store
  readonly configured: readonly ClientRecord[]
  readonly stamps: ClientStamps
  readonly events: AuthEvents
  readonly attempts: ClientAttempts
  readonly clock: Clock
}

/** Sessions that are ended by one statement. */
const batchSize = 500

export function createClients({
  store,
  configured,
  stamps,
  events,
  attempts,
  clock,
}: ClientsOptions): Clients {
  const firstParty = toClientRecord({ id: firstPartyClientId }, null, 0)
  const fixed = new Map([firstParty, ...configured].map((client) => [client.id, client]))
  // The digest of nothing: an unknown client and a public one cost the same hash and comparison.
  const noDigest = randomBytes(32)

  const present = ({ secretHash, ...client }: ClientRecord): Client => ({
    ...client,
    confidential: secretHash !== null,
    configured: fixed.has(client.id),
  })

  async function findRecord(id: string): Promise<ClientRecord | null> {
    return fixed.get(id) ?? (isClientId(id) ? await store.clients.find(id) : null)
  }

  /** The record if the secret is right, or there is none to show. */
  function check(record: ClientRecord | null, secret: string): ClientRecord | null {
    const expected = record?.secretHash
    const digest = typeof expected === 'string' ? Buffer.from(expected, 'base64url') : noDigest
    const isRight = timingSafeEqual(hashSecret(secret), digest)
    return isRight || (expected === null && secret === '') ? record : null
  }

  async function verify(
    record: ClientRecord | null,
    credentials: ClientCredentials,
  ): Promise<ClientRecord> {
    const { clientSecret: secret } = credentials
    // Who shows no secret guesses none.
    const verified =
      secret === ''
        ? check(record, secret)
        : await attempts.attempt(credentials, () => check(record, secret))
    if (verified !== null) return verified
    if (record === null) throw refused('The client is not registered.')
    const { id, secretHash } = record
    if (secretHash === null) throw refused(`The public client ${id} has no secret.`)
    throw refused(`The secret of the client ${id} is wrong.`)
  }

  function refuseIfFixed(id: string): void {
    if (!fixed.has(id)) return
    throw new ClientError('client_configured', [
      id === firstPartyClientId
        ? `The client ${id} is built in and cannot be changed.`
        : `The client ${id} is registered by configuration: change it there.`,
    ])
  }

  async function register(
    client: NewClient & { readonly confidential: boolean },
    by?: Origin,
  ): Promise<string | null> {
    const problems = clientProblems(client, client.confidential)
    if (problems.length > 0) throw new ClientError('client_invalid', problems)
    const secret = client.confidential ? newSecret() : null
    try {
      if (fixed.has(client.id)) throw new ConflictError('client_taken')
      const record = toClientRecord(client, secret, clock())
      await events.recordWith({ ...by, type: 'client_created', clientId: client.id }, (event) =>
        store.clients.create(record, event),
      )
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      throw new ClientError('client_taken', ['The client id is taken.'], { cause: error })
    }
    return secret
  }

  return {
    // One implementation for both of its signatures.
    register: register as Clients['register'],
    async find(id) {
      const record = await findRecord(id)
      return record && present(record)
    },
    async list() {
      const stored = (await store.clients.list()).filter(({ id }) => !fixed.has(id))
      return [...configured, ...stored].map(present).sort((a, b) => (a.id < b.id ? -1 : 1))
    },
    async replaceSecret(id, by) {
      refuseIfFixed(id)
      const secret = newSecret()
      const digest = hashSecret(secret).toString('base64url')
      const replaced = await events.recordWith(
        { ...by, type: 'client_secret_changed', clientId: id },
        (event) => store.clients.replaceSecretHash(id, digest, event),
      )
      if (replaced) {
        // Nobody has guessed at the new one yet.
        await attempts.unlock(id)
        return secret
      }
      if ((await findRecord(id)) === null) throw unknownClient()
      throw new ClientError('client_public', [
        `The client ${id} is public and has no secret: remove it and add it as a confidential one.`,
      ])
    },
    async remove(id, by) {
      refuseIfFixed(id)
      // First, so that no session is opened behind the look for those to be ended.
      const removed = await events.recordWith(
        { ...by, type: 'client_removed', clientId: id },
        (event) => store.clients.remove(id, event),
      )
      let ended = 0
      for (let batch = batchSize; batch === batchSize; ended += batch) {
        batch = await store.sessions.revokeByClient(id, clock(), batchSize)
        await setImmediate()
      }
      if (!removed && ended === 0) throw unknownClient()
      return ended
    },
    async authenticate(credentials) {
      if (credentials === null) return present(firstParty)
      // Ids are no secret (RFC 6749 §2.2), but need not be told either: both reads in any case.
      const [record, isAnyRegistered] = await Promise.all([
        findRecord(credentials.clientId),
        configured.length > 0 || isAnyStored(),
      ])
      return present(isAnyRegistered ? await verify(record, credentials) : firstParty)
    },
    async authenticateConfidential(credentials) {
      if (credentials === null) throw refused('The request names no client.')
      const record = await verify(await findRecord(credentials.clientId), credentials)
      const { id, secretHash } = record
      if (secretHash === null) throw refused(`The client ${id} is public.`)
      const { epoch } = await store.findClientSubject(id)
      return { ...present(record), stamp: stamps.of(secretHash, epoch) }
    },
    async findByStamp(id, stamp) {
      const { client: stored, keysVersion, epoch } = await store.findClientSubject(id)
      const client = fixed.get(id) ?? stored
      const isTheirs =
        typeof client?.secretHash === 'string' && stamps.matches(client.secretHash, epoch, stamp)
      return isTheirs ? { client: present(client), keysVersion } : null
    },
  }

  async function isAnyStored(): Promise<boolean> {
    return !(await store.clients.isEmpty())
  }
}

function newSecret(): string {
  return `pcs_${randomBytes(32).toString('base64url')}`
}

function unknownClient(): ClientError {
  return new ClientError('client_unknown', ['There is no such client.'])
}

// One answer for every cause; which one it was goes to the log.
function refused(reason: string): OAuthError {
  return new OAuthError('invalid_client', 'The client could not be authenticated', {
    cause: new Error(reason),
  })
}
