import type { UserRecord } from '../users/user-store.ts'
import type { OpenIdScopes } from './authorization.ts'

type Claims = Readonly<Record<string, unknown>>

/**
 * The claims of each scope that a user can have (OpenID Connect Core §5.4), by what they are read from.
 * `address` and `phone` are no scopes here, since nobody has their claims.
 */
const claimsOfScope: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  openid: {},
  profile: { preferred_username: ({ username }) => username },
  email: {
    email: ({ email }) => email,
    email_verified: ({ email, emailVerifiedAt }) =>
      email === null ? null : emailVerifiedAt !== null,
  },
  offline_access: {},
}

/** Every scope of OpenID Connect that there can be here. */
const scopeNames: readonly string[] = Object.keys(claimsOfScope)

/** A claim of a user; null for one that the user does not have. */
type Reader = (user: UserRecord) => unknown

/**
 * The scopes of OpenID Connect. Without ID tokens there is no `openid`, and so no scope of claims:
 * `offline_access` alone is left (Core §11).
 */
export function createOpenIdScopes(hasIdTokens: boolean): OpenIdScopes {
  const names = hasIdTokens ? scopeNames : ['offline_access']
  const readers = (scope: string): readonly (readonly [string, Reader])[] =>
    names.includes(scope) ? Object.entries(claimsOfScope[scope] ?? {}) : []

  return {
    names,
    has: (scope) => names.includes(scope),
    claimsOf(user, scopes) {
      const claims = scopes
        .flatMap(readers)
        .map(([name, read]) => [name, read(user)] as const)
        .filter(([, value]) => value !== null)
      return { sub: user.id, ...Object.fromEntries(claims) } satisfies Claims
    },
    claimNames: ['sub', ...names.flatMap(readers).map(([name]) => name)],
  }
}
