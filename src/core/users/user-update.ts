import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../errors.ts'
import type { Actor, AuthEvents } from '../events/events.ts'
import type { Store } from '../store.ts'
import { newSecurityStamp } from './security-stamp.ts'
import type { UserEmail } from './user-email.ts'
import type { UserFields } from './user-fields.ts'
import type { UserChanges, UserRecord } from './user-store.ts'

/** What an entry of an import may say of a user who is there. */
export interface NamedFields {
  readonly passwordHash?: string | null | undefined
  readonly role?: string | undefined
  readonly active?: boolean | undefined
  readonly fields?: UserFields | undefined
}

/** What an entry comes to for a user who is there. */
export interface UserUpdate {
  readonly changes: Pick<
    UserChanges,
    'role' | 'active' | 'passwordHash' | 'fields' | keyof UserEmail
  >
  /** The entry has another hash, and the user's was made here. */
  readonly passwordKept: boolean
}

/**
 * Returns what an entry names that is another way now.
 *
 * A hash that was made here, by a new password or by a login that renewed an old hash, stays: the file
 * knows an older password. Those of argon2id are taken for such. An address that the user has stays too:
 * the entry gives one to a user who has none, or says that it is verified.
 */
export function updateOf(
  stored: UserRecord,
  { role, active, fields, ...entry }: NamedFields,
  address: UserEmail,
): UserUpdate {
  const passwordHash = entry.passwordHash || null
  const differs = passwordHash !== null && passwordHash !== stored.passwordHash
  const passwordKept = differs && stored.passwordHash?.startsWith('$argon2id$') === true
  return {
    changes: {
      ...(role !== undefined && role !== stored.role && { role }),
      ...(active !== undefined && active !== stored.active && { active }),
      ...(differs && !passwordKept && { passwordHash }),
      ...(isNews(stored, address) && emailOf(address)),
      ...(fields && differ(stored.fields, fields) && { fields: { ...stored.fields, ...fields } }),
    },
    passwordKept,
  }
}

function isNews(stored: UserRecord, { emailKey, emailVerifiedAt }: UserEmail): boolean {
  if (emailKey === null) return false
  if (stored.emailKey === null) return true
  return stored.emailKey === emailKey && stored.emailVerifiedAt === null && emailVerifiedAt !== null
}

function differ(stored: UserFields, fields: UserFields): boolean {
  return Object.entries(fields).some(([name, value]) => !isDeepStrictEqual(stored[name], value))
}

function emailOf({ email, emailKey, emailVerifiedAt }: UserEmail): UserEmail {
  return { email, emailKey, emailVerifiedAt }
}

export interface UserUpdaterOptions {
  readonly store: Store
  readonly events: AuthEvents
  changeRole(id: string, role: string, by?: Actor): Promise<unknown>
  setActive(id: string, active: boolean, by?: Actor): Promise<unknown>
  updateFields(id: string, changes: UserFields, by?: Actor): Promise<unknown>
  setEmail(
    id: string,
    email: string,
    options: { readonly verified: boolean },
    by?: Actor,
  ): Promise<unknown>
}

/** Makes the changes of an update, each with its event; returns why they could not be made, or null. */
export type UpdateUser = (
  stored: UserRecord,
  update: UserUpdate,
  by?: Actor,
) => Promise<string | null>

export function createUserUpdater(options: UserUpdaterOptions): UpdateUser {
  const { store, events, changeRole, setActive, setEmail, updateFields } = options

  /** False if another call has changed the hash meanwhile. */
  async function replaceHash(stored: UserRecord, passwordHash: string, by?: Actor) {
    const { id, passwordHash: old } = stored
    const now = await store.users.findById(id)
    // Ends the tokens of the old password. An inactive user has none.
    const renewal = now?.active && {
      oldSecurityStamp: now.securityStamp,
      securityStamp: newSecurityStamp(),
    }
    return await events.recordWith({ ...by, type: 'authn_password_change', userId: id }, (event) =>
      store.users.replacePasswordHash(id, old, passwordHash, {
        renewal: renewal || undefined,
        event,
      }),
    )
  }

  return async (stored, { changes }, by) => {
    const { role, active, passwordHash, email, emailVerifiedAt, fields } = changes
    try {
      if (email)
        await setEmail(
          stored.id,
          email,
          { verified: emailVerifiedAt !== undefined && emailVerifiedAt !== null },
          by,
        )
      if (fields) await updateFields(stored.id, fields, by)
      if (role !== undefined) await changeRole(stored.id, role, by)
      if (active !== undefined) await setActive(stored.id, active, by)
      const isReplaced = !passwordHash || (await replaceHash(stored, passwordHash, by))
      return isReplaced ? null : 'The user was changed meanwhile: import the entry again.'
    } catch (error) {
      if (error instanceof UserError) return error.message
      throw error
    }
  }
}
