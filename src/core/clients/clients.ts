import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { OAuthError, ThrottledError } from '../errors.ts'
import type { AuthEvents } from '../events/events.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { AttemptCounts } from '../statistics.ts'
import type { Store } from '../store.ts'
import type { ClientAttempts } from './attempts.ts'
import type { ClientRecord, TokenEndpointAuthMethod } from './client-store.ts'
import {
  browserClientId,
  builtInClients,
  docsClientId,
  hashSecret,
  hostedClientIds,
  isBuiltIn,
  isClientId,
} from './registration.ts'
import { type ClientRegistry, createClientRegistry } from './registry.ts'
import type { ClientStamps } from './stamp.ts'

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
  /** The `client_id` of the request. */
  readonly clientId: string
  /** Empty if there is none. */
  readonly clientSecret: string
  /**
   * The way that they came by (RFC 7591 §2), which must be the one that the client is registered for. Default:
   * unknown, and not compared.
   */
  readonly method?: TokenEndpointAuthMethod | undefined
  /** The address that they came from, which wrong secrets are counted by. Default: unknown. */
  readonly address?: string | undefined
  /** The id of the request, for the event of a refusal. Default none. */
  readonly requestId?: string | undefined
}

/** The registered clients. Those of the configuration come before stored ones of the same id. */
export interface Clients extends ClientRegistry {
  /** Returns a registered client or a built-in one, or null. */
  find(id: string): Promise<Client | null>
  /** The registered clients, by id. Those that are built in are not among them. */
  list(): Promise<readonly Client[]>
  /**
   * Returns the client of a request (RFC 6749 §2.3): the built-in one, which is public, if the request
   * names none. As long as no client is registered, any name in a request is the built-in one, as in
   * FastAPI; but for the names of those that are built in for logins by browser.
   *
   * A wrong secret, a missing one, one that a public client sends, another method than the client is
   * registered for, and an unknown id are one answer, and an event each.
   *
   * @throws {OAuthError} `invalid_client`
   * @throws {ThrottledError} if too many secrets of the id, or from the address, were wrong before.
   */
  authenticate(credentials: ClientCredentials | null): Promise<Client>
  /** The same for registered confidential clients alone. Throws like `authenticate`. */
  authenticateConfidential(credentials: ClientCredentials | null): Promise<AuthenticatedClient>
  /**
   * The one read of a guarded request with a client's own token. Returns the client, if its secret is
   * the one of the stamp, and the version of the signing keys. Null if there is no such client.
   */
  findByStamp(
    id: string,
    stamp: string,
  ): MaybePromise<{ readonly client: Client; readonly keysVersion: number } | null>
  /** How authentications of clients that named themselves have ended, in this process. */
  readonly counts: Omit<AttemptCounts, 'unavailable'>
}

/** The same, with what the page that documents the API tells. */
export interface OwnClients extends Clients {
  /** Says where that page comes back to from a login by browser. */
  documentedAt(redirectUri: string): void
}

export interface ClientsOptions {
  readonly store: Store
  /** A keyed digest of a client id that no client has: it may be a secret. */
  readonly digest: (id: string) => string
  readonly configured: readonly ClientRecord[]
  /** The issuer, where people log in by browser; null where they do not. */
  readonly hostedAt: string | null
  readonly stamps: ClientStamps
  readonly events: AuthEvents
  readonly attempts: ClientAttempts
  readonly clock: Clock
}

