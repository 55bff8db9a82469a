import type { AuthEvent } from '../events/event-store.ts'
import type { StoredWith } from '../mail/stored-with.ts'
import type { KeptSession } from './kept-session.ts'
import type { UserFields } from './user-fields.ts'

/** A user as stored. */
export interface UserRecord {
  /** UUIDv7. Never reused; the `sub` of the user's tokens. */
  readonly id: string
  /** In canonical form: lower case and narrow letters (RFC 8265 §3.3). Unique. */
  readonly username: string
  /** In any format that `docs/importing-users.md` lists; null when no password is set. */
  readonly passwordHash: string | null
  /** One of the configured roles. */
  readonly role: string
  /** False for a user who cannot log in and whose tokens are refused. */
  readonly active: boolean
  /** Seconds since 1970. */
  readonly createdAt: number
  /**
   * A random value that every token of the user carries. Changing it ends all of them at once.
   * A value, not an instant: two clocks that differ, or two events in one second, cannot mislead it.
   */
  readonly securityStamp: string
  /** The e-mail address, as mails are sent to it; null if there is none. */
  readonly email: string | null
  /** The same in the form that addresses are compared in; null if there is none. */
  readonly emailKey: string | null
  /**
   * When it was proved that the user reads the address; null if it was not. Two users never have the same
   * `emailKey` verified. Seconds since 1970.
   */
  readonly emailVerifiedAt: number | null
  /** The user cannot log in before; null if nobody suspended the user. Seconds since 1970. */
  readonly suspendedUntil: number | null
  /** When the user is to be deleted; null if nobody asked for it. Seconds since 1970. */
  readonly deleteAt: number | null
  /** The application's own facts. */
  readonly fields: UserFields
}

/** The parts of a user that can change. */
export type UserChanges = Partial<Omit<UserRecord, 'id' | 'createdAt'>>

/** A page of users, ordered by username. */
export interface UserQuery {
  /** Keep users whose username or `emailKey` contains this, compared in canonical form. */
  readonly search?: string
  /** Continue after this username (exclusive). */
  readonly after?: string
  /** The most users to return. */
  readonly limit: number
}

/** How many users there are. */
export interface UserCounts {
  /** All users. */
  readonly total: number
  /** Users who may log in. */
  readonly active: number
  /** Users of each role that has any. */
  readonly byRole: Readonly<Record<string, number>>
}

/** What ends the tokens of a user who has a new password. */
export interface StampRenewal {
  /** The stamp that was read with the hash. */
  readonly oldSecurityStamp: string
  /** The new stamp. */
  readonly securityStamp: string
  /** The session that stays open. Default none. */
  readonly keepSession?: KeptSession | undefined
}

/** What comes with the change or the removal of a user. */
export interface GuardedWrite extends StoredWith {
  /**
   * The roles of which one active user must be left who is neither suspended nor to be deleted. Default none.
   */
  readonly keepOneActiveIn?: readonly string[] | undefined
  /**
   * The change is made only if the user has this stamp, and is active. Default: whatever the stamp is. A
   * change that is not made for it answers null or false.
   */
  readonly ifStamp?: string | undefined
  /**
   * The change is made only if the user has these fields, as they were read. Default: whatever they are. A
   * change that is not made for it answers null or false.
   */
  readonly ifFields?: UserFields | undefined
  /**
   * The change is made only if the user's `deleteAt` is at this instant or before. Default: whatever it is. A
   * change that is not made for it answers null or false.
   */
  readonly ifDueBy?: number | undefined
  /** The session that stays open if the change has a new stamp. Only with `ifStamp`. Default none. */
  readonly keepSession?: KeptSession | undefined
}

/** What comes with a new password hash. */
export interface HashReplacement extends StoredWith {
  /** Ends the tokens of the user. Default: they go on. */
  readonly renewal?: StampRenewal | undefined
}

/**
 * Users at rest. Absent is null; every write is atomic on its own.
 *
 * A write that is given an event, here and below, stores it in the same transaction, if it changes
 * anything: neither is there without the other.
 */
export interface UserStore {
  /** @throws {ConflictError} `username_taken`, `email_taken`, `token_ended` */
  create(user: UserRecord, storedWith?: StoredWith): Promise<void>
  /**
   * Takes 2000 users at most, and creates those whose username and id are free. Returns their
   * usernames. The event is made of them, if there are any, for the same transaction.
   */
  createMany(
    users: readonly UserRecord[],
    eventOf?: (usernames: readonly string[]) => AuthEvent,
  ): Promise<readonly string[]>
  /** Those of 2000 usernames at most that are taken. */
  takenAmong(usernames: readonly string[]): Promise<readonly string[]>
  /** Creates the user only if no user exists, in one step. False if one does. */
  createFirst(user: UserRecord, event?: AuthEvent): Promise<boolean>
  /** The user of an id, or null. */
  findById(id: string): Promise<UserRecord | null>
  /** The user of a username in canonical form, or null. */
  findByUsername(username: string): Promise<UserRecord | null>
  /** The user who has verified the address with this `emailKey`, or null. */
  findByEmail(emailKey: string): Promise<UserRecord | null>
  /** Ordered by username, `limit` at most. */
  list(query: UserQuery): Promise<readonly UserRecord[]>
  /** Counts all users. Reads an index, not every row. */
  counts(): Promise<UserCounts>
  /** Password hashes that are not argon2id, of the newest users, `limit` at most. */
  importedHashes(limit: number): Promise<readonly string[]>
  /** The ids of the peppers that password hashes are under, each once, however many users there are. */
  pepperIds(): Promise<readonly string[]>
  /**
   * Changes a user and returns the new record, or null if there is none. With `keepOneActiveIn`, the
   * same step refuses the change if the user is the last active one in these roles.
   * @throws {ConflictError} `last_active`, `username_taken`, `email_taken`, `token_ended`
   */
  update(id: string, changes: UserChanges, options?: GuardedWrite): Promise<UserRecord | null>
  /**
   * Replaces the hash only if it is still `from` (compare-and-set); null is none. False if it is not.
   * With `renewal` it replaces the stamp too, which ends the user's tokens. `keepSession` gets the new
   * stamp in the same step. With `renewal` also false if the user is inactive or no longer has the old
   * stamp: a log-out everywhere that came meanwhile must not be undone.
   * @throws {ConflictError} `token_ended`
   */
  replacePasswordHash(
    id: string,
    from: string | null,
    to: string,
    options?: HashReplacement,
  ): Promise<boolean>
  /** Like `update`, with the same refusal. False if there is no such user. */
  remove(id: string, options?: GuardedWrite): Promise<boolean>
  /** Users whose `deleteAt` is at `now` or before, `limit` at most, the oldest first. */
  dueForDeletion(now: number, limit: number): Promise<readonly UserRecord[]>
}
