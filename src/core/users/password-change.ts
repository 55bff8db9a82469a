import { UserError } from '../errors.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import type { Notices } from '../mail/notices.ts'
import type { Store } from '../store.ts'
import type { AskingToken } from '../tokens/authentication.ts'
import type { Login } from './login.ts'
import type { UserPreparer } from './new-user.ts'
import { newSecurityStamp } from './security-stamp.ts'
import { present, toUser, type User } from './user.ts'

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
  /**
   * What the access token that asks says. If that session is no longer as it says, it ends too. Default: the session
   * may be anything.
   */
  readonly token?: AskingToken | undefined
  /** The id of the request, for the event. Default none. */
  readonly requestId?: string | undefined
}

export interface PasswordChangerOptions extends Pick<UserPreparer, 'hashNew'> {
  readonly store: Store
  readonly login: Login
  readonly events: AuthEvents
  readonly notices: Notices
}

/** Changes a password whose owner knows the old one; see `Users.changePassword`. */
export function createPasswordChanger({
  store,
  login,
  events,
  notices,
  hashNew,
}: PasswordChangerOptions): (id: string, change: PasswordChange) => Promise<User> {
  return async (id, change) => {
    const { oldPassword, newPassword, keepSession, token, address, userAgent, requestId } = change
    const before = await store.users.findById(id)
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
      ...(keepSession !== undefined && { keepSession: { id: keepSession, token } }),
    }
    // Compare-and-set: a password that an administrator set meanwhile stays, and so do a deactivation
    // and a log-out everywhere.
    const replaced =
      oldHash !== null &&
      (await events.recordWith({ ...by, type: 'authn_password_change', userId: id }, (event) =>
        store.users.replacePasswordHash(id, oldHash, passwordHash, {
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
  }
}
