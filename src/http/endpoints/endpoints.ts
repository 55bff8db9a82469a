import type { DocumentEndpoint, FormEndpoint } from './endpoint.ts'
import { introspectionEndpoint } from './introspection.ts'
import type { JsonEndpoint } from './json-endpoint.ts'
import { jwksEndpoint } from './jwks.ts'
import { metadataEndpoint } from './metadata.ts'
import { revocationEndpoint } from './revocation.ts'
import { stepUpEndpoint } from './step-up.ts'
import { tokenEndpoint } from './token.ts'

type EndpointTable = Readonly<
  Record<'token' | 'revocation' | 'introspection', FormEndpoint> &
    Record<'jwks' | 'metadata', DocumentEndpoint> &
    Record<'stepUp', JsonEndpoint>
>

/** Every endpoint of the library, by name. Fastify, web and Node mount this list. */
export const endpoints: EndpointTable = {
  token: tokenEndpoint,
  revocation: revocationEndpoint,
  introspection: introspectionEndpoint,
  stepUp: stepUpEndpoint,
  jwks: jwksEndpoint,
  metadata: metadataEndpoint,
}

/** The name of an endpoint. */
export type EndpointName = keyof EndpointTable
