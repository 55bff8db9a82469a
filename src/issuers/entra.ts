import type { TrustedIssuer } from '../core/issuers/external-issuer.ts'
import { anything, readOptions, type ShapesOf, text, textOrTexts } from '../core/options.ts'
import { audienceOf, listOf, member, namesOf, textOf } from './claims.ts'
import { buildIssuer, type IssuerOptions, issuerShapes, missing } from './define-issuer.ts'

/** What `entra` takes. */
export interface EntraOptions extends IssuerOptions {
  /** The directory (tenant) id, a GUID. Not `common`: a token is of one tenant. */
  readonly tenantId: string
  /** The `aud` of its tokens: the application (client) id of the API, or its `api://` URI. */
  readonly audience: string | readonly string[]
  /** The version of its tokens, `requestedAccessTokenVersion` of the API's manifest. Default 2. */
  readonly version?: 1 | 2
}

const guid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

const owner = { name: 'entra', example: "{ tenantId: '…', audience: 'api://…' }" }
const shapes: ShapesOf<EntraOptions> = {
  ...issuerShapes,
  tenantId: text,
  audience: textOrTexts,
  version: anything,
}

/**
 * Accepts the access tokens of a Microsoft Entra tenant. App roles go through the table of roles, and
 * the scopes of `scp` through the table of permissions.
 *
 * @throws {ConfigError}
 */
export function entra(given: EntraOptions): TrustedIssuer {
  const read = readOptions(given, shapes, owner)
  const { options } = read
  const { tenantId, audience, version = 2 } = options
  const accepted = listOf(audience)
  const problems = [
    ...missing('audience', audience),
    ...(guid.test(tenantId) ? [] : ['the tenantId must be a GUID, in small letters.']),
    ...(version === 1 || version === 2 ? [] : ['the version must be 1 or 2.']),
  ]
  const authority = `https://login.microsoftonline.com/${tenantId}`
  const metadata = '/.well-known/openid-configuration'
  const place =
    version === 1
      ? {
          issuer: `https://sts.windows.net/${tenantId}/`,
          discoveryUrls: [`${authority}${metadata}`],
        }
      : { issuer: `${authority}/v2.0`, discoveryUrls: [`${authority}/v2.0${metadata}`] }
  return buildIssuer(
    { ...place, audience: accepted },
    {
      name: 'Entra',
      algorithms: ['RS256'],
      types: ['jwt', 'at+jwt'],
      read(claims) {
        const audience = audienceOf(claims)
        const isOurs = audience?.some((each) => accepted.includes(each))
        if (!isOurs || member(claims, 'tid') !== tenantId) return null
        if (member(claims, 'ver') !== `${version}.0`) return null
        // An ID token has no client (`azp`, `appid`), and nothing is delegated by it (`scp`); one of
        // an API that logs in to itself has the same audience.
        const clientId = textOf(claims, version === 1 ? 'appid' : 'azp')
        const scopes = namesOf(member(claims, 'scp'))
        const roles = namesOf(member(claims, 'roles'))
        if (clientId === null || (scopes.length === 0 && roles.length === 0)) return null
        if (member(claims, 'nonce') !== undefined) return null
        // `idtyp` is an optional claim. What is delegated by a user has an `scp`.
        const type = member(claims, 'idtyp')
        const isClient = type === undefined ? scopes.length === 0 : type === 'app'
        return {
          kind: isClient ? 'client' : 'user',
          audience: audience ?? [],
          clientId,
          username:
            textOf(claims, 'preferred_username') ??
            textOf(claims, 'upn') ??
            textOf(claims, 'unique_name'),
          // Groups are GUIDs.
          roles: [...roles, ...namesOf(member(claims, 'groups'))],
          permissions: scopes,
        }
      },
    },
    read,
    problems,
  )
}
