import type { Auth } from '../../core/auth.ts'
import { internals } from '../../core/internals.ts'
import type { Shape, ShapesOf } from '../../core/options.ts'
import { requireAuth } from '../../core/require-auth.ts'
import type { GuardedRequest } from '../bearer.ts'
import { answerOAuthError } from '../error-answers.ts'
import { Refusal } from '../refusal.ts'
import { type EndpointAnswer, refuseRequest } from '../token-messages.ts'
import type { DocumentEndpoint, EndpointUrls, FormEndpoint } from './endpoint.ts'
import { type EndpointName, endpoints } from './endpoints.ts'
import type { JsonAnswers, JsonEndpoint } from './json-endpoint.ts'
import { issuerPath, metadataPath } from './metadata.ts'

/** Where the OAuth endpoints are. */
export interface OAuthPaths {
  /**
   * The path below which all of them are, such as `/api`. Default none. The metadata (RFC 8414) are also
   * where §3.1 says, at the root: `/.well-known/oauth-authorization-server` and the path of the issuer.
   */
  readonly prefix?: string
  /** The path of the token endpoint, below the prefix. Default `/auth/token`. */
  readonly tokenPath?: string
  /** The path of the revocation endpoint, below the prefix. Default `/auth/revoke`. */
  readonly revocationPath?: string
  /** The path of the introspection endpoint, below the prefix. Default `/auth/introspect`. */
  readonly introspectionPath?: string
}

/** Where something is. */
export const path: Shape = {
  words: 'a path that begins with "/", of letters, digits and "-._~", without "/" at its end',
  accepts: (value) => typeof value === 'string' && /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)+$/.test(value),
}
const prefixPath: Shape = {
  words: 'a path that begins with "/", of letters, digits and "-._~"',
  accepts: (value) =>
    typeof value === 'string' &&
    (value === '' || /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*\/?$/.test(value)),
}

/** What each of the paths has to be. */
export const pathShapes: ShapesOf<OAuthPaths> = {
  prefix: prefixPath,
  tokenPath: path,
  revocationPath: path,
  introspectionPath: path,
}

/** What an OAuth endpoint reads of a request of any kind. */
export interface EndpointRequest {
  readonly method: string
  /** By its name in small letters. */
  readonly header: (name: string) => string | undefined
  /** The same request, as guards read it. */
  readonly guarded: GuardedRequest
  /** Reads the body; null if it has more bytes than the limit. */
  readonly readBody: (limit: number) => Promise<Uint8Array | null>
  readonly address: string | undefined
  /** The id of the request in the log. */
  readonly requestId?: string | undefined
}

/** An endpoint at its path. */
export interface MountedEndpoint {
  readonly path: string
  readonly method: 'GET' | 'POST'
  /** The longest body, in bytes. */
  readonly bodyLimit: number
  /** The operation in the OpenAPI document, if it has one. */
  readonly documentation: object | undefined
  /**
   * Refuses a request of its method before the body is read; null lets it pass. Undefined: every request
   * passes. For a framework that reads the body before it calls `answer`, which asks too.
   */
  readonly admit: ((request: GuardedRequest) => Promise<EndpointAnswer | null>) | undefined
  /** The answer to an error of the framework; 500 for a mistake of ours. Undefined: that of an OAuth endpoint. */
  readonly refuse: ((error: unknown) => EndpointAnswer) | undefined
  /** Answers whatever method is asked with. Rejects only for a mistake of ours. */
  readonly answer: (request: EndpointRequest) => Promise<EndpointAnswer>
}

/** The prefix without a slash at the end. */
export function normalizePrefix(prefix: string): string {
  return prefix.replace(/\/$/, '')
}

/** Every two endpoints that would be at one path. */
export function pathProblems(paths: OAuthPaths): string[] {
  const names = Object.keys(endpoints) as EndpointName[]
  return names.flatMap((name, index) =>
    names
      .slice(index + 1)
      .filter((other) => pathOf(name, paths) === pathOf(other, paths))
      .map(
        (other) =>
          `The ${name} endpoint and the ${other} endpoint must have different paths: both have ${pathOf(name, paths)}.`,
      ),
  )
}

/** The path of an endpoint below the prefix. */
function pathOf(name: EndpointName, paths: OAuthPaths): string {
  return (name in options && paths[options[name as keyof typeof options]]) || endpoints[name].path
}

/**
 * The path that a proxy takes away before a request comes here: that of the issuer, but for the prefix
 * that it ends with. An issuer `https://example.com/api` with the prefix `/api` is served as it is; the
 * issuer `https://example.com` with that prefix has its endpoints below `/api`.
 */
export function outerPath(issuer: string, prefix: string): string {
  const path = issuerPath(issuer)
  return path.endsWith(prefix) ? path.slice(0, path.length - prefix.length) : path
}

/**
 * The OAuth endpoints of an application, each at its path. Does not check the paths.
 *
 * @param scopePrefix What the framework puts before the paths by itself. Default none.
 * @throws {TypeError} if `auth` is missing, or a promise that was not awaited.
 */
