import type { ClientRecord, ClientStore } from './clients/client-store.ts'
import type { AuthEvent, EventStore } from './events/event-store.ts'
import type { SigningKeyStore } from './keys/key-store.ts'
import type { StoreStatistics } from './statistics.ts'
import type { ThrottleStore } from './throttle/throttle-store.ts'

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

/** A page of users, ordered by username. */
export interface UserQuery {
  /** Keep users whose username contains this, compared in canonical form. */
  readonly search?: string
  /** Continue after this username (exclusive). */
  readonly after?: string
  readonly limit: number
}

/** How many users there are. */
export interface UserCounts {
  readonly total: number
  readonly active: number
  readonly byRole: Readonly<Record<string, number>>
}

const conflicts = {
  username_taken: 'The username is taken.',
  client_taken: 'The client id is taken.',
  last_active: 'No active user would be left.',
} as const
/** The link between a user and an identity of another issuer. */
export interface IdentityRecord {
  readonly issuer: string
  /** The `sub` of the issuer's tokens. With the issuer it is unique. */
  readonly subject: string
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
   * Creates a user with this identity, only if it is not linked, in one step: of many requests that
   * see the identity for the first time, one creates the user. False if it is linked.
   * @throws {ConflictError} `username_taken`, and nothing is stored.
   */
  createUser(issuer: string, subject: string, user: UserRecord, event?: AuthEvent): Promise<boolean>
  /** False if the identity is not linked to this user. */
  unlink(userId: string, issuer: string, subject: string, event?: AuthEvent): Promise<boolean>
  /** Oldest first. */
  listByUser(userId: string): Promise<readonly IdentityRecord[]>
}

/** Something that must be unique is taken, or a change would leave a role without an active user. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  readonly code: keyof typeof conflicts

  constructor(code: keyof typeof conflicts, options?: ErrorOptions) {
    super(conflicts[code], options)
    this.code = code
  }
}

/** What ends the tokens of a user who has a new password. */
export interface StampRenewal {
  /** The stamp that was read with the hash. */
  readonly oldSecurityStamp: string
  readonly securityStamp: string
  /** The session that goes on, if it is one of the user's and neither revoked nor of another stamp. */
  readonly keepSession?: string
}

/** A port may answer at once (SQLite, memory) or later (PostgreSQL). */
export type MaybePromise<T> = T | Promise<T>

/**
 * Users at rest. Absent is null; every write is atomic on its own.
 *
 * A write that is given an event, here and below, stores it in the same transaction, if it changes
 * anything: neither is there without the other.
 */
export interface UserStore {
  /** @throws {ConflictError} `username_taken` */
  create(user: UserRecord, event?: AuthEvent): Promise<void>
  /**
   * Creates those of 2000 users at most whose username and id are free; returns their usernames. The
   * event is made of them, if there are any, for the same transaction.
   */
  createMany(
    users: readonly UserRecord[],
    eventOf?: (usernames: readonly string[]) => AuthEvent,
  ): Promise<readonly string[]>
  /** Those of 2000 usernames at most that are taken. */
  takenAmong(usernames: readonly string[]): Promise<readonly string[]>
  /** Creates the user only if no user exists, in one step. False if one does. */
  createFirst(user: UserRecord, event?: AuthEvent): Promise<boolean>
  findById(id: string): MaybePromise<UserRecord | null>
  findByUsername(username: string): MaybePromise<UserRecord | null>
  /** Ordered by username, `limit` at most. */
  list(query: UserQuery): Promise<readonly UserRecord[]>
  counts(): Promise<UserCounts>
  /** Password hashes that are not argon2id, those of the newest users, `limit` at most. */
  importedHashes(limit: number): Promise<readonly string[]>
  /** The ids of the peppers that password hashes are under, each once, however many users there are. */
  pepperIds(): Promise<readonly string[]>
  /**
   * Changes a user and returns the new record, or null if there is none.
   * With `keepOneActiveIn`, the change is refused, in the same step, when the user is active in one
   * of those roles and no other user is.
   * @throws {ConflictError} `last_active`
   */
  update(
    id: string,
    changes: UserChanges,
    keepOneActiveIn?: readonly string[],
    event?: AuthEvent,
  ): Promise<UserRecord | null>
  /**
   * Replaces the hash only if it is still `from` (compare-and-set); null is none. False if it is not.
   * With `renewal`, the stamp too, which ends the user's tokens; `keepSession` goes over to the new
   * stamp in the same step. Then false also if the user is inactive, or the stamp is not the old one
   * any more: a log-out everywhere that came meanwhile must not be undone.
   */
  replacePasswordHash(
    id: string,
    from: string | null,
    to: string,
    renewal?: StampRenewal,
    event?: AuthEvent,
  ): Promise<boolean>
  /** Like `update`, with the same refusal. False if there is no such user. */
  remove(id: string, keepOneActiveIn?: readonly string[], event?: AuthEvent): Promise<boolean>
}

