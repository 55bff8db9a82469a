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
import { readBearerToken } from '../bearer.ts'
import { BearerError, Forbidden, InactiveUser } from '../refusal.ts'
import { loginConditions, refuseApiKey, userOfApiKey, verifyApiKey } from './api-keys.ts'
import type { Guards } from './application-guards.ts'
import { all, refine } from './combinators.ts'
import { acrValuesOf, refuseOneFactor } from './factor-strength.ts'
import { refuseToken } from './former-issuer.ts'
import { type Guard, guard } from './guard.ts'
import { readMaxAge, refuseOldLogin } from './recent-login.ts'
import { unknownPermissions } from './unknown-permissions.ts'

export type { Guards } from './application-guards.ts'

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
      if (own?.apiKeys?.isKey(token)) return verifyApiKey(own.apiKeys, token)
      return mapAnswer(auth.accessTokens.verify(token), (verified) => {
        if (verified === null) throw refuseToken(token, auth)
        return verified
      })
    },
    { authenticates: true, ...(auth.compatibility && { compatibility: auth.compatibility }) },
  )

  const bearer = refine<AccessToken, Bearing<User<Fields>>>(accessToken, (token) => {
    if (token.kind === 'client') {
      throw new Forbidden('This needs a user: the token is one that a client has for itself')
    }
    if (token.external) {
      return mapAnswer(auth.issuers.findUser(token), (user) => {
        if (user === null) throw new Forbidden('This identity may not use this service')
        return { value: user as User<Fields>, token }
      })
    }
    if (own === undefined) throw new BearerError('invalid_token')
    if (token.apiKey) return { value: userOfApiKey(own, token) as User<Fields>, token }
    return mapAnswer(findUserOfToken(own, token), (user) =>
      user === null
        ? refuse(own.store, token, auth.clock())
        : // The schema has judged the fields when they were written.
          { value: toUser(user) as User<Fields>, token },
    )
  })

  const second = asksFactor ? own?.second : null

  /** Refuses a user whose role demands a second factor, after a login with one factor. */
  function askFactor({ value: { role }, token }: Bearing<User<Fields>>): void {
    // The logins of another issuer are its own.
    if (second?.isDemandedOf(role) && !token.external) refuseOneFactor(token, 'any')
  }

  const activeBearer = refine(
    bearer,
    (bearing) => {
      if (!bearing.value.active) throw new InactiveUser()
      askFactor(bearing)
      return bearing
    },
    { conditions: ['an active user'] },
  )
  const activeUser = refine(activeBearer, ownValue)

  const hasApiKeys = own !== undefined && own.apiKeys !== null
  const noApiKey = hasApiKeys ? loginConditions : {}
  const loggedInUser = hasApiKeys
    ? refine(
        activeBearer,
        (bearing) => {
          refuseApiKey(bearing.token)
          return ownValue(bearing)
        },
        noApiKey,
      )
    : activeUser

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

  const calling = refine(
    accessToken,
    async (token, request): Promise<Bearing<Caller<Fields>>> => {
      const { kind } = token
      return kind === 'client'
        ? { value: { kind, client: await currentClient(request) }, token }
        : { value: { kind, user: (await activeBearer(request)).value }, token }
    },
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
    parent: Guard<Bearing<T>>,
    permissions: readonly string[],
    may: (value: T, token: AccessToken, permission: string) => boolean,
  ): Guard<T> {
    // Everybody has every permission of an empty list.
    const unknown = permissions.filter((permission) => !auth.permissions.has(permission))
    if (permissions.length === 0 || unknown.length > 0) {
      throw new TypeError(unknownPermissions(name, unknown, auth))
    }
    return refine(
      parent,
      ({ value, token }) => {
        if (permissions.every((permission) => may(value, token, permission))) return value
        throw new BearerError('insufficient_scope', permissions)
      },
      { scopes: permissions },
    )
  }

  return {
    accessToken,
    userEvenIfInactive: refine(
      bearer,
      (bearing) => {
        askFactor(bearing)
        return ownValue(bearing)
      },
      { conditions: ['a user'] },
    ),
    activeUser,
    loggedInUser,
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
      withPermissions('requirePermission', activeBearer, permissions, userMay),
    requireRecentLogin(options = {}) {
      const maxAge = readMaxAge(options)
      return refine(
        activeBearer,
        (bearing) => {
          refuseApiKey(bearing.token)
          const user = ownValue(bearing)
          refuseOldLogin(bearing.token, maxAge, auth.clock)
          return user
        },
        { maxAge, ...noApiKey },
      )
    },
    requireFactor(kind) {
      const acrValues = acrValuesOf(kind)
      return refine(
        activeBearer,
        (bearing) => {
          const user = ownValue(bearing)
          refuseOneFactor(bearing.token, kind)
          return user
        },
        { acrValues },
      )
    },
    currentClient,
    requireClient: (...permissions) =>
      withPermissions(
        'requireClient',
        all({ value: currentClient, token: accessToken }),
        permissions,
        clientMay,
      ),
    currentCaller: refine(calling, ownValue),
    requireCaller: (...permissions) =>
      withPermissions('requireCaller', calling, permissions, (caller, token, permission) =>
        caller.kind === 'user'
          ? userMay(caller.user, token, permission)
          : clientMay(caller.client, token, permission),
      ),
  }
}

/** Who a request comes from, and the token that says so. */
interface Bearing<T> {
  readonly value: T
  readonly token: AccessToken
}

/**
 * Who a request comes from, where the token stands for the user. That of a client of somebody else stands for what
 * its scope names: it passes guards that ask for permissions, and no other.
 */
function ownValue<T>({ value, token }: Bearing<T>): T {
  if (token.claims.third_party === undefined) return value
  throw new Forbidden('This is for the clients of the application itself, not for those of others')
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
