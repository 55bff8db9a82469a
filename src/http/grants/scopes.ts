import { everyPermission, narrowScopes, parseScope } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { OAuthError } from '../../core/errors.ts'
import { internals } from '../../core/internals.ts'
import type { Session } from '../../core/sessions/session-store.ts'
import type { User } from '../../core/users/user.ts'
import type { Parameters } from './grant.ts'

/** What a client may be delegated by a user: what both the client and the role of the user may do. */
export function delegableScopes(
  { roles }: Auth,
  { role }: Pick<User, 'role'>,
  client: Client,
): readonly string[] {
  return narrowScopes(roles.permissionsOf(role), client.scopes ?? [everyPermission])
}

/** True for a session that its user has opened, by browser, for a client of somebody else. */
export function isThirdPartySession(
  { parentId }: Pick<Session, 'parentId'>,
  { firstParty }: Pick<Client, 'firstParty'>,
): boolean {
  return parentId !== null && !firstParty
}

/** True for a scope of OpenID Connect, which is no permission. None is without login by browser. */
export function isOpenIdScope(auth: Auth, scope: string): boolean {
  return auth[internals].hosted?.authorization.scopes.has(scope) ?? false
}

/**
 * What the scopes of a login are today: of its permissions those that the client and the role of the user
 * have still, and its scopes of OpenID Connect, which were granted by consent.
 */
export function scopesToday(
  auth: Auth,
  user: Pick<User, 'role'>,
  client: Client,
  granted: readonly string[],
): readonly string[] {
  const permissions = granted.filter((scope) => !isOpenIdScope(auth, scope))
  return [
    ...granted.filter((scope) => isOpenIdScope(auth, scope)),
    ...narrowScopes(delegableScopes(auth, user, client), permissions),
  ]
}

/**
 * The scopes that a request asks for; none if it asks for none.
 *
 * @param knows Whether a scope that is no permission may be asked for, too. Default: none may.
 */
export function readScope(
  auth: Auth,
  parameters: Parameters,
  knows: (scope: string) => boolean = () => false,
): readonly string[] {
  const requested = parseScope(parameters.get('scope') ?? '')
  if (requested === null) throw new OAuthError('invalid_scope', 'The scope is malformed')
  if (!requested.every((scope) => auth.permissions.has(scope) || knows(scope))) {
    throw new OAuthError('invalid_scope', 'The scope names a permission that does not exist')
  }
  return requested
}

/**
 * As `readScope`, but what is malformed or names nothing is left out, as FastAPI does (RFC 6749 §3.3 lets a
 * server ignore it).
 */
export function readKnownScope(auth: Auth, parameters: Parameters): readonly string[] {
  const requested = new Set(parameters.get('scope')?.split(/\s+/))
  return [...requested].filter((scope) => auth.permissions.has(scope))
}

/**
 * The scopes of a login: those asked for that are granted, or all of them if none is asked for
 * (RFC 6749 §3.3).
 */
export function delegate(
  granted: readonly string[],
  requested: readonly string[],
  refusal: string,
): readonly string[] {
  if (requested.length === 0) return granted
  const scopes = narrowScopes(granted, requested)
  if (scopes.length > 0 || requested.includes(everyPermission)) return scopes
  throw new OAuthError('invalid_scope', refusal)
}
