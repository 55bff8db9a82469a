import type { AuthEvent } from '../events/event-store.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { UserRecord } from '../users/user-store.ts'

/** The link between a user and an identity of another issuer. */
export interface IdentityRecord {
  /** The `iss` of the tokens. */
  readonly issuer: string
  /** The `sub` of the issuer's tokens. With the issuer it is unique. */
  readonly subject: string
  /** The user in the store whom the identity belongs to. */
  readonly userId: string
  /** Seconds since 1970. */
  readonly createdAt: number
}

/** Links at rest. They are gone with their user. */
export interface IdentityStore {
  /** The one read of a guarded request with another issuer's token: keep it cheap. */
  findUser(issuer: string, subject: string): MaybePromise<UserRecord | null>
  /** Links an identity that is not linked, in one step. */
  link(identity: IdentityRecord, event?: AuthEvent): Promise<'linked' | 'taken' | 'no_user'>
  /**
   * Creates a user with this identity in one step, only if it is not linked. Of many requests that see
   * the identity for the first time, one creates the user. False if it is linked.
   * @throws {ConflictError} `username_taken`, and nothing is stored.
   */
  createUser(issuer: string, subject: string, user: UserRecord, event?: AuthEvent): Promise<boolean>
  /** False if the identity is not linked to this user. */
  unlink(userId: string, issuer: string, subject: string, event?: AuthEvent): Promise<boolean>
  /** Oldest first. */
  listByUser(userId: string): Promise<readonly IdentityRecord[]>
}
