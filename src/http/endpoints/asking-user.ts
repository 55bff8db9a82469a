import type { Auth } from '../../core/auth.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import type { AskingToken } from '../../core/tokens/authentication.ts'
import type { User } from '../../core/users/user.ts'
import { all } from '../guards/combinators.ts'
import type { Guard } from '../guards/guard.ts'
import { makeGuards } from '../guards/guards.ts'
import { Forbidden } from '../refusal.ts'

/** Who authenticates again. */
export interface Asking {
  readonly user: User
  readonly token: AccessToken
}

/** Users too whose role demands a second factor, and who have not shown it: it is shown here. */
export function askingUser(auth: Auth): Guard<Asking> {
  const { loggedInUser, accessToken } = makeGuards(auth, false)
  return all({ user: loggedInUser, token: accessToken })
}

/** What a token says of its session. */
export function askingTokenOf({ claims: { iat, auth_time = 0 } }: AccessToken): AskingToken {
  return { issuedAt: iat, authenticatedAt: auth_time }
}

/** The session of a token. @throws {Forbidden} for a token without one */
export function sessionOf({ claims: { sid }, external }: AccessToken): string {
  if (sid !== undefined && !external) return sid
  throw new Forbidden('This needs a login here: the token belongs to no session')
}