export function mountEndpoints(
  auth: Auth,
  { prefix = '', ...paths }: OAuthPaths,
  scopePrefix = '',
): readonly MountedEndpoint[] {
  requireAuth(auth)
  if (!(internals in auth)) {
    throw new TypeError('A resource server has no OAuth endpoints: pass what createAuth returned.')
  }
  const base = normalizePrefix(prefix)
  const mountedAt = (name: EndpointName): string => base + pathOf(name, paths)
  const issuer = auth.issuer.replace(/\/$/, '')
  // An issuer that ends with the prefix has it already.
  const outer = issuer.slice(0, issuer.length - issuerPath(issuer).length)
  const root = outer + outerPath(issuer, scopePrefix + base) + scopePrefix
  const urls = {
    token: root + mountedAt('token'),
    revocation: root + mountedAt('revocation'),
    introspection: root + mountedAt('introspection'),
    jwks: root + mountedAt('jwks'),
  }
  const rfcPath = metadataPath(auth.issuer)
  return (Object.keys(endpoints) as EndpointName[]).flatMap((name) => {
    const endpoint: FormEndpoint | JsonEndpoint | DocumentEndpoint = endpoints[name]
    const mounted = {
      method: endpoint.method,
      bodyLimit: 'bodyLimit' in endpoint ? endpoint.bodyLimit : 0,
      documentation: 'document' in endpoint ? endpoint.document(auth) : undefined,
      ...answersOf(endpoint, auth, urls),
    }
    const at =
      name === 'metadata' ? (rfcPath === null ? [] : [rfcPath, mountedAt(name)]) : [mountedAt(name)]
    return [...new Set(at)].map((path) => ({ ...mounted, path }))
  })
}

function answersOf(
  endpoint: FormEndpoint | JsonEndpoint | DocumentEndpoint,
  auth: Auth,
  urls: EndpointUrls,
): Pick<MountedEndpoint, 'answer' | 'admit' | 'refuse'> {
  if ('createJson' in endpoint) {
    const json = endpoint.createJson(auth)
    const { admit, refuse } = json
    return { admit, refuse, answer: answerJson(json, endpoint.bodyLimit) }
  }
  const answer =
    endpoint.method === 'POST'
      ? answerForm(endpoint, auth)
      : answerDocument(endpoint.create(auth, urls))
  return { admit: undefined, refuse: undefined, answer }
}

const options = {
  token: 'tokenPath',
  revocation: 'revocationPath',
  introspection: 'introspectionPath',
} as const satisfies Partial<Record<EndpointName, keyof OAuthPaths>>

/** What is wrong with a body that is longer than the limit, in bytes. */
export const tooLarge = (limit: number): string => `The body must have at most ${limit} bytes`

/** What is wrong with a body that breaks off, or has no media type. */
export const unreadable = 'The request body could not be read'

/** The answer to a body that is longer than the limit. */
export function refuseLarge(limit: number): EndpointAnswer {
  return refuseRequest(413, tooLarge(limit))
}

/** The answer to a body that cannot be read. */
export function refuseUnreadable(status: number): EndpointAnswer {
  return refuseRequest(status, unreadable)
}

function refuseMethod(use: string, allow: string): EndpointAnswer {
  const refused = refuseRequest(405, `Use ${use}`)
  return { ...refused, headers: { ...refused.headers, allow } }
}

function answerForm(endpoint: FormEndpoint, auth: Auth): MountedEndpoint['answer'] {
  const answer = endpoint.create(auth)
  return async ({ method, header, readBody, address, requestId }) => {
    if (method !== 'POST') return refuseMethod('POST', 'POST')
    const contentType = header('content-type')
    // No media type at all (RFC 9110 §8.3.1). Another type than a form is 400, by the form's reader.
    if (contentType && !contentType.includes('/')) return refuseUnreadable(415)
    const body = await readBody(endpoint.bodyLimit)
    if (body === null) return refuseLarge(endpoint.bodyLimit)
    if ((header('content-encoding') ?? 'identity') !== 'identity') {
      return refuseRequest(415, 'Send the form without a content encoding')
    }
    const authorization = header('authorization')
    const userAgent = header('user-agent')
    return await answer({ contentType, authorization, userAgent, body, address, requestId })
  }
}

function answerDocument(read: () => Promise<EndpointAnswer>): MountedEndpoint['answer'] {
  return async ({ method }) => {
    if (method !== 'GET' && method !== 'HEAD') return refuseMethod('GET', 'GET, HEAD')
    try {
      return await read()
    } catch (error) {
      return answerOAuthError(error)
    }
  }
}

function answerJson(
  { admit, answer, refuse }: JsonAnswers,
  bodyLimit: number,
): MountedEndpoint['answer'] {
  return async ({ method, header, guarded, readBody, address, requestId }) => {
    if (method !== 'POST') return refuse(new Refusal(405, 'Use POST', { allow: 'POST' }))
    const refused = await admit(guarded)
    if (refused !== null) return refused
    const body = await readBody(bodyLimit)
    const contentType = header('content-type')
    const contentEncoding = header('content-encoding')
    return await answer({ guarded, contentType, contentEncoding, address, requestId }, body)
  }
}
