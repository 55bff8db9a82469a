/**
 * How the user behind another issuer's token is found: made of the token's claims alone (`token`),
 * linked to a user in the store (`link`), or created in the store at first sight (`create`).
 */
export type UserMode = 'token' | 'link' | 'create'

/** Who a verified token of another issuer is about, in that issuer's words. */
export interface ExternalIdentity {
  /** The `iss` of the token. */
  readonly issuer: string
  /** The `sub`. With the issuer it is the whole identity: names and e-mail addresses may change hands. */
  readonly subject: string
  /** What the issuer calls the user; null if the token does not say. */
  readonly username: string | null
  /** The issuer's names of roles and groups, a bounded number of them. */
  readonly roles: readonly string[]
  /** Every claim, verified and not interpreted. */
  readonly payload: Readonly<Record<string, unknown>>
}

/** Who a token of another issuer is about. */
export interface ExternalSubject extends ExternalIdentity {
  /** The role here that its roles map to, or the default; null if there is neither. */
  readonly role: string | null
  /** How the user behind the token is found. */
  readonly users: UserMode
}
