import type { TrustedIssuer } from '../core/issuers/external-issuer.ts'
import { readOptions, type ShapesOf, text, textOrTexts } from '../core/options.ts'
import { audienceOf, type Claims, listOf, member, namesOf, textOf } from './claims.ts'
import { buildIssuer, type IssuerOptions, issuerShapes } from './define-issuer.ts'

/** What `keycloak` takes. */
export interface KeycloakOptions extends IssuerOptions {
  /** The URL of the realm, such as `https://sso.example.com/realms/staff`. */
  readonly issuer: string
  /**
   * What the `aud` must name. Keycloak puts it there by an audience mapper; without one, give the
   * `clientId` that tokens must be issued to (`azp`). At least one of the two.
   * Default none.
   */
  readonly audience?: string | readonly string[]
}

const owner = {
  name: 'keycloak',
  example: "{ issuer: 'https://sso.example.com/realms/staff', audience: 'api' }",
}
const shapes: ShapesOf<KeycloakOptions> = {
  ...issuerShapes,
  issuer: text,
  audience: textOrTexts,
}

/**
 * Accepts the access tokens of a Keycloak realm. Realm roles go through the table of roles by their
 * name, roles of a client as `client:role`.
 *
 * @throws {ConfigError}
 */
export function keycloak(given: KeycloakOptions): TrustedIssuer {
  const read = readOptions(given, shapes, owner)
  const { options } = read
  const accepted = listOf(options.audience)
  const problems = [
    ...(accepted.length === 0 && listOf(options.clientId).length === 0
      ? ['the audience or the clientId is missing: every client of the realm could call.']
      : []),
    ...(accepted.includes('') ? ['the audience must not be empty.'] : []),
  ]
  return buildIssuer(
    { issuer: options.issuer, audience: accepted },
    {
      name: 'Keycloak',
      algorithms: [
        'RS256',
        'RS384',
        'RS512',
        'PS256',
        'PS384',
        'PS512',
        'ES256',
        'ES384',
        'ES512',
        'EdDSA',
      ],
      types: ['jwt', 'at+jwt'],
      read(claims) {
        // `ID`, `Refresh`, `Logout` and `DPoP` are others.
        if (member(claims, 'typ') !== 'Bearer') return null
        const audience = audienceOf(claims) ?? []
        const clientId = textOf(claims, 'azp')
        if (clientId === null) return null
        if (accepted.length > 0 && !audience.some((each) => accepted.includes(each))) return null
        const kind = kindOf(claims, clientId)
        if (kind === null) return null
        return {
          kind,
          audience,
          clientId,
          username: textOf(claims, 'preferred_username'),
          roles: [
            ...namesOf(member(member(claims, 'realm_access'), 'roles')),
            ...clientRoles(member(claims, 'resource_access')),
          ],
          permissions: namesOf(member(claims, 'scope')),
        }
      },
    },
    read,
    problems,
  )
}

/**
 * Keycloak has a user for each client that acts for itself, `service-account-<client>`, and names the
 * client again in such a token. Null for a token with that username alone, which a person may have chosen
 * at registration. It gives neither a client nor a user.
 */
function kindOf(claims: Claims, clientId: string): 'user' | 'client' | null {
  // Usernames are in small letters there.
  const name = `service-account-${clientId}`.toLowerCase()
  if (member(claims, 'preferred_username') !== name) return 'user'
  const named = member(claims, 'client_id') ?? member(claims, 'clientId')
  return named === clientId ? 'client' : null
}

/** Clients whose roles are read of one token. */
const clientsMax = 100

function clientRoles(access: unknown): readonly string[] {
  if (typeof access !== 'object' || access === null) return []
  return Object.keys(access)
    .slice(0, clientsMax)
    .flatMap((client) =>
      namesOf(member(member(access, client), 'roles')).map((role) => `${client}:${role}`),
    )
}
