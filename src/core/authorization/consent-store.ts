import type { AuthEvent } from '../events/event-store.ts'

/** What a user has allowed a client. */
export interface ConsentRecord {
  /** Who has allowed it. */
  readonly userId: string
  /** The client that it was allowed. */
  readonly clientId: string
  /** Permissions and scopes of OpenID Connect, sorted. */
  readonly scopes: readonly string[]
  /** Seconds since 1970. */
  readonly createdAt: number
  /** Seconds since 1970. */
  readonly updatedAt: number
}

/** Consents at rest. They go with their user, and with a registered client that is removed. */
export interface ConsentStore {
  /** What a user has allowed a client, or null. */
  find(userId: string, clientId: string): Promise<ConsentRecord | null>
  /** All consents of a user, by client. */
  listByUser(userId: string): Promise<readonly ConsentRecord[]>
  /**
   * Stores a consent in the place of the one `before`, null for none. False, and nothing stored, if what is
   * stored is another by now, or the user is gone.
   */
  replace(before: ConsentRecord | null, after: ConsentRecord, event?: AuthEvent): Promise<boolean>
  /**
   * Withdraws a consent, ends the sessions that the client has of the user, and deletes its codes of the user,
   * in one transaction. False if there is no such consent; sessions and codes end then, too.
   *
   * @param notifies As in `Revocation`. Default none.
   */
  withdraw(
    userId: string,
    clientId: string,
    now: number,
    event?: AuthEvent,
    notifies?: readonly string[],
  ): Promise<boolean>
}
