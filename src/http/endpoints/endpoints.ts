import type { DocumentEndpoint, FormEndpoint } from './endpoint.ts'
import { introspectionEndpoint } from './introspection.ts'
import { jwksEndpoint } from './jwks.ts'
import { metadataEndpoint } from './metadata.ts'
import { revocationEndpoint } from './revocation.ts'
import { tokenEndpoint } from './token.ts'

type EndpointTable = Readonly<
  Record<'token' | 'revocation' | 'introspection', FormEndpoint> &
    Record<'jwks' | 'metadata', DocumentEndpoint>
>

/** Every OAuth endpoint, by name. Fastify, web and Node mount this list. */
export const endpoints: EndpointTable = {
  token: tokenEndpoint,
  revocation: revocationEndpoint,
  introspection: introspectionEndpoint,
  jwks: jwksEndpoint,
  metadata: metadataEndpoint,
}

/** The name of an endpoint. */
export type EndpointName = keyof EndpointTable
