import { FetchError } from './json-fetch.ts'

/** What is needed of an issuer's metadata. */
export interface IssuerMetadata {
  readonly jwksUri: string
}

/**
 * Where the metadata of an issuer may be: OpenID Connect Discovery §4 appends to its path, RFC 8414
 * §3.1 inserts before it.
 */
export function discoveryUrls(issuer: string): readonly [string, string] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

/**
 * Fetches the metadata of an issuer from the first of the places that has it.
 *
 * @throws {FetchError} also if the document names another issuer: it must be the same text, to the
 * last slash (OpenID Connect Discovery §4.3, RFC 8414 §3.3).
 */
export async function discover(
  issuer: string,
  urls: readonly string[],
  fetchJson: (url: string) => Promise<unknown>,
): Promise<IssuerMetadata> {
  const [url = '', ...others] = urls
  let document: unknown
  try {
    document = await fetchJson(url)
  } catch (error) {
    const isElsewhere = error instanceof FetchError && error.status === 404 && others.length > 0
    if (!isElsewhere) throw error
    return await discover(issuer, others, fetchJson)
  }
  const { issuer: named, jwks_uri: jwksUri } = Object(document) as Record<string, unknown>
  if (named !== issuer) {
    throw new FetchError(url, `is the metadata of another issuer, not of ${issuer}`)
  }
  if (typeof jwksUri !== 'string') throw new FetchError(url, 'names no jwks_uri')
  return { jwksUri }
}
