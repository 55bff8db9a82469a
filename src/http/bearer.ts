import type { IncomingHttpHeaders } from 'node:http'
import { BearerError } from './refusal.ts'

/** What a guard sees of a request. Fastify's, Node's and the web's all fit. */
export interface GuardedRequest {
  /** The web's `Headers`, or those of `node:http`. */
  readonly headers: Headers | IncomingHttpHeaders
  /** The header lines as received, where the framework keeps them: Node drops repeated ones. */
  readonly rawHeaders?: readonly string[]
  /** Where Fastify keeps Node's own request. */
  readonly raw?: { readonly rawHeaders?: readonly string[] }
}

// RFC 6750 §2.1: "Bearer" 1*SP b64token. The scheme is case-insensitive (RFC 9110 §11.1).
const bearerGrammar = /^bearer +([\w.~+/-]+=*) *$/i
const bearerScheme = /^bearer(?: |$)/i

/**
 * Returns the token of a request's Authorization header, or null if the header is absent, is of
 * another scheme, or has the scheme alone. Tokens elsewhere (query, body, cookies) are never read.
 *
 * Does not check the token.
 *
 * @throws {BearerError} `invalid_request` (400) for two headers; `invalid_token` (401) for what cannot be a
 * token: RFC 6750 §3.1 counts a malformed token so, and clients log in again at 401 alone.
 */
export function readBearerToken(request: GuardedRequest): string | null {
  const header = readAuthorization(request)
  if (header === undefined) return null
  const token = bearerGrammar.exec(header)?.[1]
  if (token !== undefined) return token
  if (!bearerScheme.test(header)) return null
  if (header.slice('bearer'.length).trim() === '') return null
  // Two headers that were joined read like this.
  throw new BearerError(header.includes(',') ? 'invalid_request' : 'invalid_token')
}

function readAuthorization(request: GuardedRequest): string | undefined {
  const { headers } = request
  if (typeof headers.get === 'function') return headers.get('authorization') ?? undefined
  // Node keeps the first of two Authorization headers and drops the other, while a proxy before us
  // may have believed the second: a request that says two things is refused.
  const rawHeaders = request.rawHeaders ?? request.raw?.rawHeaders
  if (rawHeaders !== undefined && isRepeated('authorization', rawHeaders)) {
    throw new BearerError('invalid_request')
  }
  return (headers as { authorization?: string }).authorization
}

function isRepeated(name: string, rawHeaders: readonly string[]): boolean {
  let seen = false
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string
    if (header.length !== name.length || header.toLowerCase() !== name) continue
    if (seen) return true
    seen = true
  }
  return false
}
