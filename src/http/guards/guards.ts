import { includesPermission } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import {
  type Caller,
  type CallingClient,
  findCallingClient,
} from '../../core/clients/token-client.ts'
import { internals } from '../../core/internals.ts'
import type { ResourceServer } from '../../core/issuers/resource-server.ts'
import { mapAnswer } from '../../core/maybe-promise.ts'
import { requireAuth } from '../../core/require-auth.ts'
import { findUserOfToken } from '../../core/sessions/token-user.ts'
import type { Store } from '../../core/store.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import { userAt } from '../../core/users/suspension.ts'
import { toUser, type User } from '../../core/users/user.ts'
import type { UserFields } from '../../core/users/user-fields.ts'
import { type GuardedRequest, readBearerToken } from '../bearer.ts'
import { BearerError, Forbidden, InactiveUser } from '../refusal.ts'
import { all, refine } from './combinators.ts'
import { acrValuesOf, type FactorStrength, refuseOneFactor } from './factor-strength.ts'
import { refuseToken } from './former-issuer.ts'
import { evaluatorOf, type Guard, guard } from './guard.ts'
import { type RecentLoginOptions, readMaxAge, refuseOldLogin } from './recent-login.ts'

/** The guards of an application. */
export interface Guards<Fields extends UserFields = UserFields> {
  /**
   * The verified access token. Does not check that the user still exists or is active, nor that
   * no other process has just retired the key: for that, take a guard below.
   */
  readonly accessToken: Guard<AccessToken>
  /**
   * The user of the token, read on every request. So a deactivation, a changed role or a new password
   * counts from the next request on. Refuses an inactive user with 403.
   */
  readonly activeUser: Guard<User<Fields>>
  /**
   * The user, active or not: only for a route that must serve deactivated users. A token from before
   * the deactivation has ended with it, and is refused with 403; one from after it passes.
   */
  readonly userEvenIfInactive: Guard<User<Fields>>
  /**
   * An active user who has one of the roles today.
   *
   * Does not look at the token's scopes: a role says who the user is. Use `requirePermission` where
   * a token that was issued for less must be refused.
   *
   * @throws {TypeError} at once, if a role is not configured.
   */
  requireRole(...roles: readonly [string, ...string[]]): Guard<User<Fields>>
  /**
   * An active user whose token has the permissions in its scope, and whose role grants them today.
   * Counterpart of FastAPI's `Security(..., scopes=[...])`; refuses with 403 `insufficient_scope`
   * (RFC 6750 §3.1).
   *
   * @throws {TypeError} at once, if none is given, or one that nothing grants by its name and the option
   * `permissions` does not describe. A role of `*` names none.
   */
  requirePermission(...permissions: readonly [string, ...string[]]): Guard<User<Fields>>
  /**
   * An active user who logged in, or stepped up at `POST /auth/step-up`, within `maxAge` seconds. Else the
   * request is refused with 401 `insufficient_user_authentication` (RFC 9470 §3).
   *
   * Looks at the claim `auth_time` of the token alone, and so costs no read. A token that does not have it,
   * or that is of the future, is refused.
   *
   * @throws {TypeError} at once, if `maxAge` is no whole number of seconds, or below 1.
   */
  requireRecentLogin(options?: RecentLoginOptions): Guard<User<Fields>>
  /**
   * An active user who logged in, or stepped up, with a second factor: `any`, or a `phishing-resistant` one, a
   * passkey that has verified its user. Else the request is refused with 401
   * `insufficient_user_authentication` and `acr_values` (RFC 9470 §3).
   *
   * Looks at the claim `acr` of the token alone, and so costs no read. A token of another issuer has to say
   * `2fa` or `phr` there, too.
   *
   * @throws {TypeError} at once for another kind.
   */
  requireFactor(kind: FactorStrength): Guard<User<Fields>>
  /**
   * A client that acts for itself (RFC 6749 §4.4), read on every request. Refuses a user's token with
   * 403. The guards above are for users, and refuse a client's token in the same way.
   */
  readonly currentClient: Guard<CallingClient>
  /** A client that acts for itself, has the permissions, and whose token does. Throws as above. */
  requireClient(...permissions: readonly [string, ...string[]]): Guard<CallingClient>
  /** The caller, an active user or a client that acts for itself: `kind` says which. */
  readonly currentCaller: Guard<Caller<Fields>>
  /**
   * The same with permissions: what `requirePermission` asks of a user, or `requireClient` of a
   * client. Throws as they do.
   */
  requireCaller(...permissions: readonly [string, ...string[]]): Guard<Caller<Fields>>
}

/**
 * Makes the guards of an application's security, or of a resource server's: the same guards, so that
 * no route knows who issued the token.
 *
 * @throws {TypeError} if `auth` is missing, or a promise that was not awaited.
 */
export function createGuards<Fields extends UserFields = UserFields>(
  auth: Auth<Fields> | ResourceServer,
): Guards<Fields> {
  return makeGuards(auth)
}

/**
 * The same.
 *
 * @param asksFactor False for guards that let users pass whose role demands a second factor, and who have shown
 * none: where they show it. Default true.
 */
