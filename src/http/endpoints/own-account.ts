import type { OwnRequest } from '../../core/accounts/email-change.ts'
import type { Auth } from '../../core/auth.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import type { User } from '../../core/users/user.ts'
import { all } from '../guards/combinators.ts'
import type { Guard } from '../guards/guard.ts'
import { createGuards } from '../guards/guards.ts'
import { Forbidden } from '../refusal.ts'
import { askingTokenOf } from './asking-user.ts'
import type { JsonOrigin } from './json-endpoint.ts'

/** A user in a session. */
export interface Own {
  readonly user: User
  readonly token: AccessToken
}

/** The user of the token, who is logged in. */
export function self(auth: Auth): Guard<Own> {
  const { loggedInUser, accessToken } = createGuards(auth)
  return all({ user: loggedInUser, token: accessToken })
}

/** The same after a recent login: for what a stolen token alone must not do. */
export function recentSelf(auth: Auth): Guard<Own> {
  const { requireRecentLogin, accessToken } = createGuards(auth)
  return all({ user: requireRecentLogin(), token: accessToken })
}

/** How the refusal of a token without a session is described. */
export const sessionNeeded = { 403: 'The access token belongs to no session' } as const

/** @throws {Forbidden} for a token without a session, to which no code could be bound. */
export function ownRequest({ user, token }: Own, origin: JsonOrigin): OwnRequest {
  const { sid } = token.claims
  if (sid === undefined) throw new Forbidden('This needs a login: the token belongs to no session')
  return { userId: user.id, sessionId: sid, token: askingTokenOf(token), ...origin }
}
