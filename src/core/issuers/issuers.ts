import { LRUCache } from 'lru-cache'
import type { Roles } from '../access/roles.ts'
import { everyPermission, formatScope } from '../access/scope.ts'
import type { Clock } from '../clock.ts'
import type { AuthEvents } from '../events/events.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { CacheCounts } from '../statistics.ts'
import type { Store } from '../store.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { accessTokenMaxLength } from '../tokens/token-text.ts'
import type { OwnFields } from '../users/own-fields.ts'
import type { User } from '../users/user.ts'
import type { UserFields } from '../users/user-fields.ts'
import { createClaimMapping } from './claim-mapping.ts'
import type { ExternalToken, IssuerStatus, OpenIssuer, TrustedIssuer } from './external-issuer.ts'
import { createExternalUsers, type ExternalUsers } from './external-users.ts'

/** The other issuers whose tokens an application accepts. */
export interface Issuers {
  /** The configured issuers, in their order. */
  readonly trusted: readonly TrustedIssuer[]
  /**
   * Returns the verified token, null if it is not valid, or undefined if its `iss` names none of these
   * issuers. That claim is read before anything is verified, only to choose among the configured
   * issuers. It never leads to a request to a host that the configuration does not name.
   *
   * @throws {UnavailableError} if the keys of the issuer are not known and cannot be fetched.
   */
  verify(token: string): MaybePromise<AccessToken | null> | undefined
  /** The user of such a token, or null if there is none here. Does not check that they are active. */
  findUser(token: AccessToken): MaybePromise<User | null>
  /** How often the signature of one of their tokens was known, and how often it had to be checked. */
  readonly cache: CacheCounts
  /** The state of the keys of each issuer. */
  status(): readonly IssuerStatus[]
  /** Cancels fetches that are under way. */
  close(): void
}

export interface IssuersOptions {
  readonly trusted: readonly TrustedIssuer[]
  readonly roles: Roles
  readonly defaultRole: string
  readonly clock: Clock
  /** Where linked and created users are. Not needed if every issuer makes users of tokens. */
  readonly store?: Store
  /** Where new links and users are recorded, and failed fetches of keys. Given with the store. */
  readonly events?: AuthEvents
  /** The application's own fields of users. Default: users have none. */
  readonly fields?: OwnFields
  /** Those of users who are made of tokens. Default none. */
  readonly defaultFields?: UserFields
}

/** Verified tokens kept, as for our own. */
const cacheSize = 16384
/** Seconds that the clocks of two organisations may differ. */
export const externalClockTolerance = 60

interface Verified {
  readonly accessToken: AccessToken
  readonly issuer: OpenIssuer
  readonly keysVersion: number | null
}

export function createIssuers(options: IssuersOptions): Issuers {
  const { trusted, clock } = options
  const verified = new LRUCache<string, Verified>({ max: cacheSize })
  const cache = { hits: 0, misses: 0 }
  const byIssuer = new Map(trusted.map((issuer) => [issuer.issuer, openIssuer(issuer, options)]))

  async function verifyUncached(issuer: Opened, token: string): Promise<AccessToken | null> {
    cache.misses++
    const external = await issuer.open.verify(token)
    if (external === null) return null
    const accessToken = issuer.translate(external)
    verified.set(token, {
      accessToken,
      issuer: issuer.open,
      keysVersion: issuer.open.keysVersion,
    })
    return accessToken
  }

  return {
    trusted,
    cache,
    verify(token) {
      const known = verified.get(token)
      if (known) {
        const isCurrent =
          known.keysVersion === known.issuer.keysVersion && known.keysVersion !== null
        if (isCurrent) {
          cache.hits++
          if (clock() < known.accessToken.claims.exp + externalClockTolerance) {
            return known.accessToken
          }
          verified.delete(token)
          return null
        }
        verified.delete(token)
      }
      if (token.length > accessTokenMaxLength) return null
      const issuer = byIssuer.get(unverifiedIssuer(token) ?? '')
      return issuer && verifyUncached(issuer, token)
    },
    findUser(token) {
      if (token.kind === 'client') return null
      return byIssuer.get(token.claims.iss)?.users.find(token) ?? null
    },
    status: () =>
      [...byIssuer.values()].map(({ definition: { issuer, name, users }, open }) => ({
        issuer,
        name,
        users,
        ...open.status,
      })),
    close() {
      for (const { open } of byIssuer.values()) open.close()
    },
  }
}

