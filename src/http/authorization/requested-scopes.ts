import { everyPermission, narrowScopes, parseScope } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { OpenIdScopes } from '../../core/authorization/authorization.ts'
import type { Client } from '../../core/clients/clients.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { delegableScopes } from '../grants/scopes.ts'
import { mistake, type RequestMistake } from './authorization-error.ts'

/** The scopes of a request, by what grants them. */
export interface RequestedScopes {
  /** By consent, the role of the user and the client together. */
  readonly permissions: readonly string[]
  /** By consent. */
  readonly openIdScopes: readonly string[]
}

/**
 * The scopes that a request asks for. What it does not ask for it does not get: here no scope does not mean all
 * that the role grants, as it does for a login of the application's own (RFC 9700 §2.3).
 */
export function readRequestedScopes(
  auth: Auth,
  openId: OpenIdScopes,
  client: Client,
  scope: string,
): RequestedScopes | RequestMistake {
  const asked = parseScope(scope)
  if (asked === null) return mistake('invalid_scope', 'The scope is malformed')
  const openIdScopes = asked.filter((each) => openId.has(each))
  const permissions = asked.filter((each) => !openId.has(each))
  if (!permissions.every((each) => auth.permissions.has(each))) {
    return mistake('invalid_scope', 'The scope names a permission that does not exist')
  }
  if (permissions.includes(everyPermission) && !client.firstParty) {
    return mistake('invalid_scope', 'This client must name the permissions that it asks for')
  }
  const mayHave = narrowScopes(client.scopes ?? [everyPermission], permissions)
  if (permissions.length > 0 && mayHave.length === 0) {
    return mistake('invalid_scope', 'The client may have nothing of the scope')
  }
  return {
    // `*` is kept: the role of the user says what it is.
    permissions: permissions.includes(everyPermission) ? permissions : mayHave,
    // Core §11: without a refresh token there is nothing that could be used offline.
    openIdScopes: client.grants.includes('refresh_token')
      ? openIdScopes
      : openIdScopes.filter((each) => each !== 'offline_access'),
  }
}

/**
 * What of them a user can grant to the client. Null if the user can grant nothing of what is asked for.
 */
export function grantableScopes(
  auth: Auth,
  user: UserRecord,
  client: Client,
  { permissions, openIdScopes }: RequestedScopes,
): readonly string[] | null {
  const granted = narrowScopes(delegableScopes(auth, user, client), permissions)
  const nothing = permissions.length > 0 && granted.length + openIdScopes.length === 0
  return nothing ? null : [...openIdScopes, ...granted]
}