export function makeGuards<Fields extends UserFields = UserFields>(
  auth: Auth<Fields> | ResourceServer,
  asksFactor = true,
): Guards<Fields> {
  requireAuth(auth)
  const own = internals in auth ? auth[internals] : undefined
  const accessToken = guard(
    (request) => {
      const token = readBearerToken(request)
      if (token === null) throw new BearerError()
      return mapAnswer(auth.accessTokens.verify(token), (verified) => {
        if (verified === null) throw refuseToken(token, auth)
        return verified
      })
    },
    { authenticates: true, ...(auth.compatibility && { compatibility: auth.compatibility }) },
  )

  const anyUser = refine(accessToken, (token) => {
    if (token.kind === 'client') {
      throw new Forbidden('This needs a user: the token is one that a client has for itself')
    }
    if (token.external) {
      return mapAnswer(auth.issuers.findUser(token), (user) => {
        if (user === null) throw new Forbidden('This identity may not use this service')
        return user as User<Fields>
      })
    }
    if (own === undefined) throw new BearerError('invalid_token')
    return mapAnswer(findUserOfToken(own, token), (user) =>
      // The schema has judged the fields when they were written.
      user === null ? refuse(own.store, token, auth.clock()) : (toUser(user) as User<Fields>),
    )
  })

  const second = asksFactor ? own?.second : null
  const tokenOf = evaluatorOf(accessToken)

  /** The user, unless the role demands a second factor and the login had one alone. */
  const withFactor = (user: User<Fields>, request: GuardedRequest) =>
    second?.isDemandedOf(user.role)
      ? mapAnswer(tokenOf(request), (token) => {
          // The logins of another issuer are its own.
          if (!token.external) refuseOneFactor(token, 'any')
          return user
        })
      : user

  const activeUser = refine(
    anyUser,
    (user, request) => {
      if (!user.active) throw new InactiveUser()
      return withFactor(user, request)
    },
    { conditions: ['an active user'] },
  )

  const currentClient = refine(
    accessToken,
    async (token) => {
      if (token.kind === 'user')
        throw new Forbidden('This needs a client: the token is that of a user')
      const client = await findCallingClient(own, token)
      if (client === null) throw new BearerError('invalid_token')
      return client
    },
    { conditions: ['a client that acts for itself'] },
  )

  const currentCaller = refine(
    accessToken,
    async ({ kind }, request): Promise<Caller<Fields>> =>
      kind === 'client'
        ? { kind, client: await currentClient(request) }
        : { kind, user: await activeUser(request) },
    { conditions: ['an active user, or a client that acts for itself'] },
  )

  function userMay(user: User, token: AccessToken, permission: string): boolean {
    return (
      includesPermission(token.scopes, permission) &&
      // What a token says is all there is to a user who is made of it.
      (token.external?.users === 'token' || auth.roles.grants(user.role, permission))
    )
  }

  /** Refines a guard by permissions, which `may` says of its value one by one. */
  function withPermissions<T>(
    name: string,
    parent: Guard<T>,
    permissions: readonly string[],
    may: (value: T, token: AccessToken, permission: string) => boolean,
  ): Guard<T> {
    // Everybody has every permission of an empty list.
    const unknown = permissions.filter((permission) => !auth.permissions.has(permission))
    if (permissions.length === 0 || unknown.length > 0) {
      throw new TypeError(unknownPermissions(name, unknown, auth))
    }
    return refine(
      all({ value: parent, token: accessToken }),
      ({ value, token }) => {
        if (permissions.every((permission) => may(value, token, permission))) return value
        throw new BearerError('insufficient_scope', permissions)
      },
      { scopes: permissions },
    )
  }

  return {
    accessToken,
    userEvenIfInactive: refine(anyUser, withFactor, { conditions: ['a user'] }),
    activeUser,
    requireRole(...roles) {
      const unknown = roles.filter((role) => !auth.roles.names.includes(role))
      if (roles.length === 0 || unknown.length > 0) {
        throw new TypeError(
          `requireRole takes configured roles (${auth.roles.names.join(', ')}), not: ${unknown.join(', ')}.`,
        )
      }
      return refine(
        activeUser,
        (user) => {
          if (!roles.includes(user.role)) throw new Forbidden()
          return user
        },
        { conditions: [`the role ${roles.join(' or ')}`] },
      )
    },
    requirePermission: (...permissions) =>
      withPermissions('requirePermission', activeUser, permissions, userMay),
    requireRecentLogin(options = {}) {
      const maxAge = readMaxAge(options)
      return refine(
        all({ user: activeUser, token: accessToken }),
        ({ user, token }) => {
          refuseOldLogin(token, maxAge, auth.clock)
          return user
        },
        { maxAge },
      )
    },
    requireFactor(kind) {
      const acrValues = acrValuesOf(kind)
      return refine(
        all({ user: activeUser, token: accessToken }),
        ({ user, token }) => {
          refuseOneFactor(token, kind)
          return user
        },
        { acrValues },
      )
    },
    currentClient,
    requireClient: (...permissions) =>
      withPermissions('requireClient', currentClient, permissions, clientMay),
    currentCaller,
    requireCaller: (...permissions) =>
      withPermissions('requireCaller', currentCaller, permissions, (caller, token, permission) =>
        caller.kind === 'user'
          ? userMay(caller.user, token, permission)
          : clientMay(caller.client, token, permission),
      ),
  }
}

function unknownPermissions(
  name: string,
  unknown: readonly string[],
  { permissions }: Pick<Auth, 'permissions'>,
): string {
  const known = Object.keys(permissions.describe()).join(', ') || 'none yet'
  const not = unknown.map((each) => JSON.stringify(each)).join(', ') || 'none'
  return `${name} takes known permissions (${known}), not: ${not}. Give it to a role, or name it in the option permissions.`
}

function clientMay(client: CallingClient, _token: AccessToken, permission: string): boolean {
  return client.permissions.includes(permission)
}

/** A deactivation and a suspension end every token; its owner is told why, on whatever route. */
async function refuse(store: Store, { claims }: AccessToken, now: number): Promise<never> {
  const owner = await store.users.findById(claims.sub)
  const isShutOut = owner !== null && !userAt(owner, now).active
  throw isShutOut ? new InactiveUser() : new BearerError('invalid_token')
}
