import { checkRole, type Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import { type Actor, type AuthEvents, actorOf, type NewEvent } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import type { NewMail } from '../mail/outbox-store.ts'
import type { StoreTransaction } from '../mail/stored-with.ts'
import { type PageQuery, withLimit } from '../page.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import type { Store } from '../store.ts'
import { createFieldsChanger } from './fields-change.ts'
import type { Login } from './login.ts'
import { type Alongside, createUserPreparer, type NewUser } from './new-user.ts'
import type { OwnFields } from './own-fields.ts'
import { newSecurityStamp } from './security-stamp.ts'
import { existing, explainConflict, present, toUser, type User } from './user.ts'
import type { UserFields } from './user-fields.ts'
import {
  createUserImporter,
  type ImportCounts,
  type ImportOptions,
  type ImportSource,
} from './user-import.ts'
import type { UserChanges, UserCounts, UserQuery, UserRecord } from './user-store.ts'
import { createUserUpdater } from './user-update.ts'
import { canonicalUsername, foldUsername } from './username.ts'

/** What a user sends for a new password. */
export interface PasswordChange {
  /** The password that the user has now. */
  readonly oldPassword: string
  /** Must pass the password policy. */
  readonly newPassword: string
  /** The address of the request. Wrong old passwords are counted by it. */
  readonly address: string | undefined
  /** What the program calls itself (`User-Agent`), for the notice. Default unknown. */
  readonly userAgent?: string | undefined
  /** The id of the session that stays. Default: every session ends. */
  readonly keepSession?: string
  /** The id of the request, for the event. Default none. */
  readonly requestId?: string | undefined
}

/**
 * Creates and changes users. Every refusal is a `UserError` that says what to do.
 *
 * A change is stored together with its event, or not at all. `by` is who makes it, for the event.
 *
 * Does not check the caller: guard the route.
 */
export interface Users<Fields extends UserFields = UserFields> {
  /**
   * Creates an active user.
   *
   * @throws {UserError} `username_invalid`, `username_taken`, `password_refused`,
   * `password_hash_invalid`, `role_unknown`, `fields_invalid`
   */
  create(
    user: NewUser<Fields>,
    by?: Actor & {
      /**
       * Statements of your own in the same transaction: either all of it is stored, or nothing. It may run
       * twice, and other writes wait for it: run statements, and call nothing of `auth`. What it throws is
       * thrown by `create`. Default: nothing.
       */
      readonly alongside?: Alongside
    },
  ): Promise<User<Fields>>
  /** Creates the first user, or returns null if there is a user already. Throws like `create`. */
  createFirst(user: NewUser<Fields>, by?: Actor): Promise<User<Fields> | null>
  /** The user of an id, active or not; null if there is none. */
  find(id: string): Promise<User<Fields> | null>
  /** The user of a name, in upper or lower case, wide or narrow letters; null if there is none. */
  findByUsername(username: string): Promise<User<Fields> | null>
  /**
   * Users ordered by username, `limit` at most. `search` and `after` are as in `UserQuery`.
   *
   * @throws {RangeError} if the limit is no whole number, or below 1.
   */
  list(query?: PageQuery<UserQuery>): Promise<readonly User<Fields>[]>
  /** How many users there are: all, active, and by role. */
  counts(): Promise<UserCounts>
  /** Counts from the user's next request on. @throws {UserError} `user_unknown`, `role_unknown`, `last_admin` */
  changeRole(id: string, role: string, by?: Actor): Promise<User<Fields>>
  /**
   * Replaces the user's own fields. The schema of `userFields` judges them. What it names and you leave out
   * gets its default.
   *
   * @throws {UserError} `fields_invalid`, `user_unknown`
   */
  setFields(id: string, fields: Partial<Fields>, by?: Actor): Promise<User<Fields>>
  /**
   * Changes the members that are given, and keeps the others. The schema judges all of them together. Two
   * changes at once are both made. An empty change gives the user the defaults of new members.
   *
   * @throws {UserError} `fields_invalid`, `user_unknown`
   */
  updateFields(id: string, changes: Partial<Fields>, by?: Actor): Promise<User<Fields>>
  /** Ends every token of the user at once. @throws {UserError} `user_unknown`, `last_admin` */
  deactivate(id: string, by?: Actor): Promise<User<Fields>>
  /** The user can log in again; earlier tokens stay ended. @throws {UserError} `user_unknown` */
  reactivate(id: string, by?: Actor): Promise<User<Fields>>
  /** Ends the waits and the lock that failed attempts brought. @throws {UserError} `user_unknown` */
  unlock(id: string, by?: Actor): Promise<User<Fields>>
  /**
   * Ends every token of the user at once, and every wait for failed attempts.
   *
   * @throws {UserError} `user_unknown`, `password_refused`
   */
  setPassword(id: string, password: string, by?: Actor): Promise<User<Fields>>
  /**
   * Sets a new password after checking the old one. Ends every token and session but `keepSession`.
   *
   * @throws {UserError} `password_incorrect`, `password_refused`, `user_unknown`
   * @throws {ThrottledError} if too many attempts with a wrong old password came before.
   */
  changePassword(id: string, change: PasswordChange): Promise<User<Fields>>
  /** Logs the user out everywhere: ends every token and session. @throws {UserError} `user_unknown` */
  endSessions(id: string, by?: Actor): Promise<User<Fields>>
  /** Deletes the user, with every session. @throws {UserError} `user_unknown`, `last_admin` */
  remove(id: string, by?: Actor): Promise<void>
  /**
   * Creates the users of an older system, batch by batch, with the hashes of their passwords. Wrong
   * entries are refused one by one. Taken usernames are skipped, or updated on request. So repeat an
   * import that was interrupted.
   *
   * @throws {UserError} `role_unknown` if the default role of the import is.
   */
  importUsers(source: ImportSource, options?: ImportOptions): Promise<ImportCounts>
}

export interface UsersOptions {
  readonly store: Store
  readonly hasher: PasswordHasher
  readonly policy: PasswordPolicy
  readonly login: Login
  readonly events: AuthEvents
  readonly notices: Notices
  readonly roles: Roles
  readonly defaultRole: string
  readonly fields: OwnFields
  readonly clock: Clock
}

export function createUsers(options: UsersOptions): Users {
  const { store, login, events, notices, roles, fields } = options
  const { users } = store
  const { hashNew, prepare } = createUserPreparer(options)

  async function change(
    id: string,
    changes: UserChanges,
    happening: Omit<NewEvent, 'userId'>,
    mails: readonly NewMail[] = [],
  ): Promise<User> {
    const demotes =
      changes.active === false ||
      (changes.role !== undefined && !roles.administrative.includes(changes.role))
    const keep = demotes ? roles.administrative : undefined
    const changed = await events
      .recordWith({ ...happening, userId: id }, (event) =>
        users.update(id, changes, { keepOneActiveIn: keep, event, mails }),
      )
      .catch(explainConflict)
    if (mails.length > 0) notices.wake()
    return present(changed)
  }

  return {
    async create(user, { alongside, ...by } = {}) {
      const record = await prepare(user)
      const storedWith = alongside && {
        alongside: (transaction: StoreTransaction) => alongside(transaction, toUser(record)),
      }
      await events
        .recordWith(creationOf(record, by), (event) =>
          users.create(record, { event, ...storedWith }),
        )
        .catch(explainConflict)
      return toUser(record)
    },
    async createFirst(user, by) {
      // Spares the hash at every start of an application that makes sure of its first user.
      if ((await users.list({ limit: 1 })).length > 0) return null
      const record = await prepare(user)
      const created = await events.recordWith(creationOf(record, by), (event) =>
        users.createFirst(record, event),
      )
      return created ? toUser(record) : null
    },
    async find(id) {
      const record = await users.findById(id)
      return record && toUser(record)
    },
    async findByUsername(username) {
      const canonical = canonicalUsername(username)
      const record = canonical === null ? null : await users.findByUsername(canonical)
      return record && toUser(record)
    },
    async list(query) {
      const page = withLimit(query)
      const { search } = page
      const folded = search === undefined ? page : { ...page, search: foldUsername(search) }
      return (await users.list(folded)).map(toUser)
    },
    counts: () => users.counts(),
    changeRole,
    ...createFieldsChanger({ store, events, fields }),
    deactivate: (id, by) => setActive(id, false, by),
    // A new stamp: a token that was issued while the user was inactive must not come alive.
    reactivate: (id, by) => setActive(id, true, by),
    async unlock(id, by) {
      const user = present(await users.findById(id))
      await events.recordWith({ ...by, type: 'authn_login_unlock', userId: id }, (event) =>
        login.unlock(user.username, event),
      )
      return user
    },
    async setPassword(id, password, by) {
      const user = existing(await users.findById(id))
      const passwordHash = await hashNew(password, user.username)
      await login.unlock(user.username)
      const changes = { passwordHash, securityStamp: newSecurityStamp() }
      const mails = notices.of('password_changed', user, by)
      return await change(id, changes, { ...by, type: 'authn_password_change' }, mails)
    },
    async changePassword(id, change) {
      const { oldPassword, newPassword, address, userAgent, keepSession, requestId } = change
      const before = await users.findById(id)
      const { username } = present(before)
      const by = { actor: actorOf({ userId: id }), address, requestId }
      const user = await login.authenticate({
        username,
        password: oldPassword,
        ...by,
        purpose: 'password change',
      })
      if (user?.id !== id) {
        throw new UserError('password_incorrect', ['The old password is not right.'])
      }
      const passwordHash = await hashNew(newPassword, username)
      const { passwordHash: oldHash } = user
      const renewal = {
        // Of before the hashes, which take long enough for much to happen.
        oldSecurityStamp: before?.securityStamp ?? '',
        securityStamp: newSecurityStamp(),
        ...(keepSession && { keepSession }),
      }
      // Compare-and-set: a password that an administrator set meanwhile stays, and so do a deactivation
      // and a log-out everywhere.
      const replaced =
        oldHash !== null &&
        (await events.recordWith({ ...by, type: 'authn_password_change', userId: id }, (event) =>
          users.replacePasswordHash(id, oldHash, passwordHash, {
            renewal,
            event,
            mails: notices.of('password_changed', user, { address, userAgent }),
          }),
        ))
      if (!replaced) {
        throw new UserError('password_incorrect', [
          'The account was changed meanwhile: log in and try again.',
        ])
      }
      notices.wake()
      return toUser(user)
    },
    endSessions: (id, by) =>
      change(id, { securityStamp: newSecurityStamp() }, { ...by, type: 'sessions_ended' }),
    async remove(id, by) {
      const removed = await events
        .recordWith({ ...by, type: 'user_deleted', userId: id }, (event) =>
          users.remove(id, { keepOneActiveIn: roles.administrative, event }),
        )
        .catch(explainConflict)
      if (!removed) present(null)
    },
    importUsers: createUserImporter({
      ...options,
      updateUser: createUserUpdater({ store, events, changeRole, setActive }),
    }),
  }

  async function changeRole(id: string, role: string, by?: Actor): Promise<User> {
    checkRole(roles, role)
    const type = 'privilege_permissions_changed'
    const user = existing(await users.findById(id))
    const mails = user.role === role ? [] : notices.of('role_changed', user, by, { role })
    return await change(id, { role }, { ...by, type, details: { role } }, mails)
  }

  function setActive(id: string, active: boolean, by?: Actor): Promise<User> {
    const changes = { active, securityStamp: newSecurityStamp() }
    return change(id, changes, { ...by, type: 'user_updated', details: { active } })
  }
}

function creationOf({ id, role }: UserRecord, by?: Actor): NewEvent {
  return { ...by, type: 'user_created', userId: id, details: { role } }
}
