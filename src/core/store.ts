import type { SigningAlgorithm } from './signing-key.ts'

/** A user as stored. */
export interface UserRecord {
  /** UUIDv7. Never reused; the `sub` of the user's tokens. */
  readonly id: string
  /** Canonical form, see username.ts. Unique. */
  readonly username: string
  /** A PHC string or a foreign format that password-hash.ts reads; null when no password is set. */
  readonly passwordHash: string | null
  readonly role: string
  readonly active: boolean
  /** Seconds since 1970. */
  readonly createdAt: number
  /**
   * A random value that every token of the user carries. Changing it ends all of them at once.
   * A value, not an instant: two clocks that differ, or two events in one second, cannot mislead it.
   */
  readonly securityStamp: string
}

/** The parts of a user that can change. */
export type UserChanges = Partial<
  Pick<UserRecord, 'passwordHash' | 'role' | 'active' | 'securityStamp'>
>

export interface UserQuery {
  /** Keep users whose username contains this, compared in canonical form. */
  readonly search?: string
  /** Continue after this username (exclusive). */
  readonly after?: string
  readonly limit: number
}

export interface UserCounts {
  readonly total: number
  readonly active: number
  readonly byRole: Readonly<Record<string, number>>
}

/** Something that must be unique is taken, or a change would leave a role without an active user. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly code: 'username_taken' | 'last_active'

  constructor(code: 'username_taken' | 'last_active', options?: ErrorOptions) {
    super(code === 'username_taken' ? 'The username is taken.' : 'No active user would be left.', {
      ...options,
    })
    this.code = code
  }
}

/** A port may answer at once (SQLite, memory) or later (PostgreSQL). */
export type MaybePromise<T> = T | Promise<T>

/** Users at rest. Absent is null; every write is atomic on its own. */
export interface UserStore {
  /** @throws {ConflictError} `username_taken` */
  create(user: UserRecord): Promise<void>
  /** Creates the user only if no user exists, in one step. False if one does. */
  createFirst(user: UserRecord): Promise<boolean>
  /** The one read of a guarded request: keep it cheap. */
  findById(id: string): MaybePromise<UserRecord | null>
  findByUsername(username: string): MaybePromise<UserRecord | null>
  /** Ordered by username, `limit` at most. */
  list(query: UserQuery): Promise<readonly UserRecord[]>
  counts(): Promise<UserCounts>
  /**
   * Changes a user and returns the new record, or null if there is none.
   *
   * With `keepOneActiveIn`, the change is refused, in the same step, when the user is active in one
   * of those roles and no other user is.
   *
   * @throws {ConflictError} `last_active`
   */
  update(
    id: string,
    changes: UserChanges,
    keepOneActiveIn?: readonly string[],
  ): Promise<UserRecord | null>
  /**
   * Replaces the hash, and the stamp if one is given, only if the hash is still `from`
   * (compare-and-set). False if it is not.
   */
  replacePasswordHash(
    id: string,
    from: string,
    to: string,
    securityStamp?: string,
  ): Promise<boolean>
  /** Like `update`, with the same refusal. False if there is no such user. */
  remove(id: string, keepOneActiveIn?: readonly string[]): Promise<boolean>
}

/** A signing key at rest. */
export interface SigningKeyRecord {
  /** The JWK thumbprint (RFC 7638), the `kid` of its tokens. */
  readonly id: string
  readonly algorithm: SigningAlgorithm
  /** The private JWK, sealed; see sealed-box.ts. */
  readonly sealedPrivateKey: string
  /** Seconds since 1970. */
  readonly createdAt: number
}

export interface SigningKeyStore {
  /** All keys, newest first. */
  list(): Promise<readonly SigningKeyRecord[]>
  /**
   * Stores the key only if there is none of its algorithm, in one step, so that of several
   * processes starting at once one makes the key. False if there is one.
   */
  createFirst(key: SigningKeyRecord): Promise<boolean>
}

/** What Portcullis keeps. `stores/contract.ts` is the suite that every implementation must pass. */
export interface Store {
  readonly users: UserStore
  readonly signingKeys: SigningKeyStore
  /** Opens the database and brings its tables up to date. Called once, before anything else. */
  open(): Promise<void>
  /** Rejects when the store cannot answer now. */
  check(): Promise<void>
  /**
   * 32 bytes, kept apart from the records, that private keys are sealed under. Absent for a store
   * that has no safe place; then the key must be configured.
   */
  keyEncryptionKey?(): Promise<Uint8Array>
  close(): Promise<void>
}
