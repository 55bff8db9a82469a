import type { Auth } from '../core/auth.ts'
import { internals } from '../core/internals.ts'
import { jwksMaxAge } from '../core/keys/lifecycle.ts'
import { createIntrospectionEndpoint } from '../http/endpoints/introspection.ts'
import { createMetadata, metadataPath } from '../http/endpoints/metadata.ts'
import { createRevocationEndpoint } from '../http/endpoints/revocation.ts'
import { createTokenEndpoint, type TokenEndpoint } from '../http/endpoints/token.ts'
import { formMaxBytes } from '../http/form.ts'
import { refuseRequest } from '../http/token-messages.ts'
import type { Answer } from './answer.ts'

/** What an OAuth endpoint reads of a request, of whatever kind. */
export interface OAuthRequest {
  readonly method: string
  readonly pathname: string
  /** By its name in small letters. */
  readonly header: (name: string) => string | undefined
  readonly body: AsyncIterable<Uint8Array> | null
  readonly address: string | undefined
}

/** Answers a request to an OAuth endpoint, or returns null for any other path. */
export type OAuthAnswers = (request: OAuthRequest) => Promise<Answer | null>

const paths = {
  token: '/auth/token',
  revocation: '/auth/revoke',
  introspection: '/auth/introspect',
  jwks: '/.well-known/jwks.json',
}

export function createOAuthAnswers(auth: Auth): OAuthAnswers {
  const forms = new Map<string, TokenEndpoint>([
    [paths.token, createTokenEndpoint(auth)],
    [paths.revocation, createRevocationEndpoint(auth)],
    [paths.introspection, createIntrospectionEndpoint(auth)],
  ])
  const metadata = metadataPath(auth.issuer)

  return async (request) => {
    const { method, pathname } = request
    const endpoint = forms.get(pathname)
    if (endpoint) return await answerForm(endpoint, request)
    if (method !== 'GET') return null
    if (pathname === metadata)
      return { status: 200, headers: {}, body: createMetadata(auth, paths) }
    if (pathname !== paths.jwks) return null
    await auth[internals].keys.update()
    const headers = { 'cache-control': `public, max-age=${jwksMaxAge}` }
    return { status: 200, headers, body: auth[internals].keys.publicJwks }
  }
}

async function answerForm(endpoint: TokenEndpoint, request: OAuthRequest): Promise<Answer> {
  const { method, header, address } = request
  if (method !== 'POST') {
    const refused = refuseRequest(405, 'Use POST')
    return { ...refused, headers: { ...refused.headers, allow: 'POST' } }
  }
  if ((header('content-encoding') ?? 'identity') !== 'identity') {
    return refuseRequest(415, 'Send the form without a content encoding')
  }
  const body = await readBody(request.body)
  if (body === null) {
    return refuseRequest(413, `The body must have at most ${formMaxBytes} bytes`)
  }
  return await endpoint({
    contentType: header('content-type'),
    authorization: header('authorization'),
    userAgent: header('user-agent'),
    body,
    address,
  })
}

/** The bytes of a body, or null if it has more than a form may have: then the rest is not read. */
async function readBody(body: AsyncIterable<Uint8Array> | null): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels a web stream.
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > formMaxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
