import type { Auth } from '../../core/auth.ts'
import { internals } from '../../core/internals.ts'
import { orFalse, recordOf, type Shape, type ShapesOf } from '../../core/options.ts'
import { requireAuth } from '../../core/require-auth.ts'
import type { GuardedRequest } from '../bearer.ts'
import type { MountedEndpoint, Refusals } from '../mounted-endpoint.ts'
import { accountPages } from '../pages/account-pages.ts'
import { mountPages } from '../pages/mount-pages.ts'
import { type PageOptions, pageShapes } from '../pages/page-options.ts'
import { Refusal } from '../refusal.ts'
import { type EndpointAnswer, refuseRequest } from '../token-messages.ts'
import { accountEndpoints } from './account-endpoints.ts'
import { answerDocument, oauthRefusals, refuseMethod } from './answer-document.ts'
import type { DocumentEndpoint, FormEndpoint } from './endpoint.ts'
import { type EndpointName, endpoints } from './endpoints.ts'
import { mountHostedLogin } from './hosted-endpoints.ts'
import { answerJsonError, type JsonEndpoint, type JsonHandlers } from './json-endpoint.ts'
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

/** Where the endpoints are, and how the pages look. */
export interface EndpointOptions extends OAuthPaths {
  /**
   * The pages that links of mails lead to: registration, invitations, passwords, addresses. Each is there
   * where its part of `accounts` is switched on, and `accounts.links` names no page of your own for it. They
   * are below the issuer, as the links are, even where a prefix is not part of it. False leaves them out.
   * Default: they look like the pages of Portcullis.
   */
  readonly pages?: PageOptions | false
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

/** What each of the options has to be. */
export const endpointShapes: ShapesOf<EndpointOptions> = {
  ...pathShapes,
  pages: orFalse(recordOf<PageOptions>(pageShapes)),
}

/** RFC 9457. */
function problems({ compatibility }: Auth): Refusals {
  const answer = (error: unknown): EndpointAnswer => answerJsonError(error, { compatibility })
  return { answer, refuse: (status, why) => answer(new Refusal(status, `${why}.`)) }
}

/** The prefix without a slash at the end. */
export function normalizePrefix(prefix: string): string {
  return prefix.replace(/\/$/, '')
}

/** Every two endpoints that would be at one path. */
export function pathProblems(paths: OAuthPaths): string[] {
  const names = Object.keys(endpoints) as EndpointName[]
  const taken = [...accountEndpoints, ...accountPages].map(({ path }) => path)
  return names.flatMap((name, index) => {
    const at = pathOf(name, paths)
    const same = names.slice(index + 1).filter((other) => pathOf(other, paths) === at)
    return [
      ...same.map(
        (other) =>
          `The ${name} endpoint and the ${other} endpoint must have different paths: both have ${at}.`,
      ),
      ...(taken.includes(at) ? [`The ${name} endpoint cannot be at ${at}: accounts are.`] : []),
    ]
  })
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
 * The endpoints of an application, each at its path. Does not check the paths.
 *
 * @param scopePrefix What the framework puts before the paths by itself. Default none.
 * @throws {TypeError} if `auth` is missing, or a promise that was not awaited.
 * @throws {ConfigError} if the pages cannot look as the options say.
 */
export function mountEndpoints(
  auth: Auth,
  { prefix = '', pages = {}, ...paths }: EndpointOptions,
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
  const oauth = byName((name) => {
    const endpoint: FormEndpoint | DocumentEndpoint = endpoints[name]
    const answer =
      endpoint.method === 'POST'
        ? answerForm(endpoint, auth)
        : answerDocument(endpoint.create(auth, urls))
    const mounted = {
      methods: [endpoint.method],
      bodyLimit: 'bodyLimit' in endpoint ? endpoint.bodyLimit : 0,
      documentation: 'document' in endpoint ? endpoint.document(auth) : undefined,
      refusals: oauthRefusals,
      admit: undefined,
      answer,
    }
    const at =
      name === 'metadata' ? (rfcPath === null ? [] : [rfcPath, mountedAt(name)]) : [mountedAt(name)]
    return [...new Set(at)].map((path) => ({ ...mounted, path }))
  })
  const accounts = accountEndpoints.filter(({ isOn }) => isOn(auth))
  const issuedAt = issuerPath(auth.issuer)
  const pageBase = issuedAt.endsWith(scopePrefix + base) ? base : ''
  const hosted = mountHostedLogin(auth, {
    ...{ base: pageBase, root: root + pageBase, urls, oauth, pages },
  })
  const taken = new Set(hosted.map(({ path }) => path))
  return [
    ...Object.values(oauth).flat(),
    ...accounts.map((each) => mountJson(each, auth, base)),
    ...(pages === false ? [] : mountPages(auth, pages, { base: pageBase, issuerPath: issuedAt })),
  ]
    .filter(({ path }) => !taken.has(path))
    .concat(hosted)
}

function byName<T>(make: (name: EndpointName) => T): Readonly<Record<EndpointName, T>> {
  const names = Object.keys(endpoints) as EndpointName[]
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<EndpointName, T>
}

function mountJson(endpoint: JsonEndpoint, auth: Auth, base: string): MountedEndpoint {
  const { method, path, bodyLimit } = endpoint
  const refusals = problems(auth)
  return {
    ...{ methods: [method], bodyLimit, refusals, path: base + path },
    documentation: endpoint.document(auth),
    ...answersOf(endpoint, auth, refusals),
  }
}

const options = {
  token: 'tokenPath',
  revocation: 'revocationPath',
  introspection: 'introspectionPath',
} as const satisfies Partial<Record<EndpointName, keyof OAuthPaths>>

/** The answer to a body that is longer than the limit. */
export function refuseLarge({ refuse }: Refusals, limit: number): EndpointAnswer {
  return refuse(413, `The body must have at most ${limit} bytes`)
}

/** The answer to a body that cannot be read. */
export function refuseUnreadable({ refuse }: Refusals, status: number): EndpointAnswer {
  return refuse(status, 'The request body could not be read')
}

function answerForm(endpoint: FormEndpoint, auth: Auth): MountedEndpoint['answer'] {
  const answer = endpoint.create(auth)
  return async ({ method, header, readBody, address, requestId }) => {
    if (method !== 'POST') return refuseMethod(oauthRefusals, 'POST', 'POST')
    const contentType = header('content-type')
    // No media type at all (RFC 9110 §8.3.1). Another type than a form is 400, by the form's reader.
    if (contentType && !contentType.includes('/')) return refuseUnreadable(oauthRefusals, 415)
    const body = await readBody(endpoint.bodyLimit)
    if (body === null) return refuseLarge(oauthRefusals, endpoint.bodyLimit)
    if ((header('content-encoding') ?? 'identity') !== 'identity') {
      return refuseRequest(415, 'Send the form without a content encoding')
    }
    const authorization = header('authorization')
    const userAgent = header('user-agent')
    return await answer({ contentType, authorization, userAgent, body, address, requestId })
  }
}

/** RFC 8259 §11. A parameter such as `charset` has no meaning there. */
const jsonType = /^application\/json[ \t]*(?:;.*)?$/i

function answersOf(
  endpoint: JsonEndpoint,
  auth: Auth,
  refusals: Refusals,
): Pick<MountedEndpoint, 'admit' | 'answer'> {
  const handlers = endpoint.create(auth)
  const { admit } = handlers
  const admitOrRefuse =
    admit &&
    (async (request: GuardedRequest): Promise<EndpointAnswer | null> => {
      try {
        await admit(request)
        return null
      } catch (error) {
        return refusals.answer(error)
      }
    })
  const answer = answerJson(handlers, endpoint.bodyLimit, refusals)
  return {
    admit: admitOrRefuse,
    async answer(request) {
      if (request.method !== 'POST') return refuseMethod(refusals, 'POST', 'POST')
      return (await admitOrRefuse?.(request.guarded)) ?? (await answer(request))
    },
  }
}

function answerJson(
  { answer }: JsonHandlers,
  bodyLimit: number,
  refusals: Refusals,
): MountedEndpoint['answer'] {
  return async ({ header, guarded, readBody, address, requestId }) => {
    const body = await readBody(bodyLimit)
    if (body === null) return refuseLarge(refusals, bodyLimit)
    // No form is read: a page of another origin can send one without asking first.
    if (!jsonType.test(header('content-type') ?? '')) {
      return refusals.refuse(415, 'Send the body as JSON: Content-Type: application/json')
    }
    if ((header('content-encoding') ?? 'identity') !== 'identity') {
      return refusals.refuse(415, 'Send the body without a content encoding')
    }
    const userAgent = header('user-agent')
    const locale = header('accept-language') ?? null
    try {
      return await answer({ body, guarded, address, userAgent, requestId, locale })
    } catch (error) {
      return refusals.answer(error)
    }
  }
}
