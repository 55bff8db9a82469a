import type { Auth } from '../core/auth.ts'
import { jwksMaxAge } from '../core/key-lifecycle.ts'
import { formMaxBytes } from '../http/form.ts'
import { createIntrospectionEndpoint } from '../http/introspection-endpoint.ts'
import { createMetadata, metadataPath } from '../http/metadata.ts'
import { createRevocationEndpoint } from '../http/revocation-endpoint.ts'
import { createTokenEndpoint, type TokenEndpoint } from '../http/token-endpoint.ts'
import { refuseRequest, type TokenAnswer } from '../http/token-messages.ts'

/**
 * Answers a request to an OAuth endpoint, or returns null for any other path.
 *
 * The address is the one that the request comes from, by which failed logins are slowed down: of the
 * connection, or what a proxy of yours says. Undefined for all makes all one source, which then waits
 * together. Rejects only when the server made a mistake, which the caller logs and answers with 500.
 */
export type OAuthHandler = (
  request: Request,
  address: string | undefined,
) => Promise<Response | null>

const paths = {
  token: '/auth/token',
  revocation: '/auth/revoke',
  introspection: '/auth/introspect',
  jwks: '/.well-known/jwks.json',
}

/**
 * Makes a handler of all OAuth endpoints: `/auth/token`, `/auth/revoke`, `/auth/introspect`, the
 * metadata (RFC 8414) and the JWK Set, as the Fastify plugin serves them.
 *
 * A refused request is not logged: subscribe to `auth.events` for what matters.
 */
export function oauthEndpoints(auth: Auth): OAuthHandler {
  const forms = new Map<string, TokenEndpoint>([
    [paths.token, createTokenEndpoint(auth)],
    [paths.revocation, createRevocationEndpoint(auth)],
    [paths.introspection, createIntrospectionEndpoint(auth)],
  ])
  const metadata = metadataPath(auth.issuer)

  return async (request, address) => {
    const { pathname } = new URL(request.url)
    const endpoint = forms.get(pathname)
    if (endpoint) return respond(await answerForm(endpoint, request, address))
    if (request.method !== 'GET') return null
    if (pathname === metadata) return Response.json(createMetadata(auth, paths))
    if (pathname !== paths.jwks) return null
    await auth.keys.update()
    const headers = { 'cache-control': `public, max-age=${jwksMaxAge}` }
    return Response.json(auth.keys.publicJwks, { headers })
  }
}

async function answerForm(
  endpoint: TokenEndpoint,
  request: Request,
  address: string | undefined,
): Promise<TokenAnswer> {
  const { method, headers } = request
  if (method !== 'POST') {
    const refused = refuseRequest(405, 'Use POST')
    return { ...refused, headers: { ...refused.headers, allow: 'POST' } }
  }
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') {
    return refuseRequest(415, 'Send the form without a content encoding')
  }
  const body = await readBody(request)
  if (body === null) {
    return refuseRequest(413, `The body must have at most ${formMaxBytes} bytes`)
  }
  return await endpoint({
    contentType: headers.get('content-type') ?? undefined,
    authorization: headers.get('authorization') ?? undefined,
    userAgent: headers.get('user-agent') ?? undefined,
    body,
    address,
  })
}

/** The bytes of a body, or null if it has more than a form may have: then the rest is not read. */
async function readBody({ body }: Request): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels the stream.
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > formMaxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function respond({ status, headers, body }: TokenAnswer): Response {
  return body === undefined
    ? new Response(null, { status, headers })
    : Response.json(body, { status, headers })
}
