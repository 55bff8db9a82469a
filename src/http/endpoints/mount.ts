import type { Auth } from '../../core/auth.ts'
import { inRequest } from '../../core/database-time.ts'
import { internals } from '../../core/internals.ts'
import { orFalse, recordOf, type Shape, type ShapesOf } from '../../core/options.ts'
import { requireAuth } from '../../core/require-auth.ts'
import type { MountedEndpoint } from '../mounted-endpoint.ts'
import { accountPages } from '../pages/account-pages.ts'
import { mountPages } from '../pages/mount-pages.ts'
import { type PageOptions, pageShapes } from '../pages/page-options.ts'
import { refuseRequest } from '../token-messages.ts'
import { accountEndpoints } from './account-endpoints.ts'
import {
  answerDocument,
  type DocumentEndpoint,
  type FormEndpoint,
  oauthRefusals,
} from './endpoint.ts'
import { type EndpointName, endpoints } from './endpoints.ts'
import { mountHostedLogin } from './hosted-endpoints.ts'
import { issuerPath, metadataPath } from './metadata.ts'
import { mountJson } from './mount-json.ts'
import { ownEndpoints } from './own-endpoints.ts'
import { refuseLarge, refuseMethod, refuseUnreadable } from './refused-requests.ts'

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
   * The path, below the prefix, of what users do with their own account: `/me` is deleted, `/me/email` changed,
   * `/me/export` read. Each is there where its part of `accounts` is switched on. Other methods at these paths
   * are yours. False leaves them out. Default `/me`.
   */
  readonly mePath?: string | false
  /**
   * The pages that links of mails lead to: registration, invitations, passwords, addresses. Each is there
   * where its part of `accounts` is switched on, and `accounts.links` names no page of your own for it. They
   * are below the issuer, as the links are, even where a prefix is not part of it. False leaves them out.
   * Default: they look like the pages of Portcullis.
   */
  readonly pages?: PageOptions | false
}

/** Where users find their own account. */
const ownPath = '/me'

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
  mePath: orFalse(path),
  pages: orFalse(recordOf<PageOptions>(pageShapes)),
}

/** The prefix without a slash at the end. */
export function normalizePrefix(prefix: string): string {
  return prefix.replace(/\/$/, '')
}

/** Every two endpoints that would be at one path. */
export function pathProblems({ mePath = ownPath, ...paths }: EndpointOptions): string[] {
  const names = Object.keys(endpoints) as EndpointName[]
  const own = mePath === false ? [] : ownEndpoints.map(({ path }) => mePath + path)
  const taken = [...[...accountEndpoints, ...accountPages].map(({ path }) => path), ...own]
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
  { prefix = '', pages = {}, mePath = ownPath, ...paths }: EndpointOptions,
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
  const own = mePath === false ? [] : ownEndpoints.filter(({ isOn }) => isOn(auth))
  const issuedAt = issuerPath(auth.issuer)
  const pageBase = issuedAt.endsWith(scopePrefix + base) ? base : ''
  const hosted = mountHostedLogin(auth, {
    ...{ base: pageBase, root: root + pageBase, urls, oauth, pages },
    mePath: mePath === false ? null : base + mePath,
  })
  return [
    ...Object.values(oauth).flat(),
    ...accounts.map((each) => mountJson(each, auth, base)),
    ...own.map((each) => mountJson(each, auth, base + mePath)),
    ...(pages === false ? [] : mountPages(auth, pages, { base: pageBase, issuerPath: issuedAt })),
  ]
    .filter((each) => !hosted.some((its) => isInPlaceOf(its, each)))
    .concat(hosted)
    .map(inOneLimit)
}

/** All that an endpoint asks of the database for a request has one limit. */
function inOneLimit({ admit, answer, ...endpoint }: MountedEndpoint): MountedEndpoint {
  return {
    ...endpoint,
    admit: admit && ((request) => inRequest(request, () => admit(request))),
    answer: (request) => inRequest(request.guarded, () => answer(request)),
  }
}

/** Whether both cannot be at one path: those that share it answer other methods. */
function isInPlaceOf(one: MountedEndpoint, other: MountedEndpoint): boolean {
  return one.path === other.path && !(one.sharesPath && other.sharesPath)
}

function byName<T>(make: (name: EndpointName) => T): Readonly<Record<EndpointName, T>> {
  const names = Object.keys(endpoints) as EndpointName[]
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<EndpointName, T>
}

const options = {
  token: 'tokenPath',
  revocation: 'revocationPath',
  introspection: 'introspectionPath',
} as const satisfies Partial<Record<EndpointName, keyof OAuthPaths>>

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
