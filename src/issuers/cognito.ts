import type { TrustedIssuer } from '../core/issuers/external-issuer.ts'
import { readOptions, type ShapesOf, text } from '../core/options.ts'
import { audienceOf, listOf, member, namesOf, textOf } from './claims.ts'
import { buildIssuer, type IssuerOptions, issuerShapes, missing } from './define-issuer.ts'

/** What `cognito` takes. */
export interface CognitoOptions extends IssuerOptions {
  /** The region, such as `eu-central-1`. Default: none, if `issuer` is given. */
  readonly region?: string
  /** The user pool, such as `eu-central-1_AbCdEfGhI`. Default: none, if `issuer` is given. */
  readonly userPoolId?: string
  /** Instead of the region and the pool: the `iss` of its tokens. Default: made of them. */
  readonly issuer?: string
  /**
   * The domain of its login pages, such as `example.auth.eu-central-1.amazoncognito.com`, for `/docs`.
   * Default none.
   */
  readonly domain?: string
  /** The app clients whose tokens are accepted: Cognito's access tokens name no audience. */
  readonly clientId: string | readonly string[]
}

/** The domains of Amazon's partitions, by what their regions begin with. */
const partitions = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
] as const

const owner = {
  name: 'cognito',
  example: "{ region: 'eu-central-1', userPoolId: 'eu-central-1_AbCdEfGhI', clientId: '…' }",
}
const shapes: ShapesOf<CognitoOptions> = {
  ...issuerShapes,
  region: text,
  userPoolId: text,
  issuer: text,
  domain: text,
}

/**
 * Accepts the access tokens of an Amazon Cognito user pool. Its groups go through the table of roles,
 * scopes of its resource servers (`server/scope`) through the table of permissions.
 *
 * @throws {ConfigError}
 */
export function cognito(given: CognitoOptions): TrustedIssuer {
  const read = readOptions(given, shapes, owner)
  const { options } = read
  const { region, userPoolId, clientId, domain } = options
  const pool = /^[a-z]{2,4}(-[a-z]+)+-\d$/.test(region ?? '') && /^[\w-]+$/.test(userPoolId ?? '')
  const [, suffix] = partitions.find(([start]) => region?.startsWith(start)) ?? [
    '',
    'amazonaws.com',
  ]
  const issuer = options.issuer ?? `https://cognito-idp.${region}.${suffix}/${userPoolId}`
  const clients = listOf(clientId)
  const problems = [
    ...missing('clientId', clientId),
    ...(domain !== undefined && !/^[\w-]+(\.[\w-]+)+$/.test(domain)
      ? ['the domain must be a host name, such as example.auth.eu-central-1.amazoncognito.com.']
      : []),
    ...(options.issuer === undefined && !pool
      ? [
          'the region and the userPoolId are needed, such as eu-central-1 and eu-central-1_AbCdEfGhI.',
        ]
      : []),
  ]
  return buildIssuer(
    { issuer, ...(domain !== undefined && { loginOrigins: [`https://${domain}`] }) },
    {
      name: 'Cognito',
      algorithms: ['RS256'],
      // Its tokens have no `typ`.
      types: [''],
      read(claims) {
        const client = textOf(claims, 'client_id')
        if (member(claims, 'token_use') !== 'access' || client === null) return null
        if (!clients.includes(client)) return null
        const username = textOf(claims, 'username')
        const isClient = username === null && member(claims, 'sub') === client
        return {
          kind: isClient ? 'client' : 'user',
          audience: audienceOf(claims) ?? [],
          clientId: client,
          username,
          roles: namesOf(member(claims, 'cognito:groups')),
          permissions: namesOf(member(claims, 'scope')),
        }
      },
    },
    read,
    problems,
  )
}
