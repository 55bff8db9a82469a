import { checkRole, type Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Actor, AuthEvents, NewEvent } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import type { AddressDigests } from '../mail/one-time-secret.ts'
import type { StoreTransaction } from '../mail/stored-with.ts'
import { type PageQuery, withLimit } from '../page.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import type { Store } from '../store.ts'
import { readEmail } from './email.ts'
import { createFieldsChanger, type FieldsChanger } from './fields-change.ts'
import type { Login } from './login.ts'
import { type CreatedBy, createUserPreparer, type NewUser } from './new-user.ts'
import type { OwnFields } from './own-fields.ts'
import { createPasswordChanger, type PasswordChange } from './password-change.ts'
import { newSecurityStamp } from './security-stamp.ts'
import { createEmailSetter } from './set-email.ts'
import { checkSuspension } from './suspension.ts'
import { existing, explainConflict, present, toUser, type User } from './user.ts'
import { createUserChanger } from './user-change.ts'
import { isAnothersAddress, requireOwnAddress } from './user-email.ts'
import type { UserFields } from './user-fields.ts'
import {
  createUserImporter,
  type ImportCounts,
  type ImportOptions,
  type ImportSource,
} from './user-import.ts'
import type { UserCounts, UserQuery, UserRecord } from './user-store.ts'
import { createUserUpdater } from './user-update.ts'
import { canonicalUsername, foldUsername, usernameRule } from './username.ts'

/**
 * Creates and changes users. Every refusal is a `UserError` that says what to do.
 *
 * A change is stored together with its event, or not at all. `by` is who makes it, for the event.
 *
 * Does not check the caller: guard the route.
 */
export interface Users<Fields extends UserFields = UserFields> extends FieldsChanger<Fields> {
  /**
   * Creates an active user. A username that is an address which another user has verified is taken.
   *
   * @throws {UserError} `username_invalid`, `username_taken`, `email_invalid`, `email_taken`,
   * `password_refused`, `password_hash_invalid`, `role_unknown`, `fields_invalid`
   */
  create(user: NewUser<Fields>, by?: CreatedBy): Promise<User<Fields>>
  /** Creates the first user, or returns null if there is a user already. Throws like `create`. */
  createFirst(user: NewUser<Fields>, by?: Actor): Promise<User<Fields> | null>
  /** The user of an id, active or not; null if there is none. */
  find(id: string): Promise<User<Fields> | null>
  /** The user of a name, in upper or lower case, wide or narrow letters; null if there is none. */
  findByUsername(username: string): Promise<User<Fields> | null>
  /** The user who has verified an address, however it is written; null if there is none. */
  findByEmail(email: string): Promise<User<Fields> | null>
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
  /** Ends every token of the user at once. @throws {UserError} `user_unknown`, `last_admin` */
  deactivate(id: string, by?: Actor): Promise<User<Fields>>
  /** The user can log in again; earlier tokens stay ended. @throws {UserError} `user_unknown` */
  reactivate(id: string, by?: Actor): Promise<User<Fields>>
  /**
   * Gives the user another name. Sessions and tokens stay valid, and so does the password.
   *
   * A name with an `@` must be the verified address of the user: where people log in, it would be read
   * as somebody else's address.
   *
   * @throws {UserError} `user_unknown`, `username_invalid`, `username_taken`
   */
  rename(id: string, username: string, by?: Actor): Promise<User<Fields>>
  /**
   * Sets the e-mail address, or removes it with null. Ends every token and session of the user, and every
   * link that was mailed. `verified` says that the user is known to read it. Default: not verified.
   *
   * @throws {UserError} `user_unknown`, `email_invalid`, `email_taken` if another user has verified it.
   */
  setEmail(
    id: string,
    email: string | null,
    options?: { readonly verified?: boolean | undefined },
    by?: Actor,
  ): Promise<User<Fields>>
  /**
   * Refuses the user until an instant, as a deactivation does, and ends every token at once. The user can
   * log in again afterwards without anybody's help.
   *
   * @param until Seconds since 1970.
   * @throws {UserError} `user_unknown`, `last_admin`, `suspension_invalid` if it is not in the future.
   */
  suspend(id: string, until: number, by?: Actor): Promise<User<Fields>>
  /** Ends a suspension before its time; earlier tokens stay ended. @throws {UserError} `user_unknown` */
  resume(id: string, by?: Actor): Promise<User<Fields>>
  /** Ends the waits and the locks that failed logins and wrong second factors brought. @throws {UserError} `user_unknown` */
  unlock(id: string, by?: Actor): Promise<User<Fields>>
  /**
   * Ends every token and API key of the user at once, and every wait for failed attempts.
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
  /**
   * Logs the user out everywhere: ends every token and session.
   *
   * @param keepSession The id of a live session of the user that stays. Default: none does.
   * @throws {UserError} `user_unknown`, also if the user was logged out everywhere meanwhile
   */
  endSessions(id: string, by?: Actor, keepSession?: string): Promise<User<Fields>>
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
  /** The digest under which one-time tokens know an address. */
  readonly addressDigestsOf: AddressDigests
  /** Ends the waits of second factors, if there are any. */
  readonly unlockFactors?: ((id: string) => Promise<void>) | undefined
  readonly roles: Roles
  readonly defaultRole: string
  readonly fields: OwnFields
  readonly clock: Clock
}

