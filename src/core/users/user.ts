import { ConflictError, UserError } from '../errors.ts'
import type { UserRecord } from './user-store.ts'

/** A user as the rest of an application sees one: everything but the secrets. */
export type User = Omit<UserRecord, 'passwordHash' | 'securityStamp'>

/** Leaves out the members that only core may see. */
export function toUser({ id, username, role, active, createdAt }: UserRecord): User {
  return { id, username, role, active, createdAt }
}

/** The user that was looked for. @throws {UserError} `user_unknown` if there is none. */
export function existing<T extends User>(found: T | null): T {
  if (found === null) throw new UserError('user_unknown', ['There is no such user.'])
  return found
}

/** The same of a record, as others may see it. Throws as above. */
export function present(record: UserRecord | null): User {
  return toUser(existing(record))
}

/** Says what a store refused, in words for people. */
export function explainConflict(error: unknown): never {
  if (!(error instanceof ConflictError)) throw error
  throw error.code === 'username_taken'
    ? new UserError('username_taken', ['The username is taken.'], { cause: error })
    : new UserError(
        'last_admin',
        ['This is the last active administrator: make another one first.'],
        { cause: error },
      )
}
