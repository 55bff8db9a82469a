import type { Compatibility } from '../../core/compatibility.ts'

/** The name of the security scheme of API keys in the OpenAPI document. */
export const apiKeySchemeName = 'ApiKey'

/** The name of the security scheme in the OpenAPI document. */
export const schemeName = 'OAuth2PasswordBearer'

/** What a guard says of itself, for the documentation of every route that it guards. */
export interface GuardDocumentation {
  /** The scopes it requires. Default none. */
  readonly scopes: readonly string[]
  /** A phrase for each other thing that it answers 403 for. Default none. */
  readonly conditions: readonly string[]
  /** True if it reads credentials; false for a guard that anybody passes, or that has its own. Default false. */
  readonly authenticates: boolean
  /** True if a request without credentials passes. Default false. */
  readonly optional: boolean
  /** The most seconds that the login may be old, else 401. Default: any age. */
  readonly maxAge?: number
  /** True if it refuses API keys with 403. Default false. */
  readonly refusesApiKeys?: boolean
  /** What the `acr` of the login must be, one of them, else 401. Default: any. */
  readonly acrValues?: readonly string[]
  /** The form of its refusals, as of the `Auth` that it was made for. Default: that of this library. */
  readonly compatibility?: Compatibility
}

/** How your guard describes itself. Default: no scopes, no conditions, no credentials. */
export type GuardOptions = Partial<GuardDocumentation>

/** What several guards on one route say together. */
export function combine(documentations: readonly GuardOptions[]): GuardDocumentation {
  const collect = (key: 'scopes' | 'conditions'): string[] => [
    ...new Set(documentations.flatMap((documentation) => documentation[key] ?? [])),
  ]
  const authenticating = documentations.filter(({ authenticates }) => authenticates)
  const compatibility = documentations.find((each) => each.compatibility)?.compatibility
  const ages = documentations.flatMap(({ maxAge }) => maxAge ?? [])
  // The strictest has the fewest.
  const acr = documentations
    .flatMap(({ acrValues }) => (acrValues ? [acrValues] : []))
    .sort((one, other) => one.length - other.length)[0]
  return {
    scopes: collect('scopes'),
    conditions: collect('conditions'),
    authenticates: authenticating.length > 0,
    optional: authenticating.length > 0 && authenticating.every(({ optional }) => optional),
    ...(ages.length > 0 && { maxAge: Math.min(...ages) }),
    ...(documentations.some(({ refusesApiKeys }) => refusesApiKeys) && { refusesApiKeys: true }),
    ...(acr && { acrValues: acr }),
    ...(compatibility && { compatibility }),
  }
}

/** What 401 means; with a login that may not be old, or needs two factors, one that a step-up answers. */
export function unauthenticated({
  maxAge,
  acrValues,
}: {
  readonly maxAge?: number | undefined
  readonly acrValues?: readonly string[] | undefined
}): string {
  const usual = 'The access token is missing, invalid, expired or revoked'
  const needs = [
    ...(maxAge === undefined ? [] : [`the login is older than ${maxAge} seconds`]),
    ...(acrValues ? [`its acr is none of: ${acrValues.join(', ')}`] : []),
  ]
  return needs.length === 0
    ? usual
    : `${usual}; or ${needs.join(', or ')}, and the challenge has the error insufficient_user_authentication`
}
