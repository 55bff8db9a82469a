import type { Auth } from '../../core/auth.ts'
import type { Authorization } from '../../core/authorization/authorization.ts'
import { answerDocument } from '../endpoints/endpoint.ts'
import type { EndpointName } from '../endpoints/endpoints.ts'
import type { HostedPlace } from '../endpoints/hosted-endpoints.ts'
import { inserted } from '../endpoints/metadata.ts'
import type { MountedEndpoint } from '../mounted-endpoint.ts'
import { createRegisteredOrigins, readableBy, readableByAll } from './cross-origin.ts'
import { createOpenIdMetadata } from './openid-metadata.ts'
import { userinfoEndpoint, userinfoPath } from './userinfo.ts'

const wellKnown = '/.well-known/openid-configuration'

/**
 * The endpoints that clients of a login by browser ask: the metadata, userinfo, and the endpoints that are
 * there without it, which pages of registered clients may now call. Each takes the place of another at its
 * path.
 */
export function openIdEndpoints(
  auth: Auth,
  authorization: Authorization,
  place: HostedPlace,
): readonly MountedEndpoint[] {
  const { oauth, base } = place
  const allows = createRegisteredOrigins(auth)
  const named = (...names: readonly EndpointName[]): readonly MountedEndpoint[] =>
    names.flatMap((name) => oauth[name])
  const document = answerDocument(async () => ({
    status: 200,
    headers: {},
    body: await createOpenIdMetadata(auth, authorization, place),
  }))
  const metadata = named('metadata').map((each) => ({ ...each, answer: document }))
  // Without ID tokens it is no OpenID Connect, and there is nothing to discover.
  const isOpenId = authorization.idTokens !== null
  const places = new Set(isOpenId ? [base + wellKnown, inserted(auth.issuer, wellKnown)] : [])
  const discovery = [...places].flatMap((path) =>
    path === null ? [] : metadata.slice(0, 1).map((each) => ({ ...each, path })),
  )
  return [
    ...[...metadata, ...discovery, ...named('jwks')].map(readableByAll),
    ...named('token', 'revocation').map((each) => readableBy(allows, each)),
    ...(isOpenId
      ? [readableBy(allows, userinfoEndpoint(auth, authorization.scopes, base + userinfoPath))]
      : []),
  ]
}