export function createUsers(options: UsersOptions): Users {
  const { store, login, events, notices, roles, fields, clock } = options
  const { users } = store
  const { hashNew, prepare } = createUserPreparer(options)
  const change = createUserChanger(options)
  const setEmail = createEmailSetter({ ...options, change })
  const fieldsChanger = createFieldsChanger({ store, events, fields })

  return {
    async create(user, { alongside, ...by } = {}) {
      const record = await prepare(user)
      const storedWith = alongside && {
        alongside: (transaction: StoreTransaction) => alongside(transaction, toUser(record)),
      }
      if (await isAnothersAddress(store, record.username)) throw usernameTaken()
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
    async findByEmail(email) {
      const address = readEmail(email)
      const record = address && (await users.findByEmail(address.key))
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
    ...fieldsChanger,
    deactivate: (id, by) => setActive(id, false, by),
    // A new stamp: a token that was issued while the user was inactive must not come alive.
    reactivate: (id, by) => setActive(id, true, by),
    async rename(id, username, by) {
      const user = existing(await users.findById(id))
      const canonical = canonicalUsername(username)
      if (canonical === null) throw new UserError('username_invalid', [usernameRule])
      if (canonical === user.username) return toUser(user)
      requireOwnAddress(canonical, user)
      const renamed = await change(id, { username: canonical }, { ...by, type: 'username_changed' })
      // What strangers tried by either name concerns this user no more.
      for (const name of [user.username, canonical]) await login.unlock(name)
      return renamed
    },
    setEmail,
    async suspend(id, until, by) {
      checkSuspension(until, clock())
      const changes = { suspendedUntil: until, securityStamp: newSecurityStamp() }
      const details = { suspended_until: until }
      return await change(id, changes, { ...by, type: 'user_updated', details })
    },
    resume: (id, by) =>
      change(
        id,
        { suspendedUntil: null, securityStamp: newSecurityStamp() },
        { ...by, type: 'user_updated', details: { suspended: false } },
      ),
    async unlock(id, by) {
      const user = present(await users.findById(id))
      const unlocked = { ...by, type: 'authn_login_unlock', userId: id } as const
      await events.recordWith(unlocked, (event) => login.unlock(user.username, event))
      await options.unlockFactors?.(id)
      return user
    },
    async setPassword(id, password, by) {
      const user = existing(await users.findById(id))
      const passwordHash = await hashNew(password, user.username)
      await login.unlock(user.username)
      const changes = { passwordHash, securityStamp: newSecurityStamp() }
      const mails = notices.of('password_changed', user, by)
      return await change(
        id,
        changes,
        { ...by, type: 'authn_password_change' },
        { mails, endsApiKeysOf: id },
      )
    },
    changePassword: createPasswordChanger({ store, login, events, notices, hashNew }),
    async endSessions(id, by, keepSession) {
      const changes = { securityStamp: newSecurityStamp() }
      const ended = { ...by, type: 'sessions_ended' } as const
      if (keepSession === undefined) return await change(id, changes, ended)
      const { securityStamp: ifStamp } = existing(await users.findById(id))
      return await change(id, changes, ended, { ifStamp, keepSession: { id: keepSession } })
    },
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
      updateUser: createUserUpdater({
        ...{ store, events, changeRole, setActive, setEmail },
        updateFields: fieldsChanger.updateFields,
      }),
    }),
  }

  async function changeRole(id: string, role: string, by?: Actor): Promise<User> {
    checkRole(roles, role)
    const type = 'privilege_permissions_changed'
    const user = existing(await users.findById(id))
    const mails = user.role === role ? [] : notices.of('role_changed', user, by, { role })
    return await change(id, { role }, { ...by, type, details: { role } }, { mails })
  }

  function setActive(id: string, active: boolean, by?: Actor): Promise<User> {
    const changes = { active, securityStamp: newSecurityStamp() }
    return change(id, changes, { ...by, type: 'user_updated', details: { active } })
  }
}

function usernameTaken(): UserError {
  return new UserError('username_taken', ['The username is taken.'])
}

function creationOf({ id, role }: UserRecord, by?: Actor): NewEvent {
  return { ...by, type: 'user_created', userId: id, details: { role } }
}
