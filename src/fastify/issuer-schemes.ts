import type { Issuers } from '../core/issuers/issuers.ts'

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