/**
 * One login on one device: the family of all refresh tokens that follow from it (RFC 9700 §4.14.2).
 *
 * It is live while it is not revoked, neither expired nor idle for too long, and its stamp is the
 * stamp of its user, who is active.
 */
export interface SessionRecord {
  /** UUIDv7. The `sid` of its access tokens. */
  readonly id: string
  readonly userId: string
  readonly clientId: string
  /** What the login was granted. A refresh may narrow it for one access token, never widen it. */
  readonly scopes: readonly string[]
  /** The number of the newest refresh token; each refresh adds one. No token itself is stored. */
  readonly generation: number
  /** When the newest refresh token was made. Seconds since 1970, like all instants here. */
  readonly rotatedAt: number
  readonly createdAt: number
  /** Never moved: a session ends then, however it is used. */
  readonly expiresAt: number
  readonly revokedAt: number | null
  /** The user's stamp when the session was opened, or kept alive through a change of password. */
  readonly securityStamp: string
  /** What the client called itself (User-Agent), cut. */
  readonly label: string
  /** The address that it was opened from. */
  readonly address: string
}

/** Who a guarded request comes from, as far as the store knows. */
export interface Subject {
  readonly user: UserRecord
  /** The stamp of the session, or null if it was not asked for, is unknown, revoked or another's. */
  readonly sessionStamp: string | null
  /** The version of the signing keys, see `SigningKeyStore`. */
  readonly keysVersion: number
}

/** The client that a guarded request comes from, as far as the store knows. */
export interface ClientSubject {
  /** Null if there is no such client in the store. */
  readonly client: ClientRecord | null
  /** The version of the signing keys, see `SigningKeyStore`. */
  readonly keysVersion: number
  /** The stamp of the last `revokeAll`; empty while there was none. */
  readonly epoch: string
}

/** The refresh token that was presented, and when a session is still live. Instants in seconds. */
export interface Rotation {
  readonly id: string
  /** The generation of the token that was presented. */
  readonly generation: number
  readonly clientId: string
  readonly now: number
  /** The session must have been used after this instant. */
  readonly idleSince: number
}

/** Sessions at rest. */
export interface SessionStore {
  /** False, and nothing stored, if the user is inactive or has another stamp by now. One step. */
  create(session: SessionRecord, event?: AuthEvent): Promise<boolean>
  find(id: string): MaybePromise<SessionRecord | null>
  /**
   * Moves a live session to its next generation, and returns it, or null if it is not live, of
   * another client, or at another generation. One conditional step: of many presentations of one
   * token, one rotates.
   */
  rotate(rotation: Rotation): Promise<SessionRecord | null>
  /** Ends a session. False if there is none of this id (and user, if given) that is not revoked. */
  revoke(id: string, now: number, userId?: string, event?: AuthEvent): Promise<boolean>
  /**
   * Ends sessions of a registered client, `limit` at most; returns how many. Not those of the
   * first-party client, whose number nothing bounds.
   */
  revokeByClient(clientId: string, now: number, limit: number): Promise<number>
  /** The live sessions of a user, newest first: none revoked, expired, idle or of an old stamp. */
  listByUser(userId: string, now: number, idleSince: number): Promise<readonly SessionRecord[]>
  /** Deletes all sessions of a user but the `keep` most recently used; returns how many. */
  trim(userId: string, keep: number): Promise<number>
  /**
   * Deletes sessions that expired or were revoked before an instant, or were last used before the
   * other, `limit` at most; returns how many.
   */
  prune(endedBefore: number, lastUsedBefore: number, limit: number): Promise<number>
}

/** What Portcullis keeps. One suite of tests, the contract, holds every implementation. */
export interface Store {
  /** The one read of a guarded request: keep it cheap. Null if there is no such user. */
  findSubject(userId: string, sessionId: string | null): MaybePromise<Subject | null>
  /** The same for a request with a client's own token. Never from a cache. */
  findClientSubject(clientId: string): MaybePromise<ClientSubject>
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly identities: IdentityStore
  readonly signingKeys: SigningKeyStore
  readonly throttle: ThrottleStore
  readonly clients: ClientStore
  readonly events: EventStore
  /** Opens the database and brings its tables up to date. Called once, before anything else. */
  open(): Promise<void>
  /**
   * In one step: this stamp for all users and as the epoch, no signing key, and a version of them new
   * to everybody.
   */
  revokeAll(securityStamp: string, now: number, event?: AuthEvent): Promise<true>
  /** Rejects when the store cannot answer now. */
  check(): Promise<void>
  /**
   * 32 bytes, kept apart from the records, that private keys are sealed under. Absent for a store
   * that has no safe place; then the key must be configured.
   */
  keyEncryptionKey?(): Promise<Uint8Array>
  /** What it counts about itself, in this process. Absent where there is nothing to count. */
  statistics?(): StoreStatistics
  close(): Promise<void>
}