export function createClients({
  store,
  digest,
  configured,
  hostedAt,
  stamps,
  events,
  attempts,
  clock,
}: ClientsOptions): OwnClients {
  const builtIn = builtInClients(hostedAt)
  const fixed = new Map([...builtIn, ...configured].map((client) => [client.id, client]))
  const [firstParty] = builtIn as [ClientRecord]
  // The digest of nothing: an unknown client and a public one cost the same hash and comparison.
  const noDigest = randomBytes(32)

  const counts = { succeeded: 0, failed: 0, throttled: 0 }

  const present = ({ secretHash, ...client }: ClientRecord): Client => ({
    ...client,
    confidential: secretHash !== null,
    configured: fixed.has(client.id),
  })

  async function findRecord(id: string): Promise<ClientRecord | null> {
    return fixed.get(id) ?? (isClientId(id) ? await store.clients.find(id) : null)
  }

  /** The client that a request names. That of the sessions of browsers sends none. */
  async function findCaller(id: string): Promise<ClientRecord | null> {
    return id === browserClientId ? null : await findRecord(id)
  }

  /** The record if the secret is right, or if the client has none and none was sent. */
  function check(record: ClientRecord | null, secret: string): ClientRecord | null {
    const expected = record?.secretHash
    const digest = typeof expected === 'string' ? Buffer.from(expected, 'base64url') : noDigest
    const isRight = timingSafeEqual(hashSecret(secret), digest)
    return isRight || (expected === null && secret === '') ? record : null
  }

  /** Records a refusal, with the client's id or a digest of an unknown id. Both take the same time. */
  async function tell(
    type: 'authn_client_fail' | 'authn_client_throttled',
    { clientId, address, requestId }: ClientCredentials,
    record: ClientRecord | null,
    reason?: string,
  ): Promise<void> {
    const nobody = digest(clientId)
    await events.record({
      type,
      address,
      requestId,
      reason,
      ...(record === null ? { details: { client_id_digest: nobody } } : { clientId: record.id }),
    })
  }

  /** Counts, tells and throws a refusal: one answer for every cause. */
  async function refuse(
    credentials: ClientCredentials,
    record: ClientRecord | null,
    reason: string,
  ): Promise<never> {
    counts.failed++
    await tell('authn_client_fail', credentials, record, reason)
    throw refused(record === null ? reason : `${reason}: ${record.id}`)
  }

  async function verify(
    record: ClientRecord | null,
    credentials: ClientCredentials,
  ): Promise<ClientRecord> {
    const { clientSecret: secret, method } = credentials
    try {
      // A client that sends no secret guesses none.
      const verified =
        secret === ''
          ? check(record, secret)
          : await attempts.attempt(credentials, () => check(record, secret))
      if (verified !== null) {
        const expected = verified.tokenEndpointAuthMethod ?? method
        if (method === undefined || method === expected) return verified
        return await refuse(credentials, verified, `it authenticated by ${method}`)
      }
    } catch (error) {
      if (error instanceof ThrottledError) {
        counts.throttled++
        await tell('authn_client_throttled', credentials, record)
      }
      throw error
    }
    if (record === null) return await refuse(credentials, record, 'no such client')
    if (record.secretHash === null) {
      return await refuse(credentials, record, 'a public client has no secret')
    }
    return await refuse(credentials, record, secret === '' ? 'no secret' : 'wrong secret')
  }

  return {
    counts,
    ...createClientRegistry({ store, events, attempts, clock, fixed, findRecord }),
    async find(id) {
      const record = await findRecord(id)
      return record && present(record)
    },
    async list() {
      const stored = (await store.clients.list()).filter(({ id }) => !fixed.has(id))
      return [...configured, ...stored].map(present).sort((a, b) => (a.id < b.id ? -1 : 1))
    },
    async authenticate(credentials) {
      if (credentials === null) return present(firstParty)
      const record = await findCaller(credentials.clientId)
      // One that is there says that there is one.
      const isAnyKnown = configured.length > 0 || (record !== null && !isBuiltIn(record.id))
      const isOurs = hostedAt !== null && hostedClientIds.includes(credentials.clientId)
      if (!isAnyKnown && !(await isAnyStored()) && !isOurs) return present(firstParty)
      const verified = await verify(record, credentials).catch(async (refusal: unknown) => {
        // Ids are no secret (RFC 6749 §2.2), but need not be told either: a refusal takes both reads in any case.
        if (record !== null && isAnyKnown && configured.length === 0) await isAnyStored()
        throw refusal
      })
      counts.succeeded++
      return present(verified)
    },
    async authenticateConfidential(credentials) {
      if (credentials === null) throw refused('no client is named')
      const record = await verify(await findCaller(credentials.clientId), credentials)
      const { id, secretHash } = record
      if (secretHash === null) return await refuse(credentials, record, 'the client is public')
      counts.succeeded++
      const { epoch } = await store.findClientSubject(id)
      return { ...present(record), stamp: stamps.of(secretHash, epoch) }
    },
    documentedAt(redirectUri) {
      const page = fixed.get(docsClientId)
      if (page !== undefined) fixed.set(page.id, { ...page, redirectUris: [redirectUri] })
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

// One answer for every cause; which one it was goes to the log.
function refused(reason: string): OAuthError {
  return new OAuthError('invalid_client', 'The client could not be authenticated', {
    cause: new Error(reason),
  })
}