interface Opened {
  readonly definition: TrustedIssuer
  readonly open: OpenIssuer
  readonly users: ExternalUsers
  translate(token: ExternalToken): AccessToken
}

function openIssuer(definition: TrustedIssuer, options: IssuersOptions): Opened {
  const { roles, clock, store, events, fields, defaultFields } = options
  const mapping = createClaimMapping(definition)
  // Undefined means the application's default; null, that there is none.
  const defaultRole =
    definition.defaultRole === undefined ? options.defaultRole : definition.defaultRole

  /** What the token delegates: see `AccessToken.scopes`. */
  function scopesOf(token: ExternalToken, role: string | null): readonly string[] {
    if (token.kind === 'client') {
      // It has no role. Providers tell what a machine may do by scopes or by names of roles: what the
      // table says of either, and nothing without a table.
      const named = mapping.clientPermissionsOf([...token.permissions, ...token.roles])
      return named.filter((permission) => permission !== everyPermission)
    }
    const mapped = mapping.permissionsOf(token.permissions)
    // It stands for what its scope names, and not for its user.
    if (isOfThirdParty(token)) return mapped
    if (definition.users === 'token') {
      return [...new Set([...(role === null ? [] : roles.permissionsOf(role)), ...mapped])]
    }
    // The role of the local user decides; a table of permissions narrows it, as a scope of ours does.
    return mapping.mapsPermissions ? mapped : ['*']
  }

  return {
    definition,
    open: definition.open(clock, ({ message: reason }) => {
      const details = { issuer: definition.issuer }
      void events?.record({ type: 'issuer_keys_failed', actor: 'system', details, reason })
    }),
    users: createExternalUsers({ definition, clock, store, events, fields, defaultFields }),
    translate(token) {
      const { kind } = token
      const role = kind === 'client' ? null : (mapping.roleOf(token.roles) ?? defaultRole)
      const scopes = Object.freeze(scopesOf(token, role))
      const { issuer, subject, username, payload } = token
      return Object.freeze({
        claims: Object.freeze({
          iss: issuer,
          sub: subject,
          aud: Object.freeze([...token.audience]),
          exp: token.expiresAt,
          iat: token.issuedAt,
          jti: token.id,
          client_id: token.clientId,
          scope: formatScope(scopes),
          ...(role !== null && { roles: Object.freeze([role]) }),
          ...(isOfThirdParty(token) && { third_party: true as const }),
        }),
        scopes,
        kind,
        // Theirs, and never looked for among our own keys.
        keyId: '',
        external: Object.freeze({
          issuer,
          subject,
          username,
          roles: Object.freeze([...token.roles]),
          payload,
          role,
          users: definition.users,
        }),
      })
    },
  }
}

/** Whether another Portcullis has issued it to a client of somebody else: see `AccessTokenClaims.third_party`. */
function isOfThirdParty({ payload }: ExternalToken): boolean {
  return payload.third_party === true
}

/** The `iss` that a token names, which nothing has proved. */
function unverifiedIssuer(token: string): string | undefined {
  const start = token.indexOf('.') + 1
  const end = token.indexOf('.', start)
  if (start === 0 || end === -1) return undefined
  try {
    const payload: unknown = JSON.parse(
      Buffer.from(token.slice(start, end), 'base64url').toString('utf8'),
    )
    const { iss } = Object(payload) as { iss?: unknown }
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}
