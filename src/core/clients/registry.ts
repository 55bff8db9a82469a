import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { ClientError, ConflictError } from '../errors.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import type { Store } from '../store.ts'
import type { ClientAttempts } from './attempts.ts'
import { applyChanges, type ClientChanges, changesBetween, takesFromLogins } from './changes.ts'
import type { ClientRecord } from './client-store.ts'
import {
  clientProblems,
  hashSecret,
  isBuiltIn,
  type NewClient,
  toClientRecord,
} from './registration.ts'

/**
 * Changes the registered clients of the store.
 *
 * A change is stored together with its event, or not at all. `by` is who makes it, for the event.
 *
 * Does not check who asks for a change: it is for a command line.
 */
export interface ClientRegistry {
  /**
   * Registers a client. The secret of a confidential one is returned here and never again.
   *
   * @throws {ClientError} `client_invalid`, `client_taken`
   */
  register(client: NewClient & { readonly confidential: true }, by?: Actor): Promise<string>
  register(client: NewClient & { readonly confidential: false }, by?: Actor): Promise<null>
  /**
   * Returns a new secret of a confidential client, which replaces the old one at once. Its sessions
   * stay open.
   *
   * @throws {ClientError} `client_unknown`, `client_public`, `client_configured`
   */
  replaceSecret(id: string, by?: Actor): Promise<string>
  /**
   * Changes what a client may do. If it loses a grant of logins, a scope, a redirect URI or the trust of a
   * first party, its sessions end: returns how many. Its own tokens (RFC 6749 §4.4) may do no more than the client may do today.
   *
   * @throws {ClientError} `client_unknown`, `client_invalid`, `client_configured`
   */
  update(id: string, changes: ClientChanges, by?: Actor): Promise<number>
  /**
   * Removes a client and ends its sessions; returns how many. Called again after an interruption, it
   * ends the remaining sessions.
   *
   * @throws {ClientError} `client_unknown`, `client_configured`
   */
  remove(id: string, by?: Actor): Promise<number>
}

interface ClientRegistryOptions {
  readonly store: Store
  readonly events: AuthEvents
  readonly attempts: ClientAttempts
  readonly clock: Clock
  /** Those that are built in or configured, and so are not changed here. */
  readonly fixed: ReadonlyMap<string, ClientRecord>
  findRecord(id: string): Promise<ClientRecord | null>
}

/** Sessions that are ended by one statement. */
const batchSize = 500

export function createClientRegistry({
  store,
  events,
  attempts,
  clock,
  fixed,
  findRecord,
}: ClientRegistryOptions): ClientRegistry {
  function refuseIfFixed(id: string): void {
    if (!fixed.has(id)) return
    throw new ClientError('client_configured', [
      isBuiltIn(id)
        ? `The client ${id} is built in and cannot be changed.`
        : `The client ${id} is registered by configuration: change it there.`,
    ])
  }

  async function register(
    client: NewClient & { readonly confidential: boolean },
    by?: Actor,
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
    // Earlier guesses for this id were not guesses at this secret.
    if (secret !== null) await attempts.unlock(client.id)
    return secret
  }

  async function endSessions(id: string): Promise<number> {
    let ended = 0
    for (let batch = batchSize; batch === batchSize; ended += batch) {
      batch = await store.sessions.revokeByClient(id, clock(), batchSize)
      await setImmediate()
    }
    return ended
  }

  return {
    // One implementation for both of its signatures.
    register: register as ClientRegistry['register'],
    async replaceSecret(id, by) {
      refuseIfFixed(id)
      const secret = newSecret()
      const digest = hashSecret(secret).toString('base64url')
      const replaced = await events.recordWith(
        { ...by, type: 'client_secret_changed', clientId: id },
        (event) => store.clients.replaceSecretHash(id, digest, event),
      )
      if (replaced) {
        // There are no guesses at the new secret yet.
        await attempts.unlock(id)
        return secret
      }
      if ((await findRecord(id)) === null) throw unknownClient()
      throw new ClientError('client_public', [
        `The client ${id} is public and has no secret: remove it and add it as a confidential one.`,
      ])
    },
    async update(id, changes, by) {
      refuseIfFixed(id)
      for (let ended = 0; ; ) {
        const before = await findRecord(id)
        if (before === null) throw unknownClient()
        const after = applyChanges(before, changes)
        const details = changesBetween(before, after)
        if (details === null) return ended
        const ends = takesFromLogins(before, after)
        // Before the change, so that an interrupted update can be repeated.
        if (ends) ended += await endSessions(id)
        const replaced = await events.recordWith(
          { ...by, type: 'client_updated', clientId: id, details },
          (event) => store.clients.replace(before, after, event),
        )
        // Another process has changed the client meanwhile: decide again.
        if (!replaced) continue
        // Again after the change, for logins that came meanwhile.
        return ends ? ended + (await endSessions(id)) : ended
      }
    },
    async remove(id, by) {
      refuseIfFixed(id)
      // First, so that no session is opened after the search for sessions to end.
      const removed = await events.recordWith(
        { ...by, type: 'client_removed', clientId: id },
        (event) => store.clients.remove(id, event),
      )
      const ended = await endSessions(id)
      if (!removed && ended === 0) throw unknownClient()
      // Guesses at this client's secret must not delay the next client with this id.
      await attempts.unlock(id)
      return ended
    },
  }
}

function newSecret(): string {
  return `pcs_${randomBytes(32).toString('base64url')}`
}

function unknownClient(): ClientError {
  return new ClientError('client_unknown', ['There is no such client.'])
}
