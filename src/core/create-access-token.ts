import type { Auth } from './auth.ts'
import { firstPartyClientId } from './clients/registration.ts'
import { internals } from './internals.ts'
import type { Authentication } from './tokens/authentication.ts'
import { tokenStampOf } from './users/security-stamp.ts'
import { recordForToken } from './users/suspension.ts'

/**
 * Issues an access token for a user by id, without a password: for tests, jobs and a command line.
 * It delegates all that the user's role grants, or the given scopes.
 *
 * Does not check that the role grants the scopes: a guard refuses the others.
 *
 * @param authentication What the token says of how and when the user authenticated. Default: nothing, so
 * that `requireRecentLogin` refuses it.
 */
export async function createAccessToken(
  auth: Auth,
  userId: string,
  scopes?: readonly string[],
  authentication?: Authentication,
): Promise<string | null> {
  const { store, accessTokens } = auth[internals]
  const user = await store.users.findById(userId)
  if (user === null) return null
  const { securityStamp } = recordForToken(user, auth.clock())
  const { token } = await accessTokens.issue({
    subject: user.id,
    clientId: firstPartyClientId,
    scopes: scopes ?? auth.roles.permissionsOf(user.role),
    role: user.role,
    endsWith: { userStamp: tokenStampOf(securityStamp) },
    ...(authentication && { authentication }),
  })
  return token
}
