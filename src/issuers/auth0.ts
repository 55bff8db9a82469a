import type { TrustedIssuer } from '../core/issuers/external-issuer.ts'
import { readOptions, type ShapesOf, text, textOrTexts } from '../core/options.ts'
import { audienceOf, listOf, member, namesOf, textOf } from './claims.ts'
import { buildIssuer, type IssuerOptions, issuerShapes, missing } from './define-issuer.ts'

/** What `auth0` takes. */
export interface Auth0Options extends IssuerOptions {
  /** The domain of the tenant, such as `example.eu.auth0.com`, or a custom one. Default: none, if `issuer` is given. */
  readonly domain?: string
  /** Instead of the domain: the `iss` of its tokens, which ends in a slash. Default: made of the domain. */
  readonly issuer?: string
  /** The identifier of the API, or several. */
  readonly audience: string | readonly string[]
  /** A claim into which your action puts role names, such as `https://example.com/roles`. Default none. */
  readonly rolesClaim?: string
}

const owner = { name: 'auth0', example: "{ domain: 'example.eu.auth0.com', audience: 'api' }" }
const shapes: ShapesOf<Auth0Options> = {
  ...issuerShapes,
  domain: text,
  issuer: text,
  audience: textOrTexts,
  rolesClaim: text,
}

/**
 * Accepts the access tokens that Auth0 issues for an API, of its own profile or of RFC 9068's. The
 * `permissions` of its role-based access control, and scopes, go through the table of permissions.
 *
 * @throws {ConfigError}
 */
export function auth0(given: Auth0Options): TrustedIssuer {
  const read = readOptions(given, shapes, owner)
  const { options } = read
  const { domain, audience, rolesClaim } = options
  const issuer = options.issuer ?? (domain ? `https://${domain.replace(/\/$/, '')}/` : '')
  const accepted = listOf(audience)
  const problems = [
    ...missing('audience', audience),
    ...(domain !== undefined && !/^[\w.-]+(:\d+)?\/?$/.test(domain)
      ? ['the domain must be a host name, such as example.eu.auth0.com.']
      : []),
  ]
  return buildIssuer(
    { issuer, audience: accepted },
    {
      name: 'Auth0',
      algorithms: ['RS256', 'PS256'],
      types: ['jwt', 'at+jwt', ''],
      read(claims) {
        const audience = audienceOf(claims)
        // Auth0's own profile has `azp`, RFC 9068's `client_id`. An ID token has neither.
        const clientId = textOf(claims, 'azp') ?? textOf(claims, 'client_id')
        if (!audience?.some((each) => accepted.includes(each)) || clientId === null) return null
        if (member(claims, 'nonce') !== undefined) return null
        // Its user ids have a bar in them: `auth0|…`.
        const isClient =
          member(claims, 'gty') === 'client-credentials' ||
          member(claims, 'sub') === `${clientId}@clients`
        return {
          kind: isClient ? 'client' : 'user',
          audience,
          clientId,
          username: textOf(claims, 'preferred_username') ?? textOf(claims, 'nickname'),
          roles: rolesClaim === undefined ? [] : namesOf(member(claims, rolesClaim)),
          permissions: [
            ...namesOf(member(claims, 'scope')),
            ...namesOf(member(claims, 'permissions')),
          ],
        }
      },
    },
    read,
    problems,
  )
}
