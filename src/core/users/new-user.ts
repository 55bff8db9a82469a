import { v7 as uuidv7 } from 'uuid'
import { checkRole, type Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { Actor } from '../events/events.ts'
import type { StoreTransaction } from '../mail/stored-with.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import type { OwnFields } from './own-fields.ts'
import { newSecurityStamp } from './security-stamp.ts'
import { bareAccount, type User } from './user.ts'
import { userEmailOf } from './user-email.ts'
import type { UserFields } from './user-fields.ts'
import type { UserRecord } from './user-store.ts'
import { canonicalUsername, usernameRule } from './username.ts'

/** A user to be created: with a password, or with the hash that an older system made of one. */
export type NewUser<Fields extends UserFields = UserFields> = {
  /**
   * 1 to 254 letters, digits or ASCII signs, without spaces, from one script. It is stored in lower case
   * and narrow letters: `Alice` and `alice` are one user.
   */
  readonly username: string
  /** Default: the `defaultRole` of `createAuth`. */
  readonly role?: string
  /** The application's own facts, for the schema of `userFields`. Default: the defaults of the schema. */
  readonly fields?: Partial<Fields>
  /** The e-mail address that mails are sent to. Default null: the user has none. */
  readonly email?: string | null
  /**
   * True if you know that the user reads the address. An address that is not verified gives nothing: no
   * login, no reset of the password. Default false.
   */
  readonly emailVerified?: boolean
} & (
  | {
      /** Judged by the policy. Null for a user who cannot log in with a password. */
      readonly password: string | null
      readonly passwordHash?: never
    }
  | {
      /**
       * A hash in any format that `docs/importing-users.md` lists. No policy applies, since the password
       * is unknown. The first good login replaces an outdated hash.
       */
      readonly passwordHash: string
      readonly password?: never
    }
)

/** Statements of your own in the transaction that creates a user: a row of a table beside the user. */
export type Alongside = (transaction: StoreTransaction, user: User) => Promise<void>

/** Who creates a user, and what is stored together with the user. */
export interface CreatedBy extends Actor {
  /**
   * Statements of your own in the same transaction: either all of it is stored, or nothing. It may run
   * twice, and other writes wait for it: run statements, and call nothing of `auth`. What it throws is
   * thrown by `create`. Default: nothing.
   */
  readonly alongside?: Alongside
}

interface PreparerOptions {
  readonly hasher: PasswordHasher
  readonly policy: PasswordPolicy
  readonly roles: Roles
  readonly defaultRole: string
  readonly fields: OwnFields
  readonly clock: Clock
}

/** Makes records of new users, and hashes of new passwords. */
export interface UserPreparer {
  /** @throws {UserError} `password_refused` */
  hashNew(password: string, username: string): Promise<string>
  /**
   * @throws {UserError} `username_invalid`, `email_invalid`, `password_refused`, `password_hash_invalid`,
   * `role_unknown`, `fields_invalid`
   */
  prepare(user: NewUser): Promise<UserRecord>
}

export function createUserPreparer(options: PreparerOptions): UserPreparer {
  const { hasher, policy, roles, defaultRole, fields, clock } = options

  async function hashNew(password: string, username: string): Promise<string> {
    if (typeof password !== 'string') {
      throw new UserError('password_refused', ['The password must be a text.'])
    }
    const problems = await policy.problemsOf(password, username)
    if (problems.length > 0) throw new UserError('password_refused', problems)
    return await hasher.hash(password)
  }

  async function hashOf(user: NewUser, username: string): Promise<string | null> {
    const { password, passwordHash } = user
    if (password !== undefined && passwordHash !== undefined) {
      throw new TypeError('A new user has either a password, which may be null, or a passwordHash.')
    }
    if (passwordHash === undefined) {
      if (password === null) return null
      if (password !== undefined) return await hashNew(password, username)
      throw new UserError('password_refused', ['The password is missing.'])
    }
    const problem =
      typeof passwordHash === 'string'
        ? hasher.problemOf(passwordHash)
        : 'The password hash must be a text.'
    if (problem === null) return passwordHash
    throw new UserError('password_hash_invalid', [problem])
  }

  /** The body may be unvalidated: a value that is no string is refused like a text that is no name. */
  async function prepare(user: NewUser): Promise<UserRecord> {
    const { username, role = defaultRole, fields: given = {}, ...rest } = (user ?? {}) as NewUser
    const canonical = canonicalUsername(username)
    if (canonical === null) {
      throw new UserError('username_invalid', [usernameRule])
    }
    checkRole(roles, role)
    // Before the hash, which costs more.
    const judged = await fields.judge(given)
    const address = userEmailOf(rest, clock())
    return {
      id: uuidv7(),
      username: canonical,
      passwordHash: await hashOf(user, canonical),
      role,
      active: true,
      createdAt: clock(),
      securityStamp: newSecurityStamp(),
      ...bareAccount,
      fields: judged,
      ...address,
    }
  }

  return { hashNew, prepare }
}
