import type { StoredWith } from '../mail/stored-with.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { UserRecord } from '../users/user-store.ts'

/** An API key as stored. */
export interface ApiKeyRecord {
  /** UUIDv7. */
  readonly id: string
  /** SHA-256 of the key, in base64url. Unique. */
  readonly digest: string
  /** The user whom it belongs to. */
  readonly userId: string
  /** For people to read. */
  readonly name: string
  /** The permissions that it has, as far as the role of the user grants them. */
  readonly scopes: readonly string[]
  /** Seconds since 1970. */
  readonly createdAt: number
  /** The key is refused from then on. Seconds since 1970. */
  readonly expiresAt: number
  /** When it was last used, 10 minutes coarse; null if it was not. Seconds since 1970. */
  readonly lastUsedAt: number | null
  /** True if nobody is to be told any more that it will expire. */
  readonly expiryTold: boolean
}

/** What the one read of a guarded request with an API key yields. */
export interface ApiKeySubject {
  /** The key as stored. */
  readonly key: ApiKeyRecord
  /** The user whom it belongs to. */
  readonly user: UserRecord
  /** The version of the signing keys, see `SigningKeyStore`. */
  readonly keysVersion: number
}

/** What must be true for a key to be stored. */
export interface ApiKeyCondition {
  /** The user is active, and has this stamp: else it was asked for by somebody who was logged out meanwhile. */
  readonly securityStamp: string
  /** The user has fewer keys than this. */
  readonly most: number
}

/**
 * API keys at rest. They go with their user. A change of a user that has `endsApiKeysOf` ends them, and so
 * does `revokeAll`.
 */
export interface ApiKeyStore {
  /** False, and nothing stored, if the condition is not true. Checked in the same step. */
  create(key: ApiKeyRecord, condition: ApiKeyCondition, storedWith?: StoredWith): Promise<boolean>
  /**
   * The one read of a guarded request with a key: keep it cheap. Never from a cache. Null if there is no
   * such key. An expired one is found, and so is that of an inactive user.
   */
  findSubject(digest: string): MaybePromise<ApiKeySubject | null>
  /** The keys of a user, expired ones too, in the order of their ids. */
  listByUser(userId: string): Promise<readonly ApiKeyRecord[]>
  /** Sets `lastUsedAt`, unless it is at `since` or after. False if it is, or there is no such key. */
  touch(id: string, now: number, since: number): Promise<boolean>
  /** Ends a key of a user. False if the user has no such key. */
  remove(userId: string, id: string, storedWith?: StoredWith): Promise<boolean>
  /**
   * Keys that expire from `from` until `until` (inclusive) whose owners were not told, `limit` at most, the
   * next to expire first.
   */
  expiring(from: number, until: number, limit: number): Promise<readonly ApiKeyRecord[]>
  /** Sets `expiryTold`. False if it is set, or there is no such key. */
  tellExpiry(id: string, storedWith?: StoredWith): Promise<boolean>
  /** Deletes keys that expired before an instant, `limit` at most; returns how many. */
  prune(expiredBefore: number, limit: number): Promise<number>
}
