import type { TrustedIssuer } from '../core/issuers/external-issuer.ts'
import { readOptions, type ShapesOf, text, textOrTexts } from '../core/options.ts'
import { audienceOf, listOf, member, namesOf, textOf } from './claims.ts'
import { buildIssuer, type IssuerOptions, issuerShapes, missing } from './define-issuer.ts'

/** What `rfc9068` takes. */
export interface Rfc9068Options extends IssuerOptions {
  /** The `iss` of its tokens, exactly. */
  readonly issuer: string
  /** The identifier of this API, or several. */
  readonly audience: string | readonly string[]
}

const owner = { name: 'rfc9068', example: "{ issuer: 'https://sso.example.com', audience: 'api' }" }
const shapes: ShapesOf<Rfc9068Options> = {
  ...issuerShapes,
  issuer: text,
  audience: textOrTexts,
}

/**
 * Accepts access tokens after RFC 9068, of any issuer. Their `roles` and `groups` (§2.2.3.1) go
 * through the table of roles, `scope` and `entitlements` through the table of permissions.
 *
 * @throws {ConfigError}
 */
export function rfc9068(given: Rfc9068Options): TrustedIssuer {
  const read = readOptions(given, shapes, owner)
  const { options } = read
  const accepted = listOf(options.audience)
  return buildIssuer(
    { issuer: options.issuer, audience: accepted },
    {
      name: 'OpenIDConnect',
      algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'],
      // §4: this is what tells it from an ID token.
      types: ['at+jwt'],
      read(claims) {
        const audience = audienceOf(claims)
        const clientId = textOf(claims, 'client_id')
        const isWhole = clientId !== null && textOf(claims, 'jti') !== null
        if (!audience?.some((each) => accepted.includes(each)) || !isWhole) return null
        return {
          // §2.2: without a user the `sub` is the client.
          kind: member(claims, 'sub') === clientId ? 'client' : 'user',
          audience,
          clientId,
          username: textOf(claims, 'preferred_username'),
          roles: [...namesOf(member(claims, 'roles')), ...namesOf(member(claims, 'groups'))],
          permissions: [
            ...namesOf(member(claims, 'scope')),
            ...namesOf(member(claims, 'entitlements')),
          ],
        }
      },
    },
    read,
    missing('audience', options.audience),
  )
}
