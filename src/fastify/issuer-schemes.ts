import type { Auth } from '../core/auth.ts'
import { internals } from '../core/internals.ts'
import type { Issuers } from '../core/issuers/issuers.ts'
import type { ResourceServer } from '../core/issuers/resource-server.ts'
import { apiKeySchemeName, schemeName } from './guard-documentation.ts'

/** The security scheme of another issuer in the OpenAPI document. */
export interface IssuerScheme {
  /** Its key in the document. */
  readonly name: string
  /** A security scheme object of OpenAPI. */
  readonly scheme: object
  /** The origins that Swagger UI reads the metadata from and logs in at. */
  readonly origins: readonly string[]
}

/** A scheme for each issuer, by the name that it was given; a name that is taken gets a number. */
export function issuerSchemes(
  { trusted }: Issuers,
  taken: readonly string[] = [],
): readonly IssuerScheme[] {
  const names = new Set(taken)
  return trusted.map(({ name, issuer, discoveryUrl, loginOrigins }) => {
    // OpenAPI 3.1 §4.8.7.1: the keys of components.
    const plain = name.replace(/[^\w.-]+/g, '-') || 'OpenIDConnect'
    let unique = plain
    for (let number = 2; names.has(unique); number++) unique = `${plain}${number}`
    names.add(unique)
    return {
      name: unique,
      origins: [new URL(discoveryUrl).origin, ...loginOrigins],
      scheme: {
        type: 'openIdConnect',
        description: `Log in at ${issuer}.`,
        openIdConnectUrl: discoveryUrl,
      },
    }
  })
}

/** The schemes of an application. */
export interface Schemes {
  /** The names of its own: for its tokens, and for its API keys if it has some. */
  readonly own: readonly string[]
  /** Those of the issuers that it trusts. */
  readonly others: readonly IssuerScheme[]
}

/** Every scheme that guards of an application may take. */
export function schemesOf(auth: Auth | ResourceServer): Schemes {
  const hasApiKeys = internals in auth && auth[internals].apiKeys !== null
  const own = internals in auth ? [schemeName, ...(hasApiKeys ? [apiKeySchemeName] : [])] : []
  return { own, others: issuerSchemes(auth.issuers, own) }
}
