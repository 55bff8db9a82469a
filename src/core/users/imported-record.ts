import { v7 as uuidv7, validate as validateUuid } from 'uuid'
import type { Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import { UserError } from '../errors.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import { emailRule, readEmail } from './email.ts'
import type { OwnFields } from './own-fields.ts'
import { newSecurityStamp } from './security-stamp.ts'
import { bareAccount } from './user.ts'
import type { UserFields } from './user-fields.ts'
import type { UserRecord } from './user-store.ts'
import { canonicalUsername, usernameRule } from './username.ts'

/** A user of an older system. */
export interface ImportedUser {
  /** Stored in lower case and narrow letters. */
  readonly username: string
  /** In any format that `docs/importing-users.md` lists. Default null: no login with a password. */
  readonly passwordHash?: string | null | undefined
  /** Default: the `role` of the import. */
  readonly role?: string | undefined
  /** Default true. */
  readonly active?: boolean | undefined
  /** Seconds since 1970. Default now. */
  readonly createdAt?: number | undefined
  /** Kept if it is a UUID. Default: a new one, as for any other text. */
  readonly id?: string | undefined
  /** Default null: the user has no address. */
  readonly email?: string | null | undefined
  /** True if the older system knows that the user reads the address. Default false. */
  readonly emailVerified?: boolean | undefined
  /** The user cannot log in before. Seconds since 1970. Default: not suspended. */
  readonly suspendedUntil?: number | undefined
  /** The application's own fields, for the schema of `userFields`. Default: the defaults of the schema. */
  readonly fields?: UserFields | undefined
}

export interface RecordMakerOptions {
  readonly hasher: PasswordHasher
  readonly roles: Roles
  readonly fields: OwnFields
  readonly clock: Clock
}

/** Makes records of imported users: the record of a user, or why there can be none. */
export function createRecordMaker({
  hasher,
  roles,
  fields,
  clock,
}: RecordMakerOptions): (user: ImportedUser, defaultRole: string) => Promise<UserRecord | string> {
  return async (user, defaultRole) => {
    const { role = defaultRole, active = true, createdAt = clock() } = user
    const username = canonicalUsername(user.username)
    if (username === null) return usernameRule
    if (!roles.names.includes(role)) return `The role must be one of: ${roles.names.join(', ')}.`
    if (!Number.isSafeInteger(createdAt) || createdAt < 0) {
      return 'The time of creation must be after 1970.'
    }
    const { suspendedUntil = 0 } = user
    if (!Number.isSafeInteger(suspendedUntil) || suspendedUntil < 0) {
      return 'The end of the suspension must be after 1970.'
    }
    const passwordHash = user.passwordHash || null
    const problem = passwordHash === null ? null : hasher.problemOf(passwordHash)
    if (problem !== null) return problem
    const address = user.email ? readEmail(user.email) : undefined
    if (address === null) return emailRule
    const judged = await judge(fields, user.fields)
    if (typeof judged === 'string') return judged
    const id = user.id !== undefined && validateUuid(user.id) ? user.id.toLowerCase() : uuidv7()
    return {
      id,
      username,
      passwordHash,
      role,
      active,
      createdAt,
      securityStamp: newSecurityStamp(),
      ...bareAccount,
      fields: judged,
      suspendedUntil: user.suspendedUntil ?? null,
      ...(address && {
        email: address.email,
        emailKey: address.key,
        emailVerifiedAt: user.emailVerified ? clock() : null,
      }),
    }
  }
}

/** The fields as the schema has them, or why there are none. */
async function judge(own: OwnFields, given: UserFields = {}): Promise<UserFields | string> {
  try {
    return await own.judge(given)
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}
