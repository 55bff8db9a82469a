import type { Roles } from '../access/roles.ts'
import type { AuthEvents, NewEvent } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import type { Store } from '../store.ts'
import { explainConflict, present, type User } from './user.ts'
import type { GuardedWrite, UserChanges } from './user-store.ts'

export interface UserChangerOptions {
  readonly store: Store
  readonly events: AuthEvents
  readonly notices: Notices
  readonly roles: Roles
}

/**
 * Changes a user together with the event of it. Refuses to leave no active administrator.
 *
 * @throws {UserError} `user_unknown`, `last_admin`, `username_taken`, `email_taken`
 */
export type ChangeUser = (
  id: string,
  changes: UserChanges,
  happening: Omit<NewEvent, 'userId'>,
  options?: Omit<GuardedWrite, 'event' | 'keepOneActiveIn'>,
) => Promise<User>

export function createUserChanger({
  store: { users },
  events,
  notices,
  roles,
}: UserChangerOptions): ChangeUser {
  return async (id, changes, happening, options = {}) => {
    const demotes =
      changes.active === false ||
      typeof changes.suspendedUntil === 'number' ||
      (changes.role !== undefined && !roles.administrative.includes(changes.role))
    const keep = demotes ? roles.administrative : undefined
    const changed = await events
      .recordWith({ ...happening, userId: id }, (event) =>
        users.update(id, changes, { ...options, keepOneActiveIn: keep, event }),
      )
      .catch(explainConflict)
    if (options.mails?.length) notices.wake()
    return present(changed)
  }
}
