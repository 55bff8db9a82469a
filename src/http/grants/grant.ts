import type { Auth } from '../../core/auth.ts'
import type { AuthenticatedClient, Client } from '../../core/clients/clients.ts'
import type { GrantFor, GrantName } from '../../core/clients/grants.ts'
import { OAuthError } from '../../core/errors.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'

/** The parameters of a token request, by name. */
export type Parameters = ReadonlyMap<string, string>

interface GrantOf<Name extends GrantName, By> {
  readonly name: Name
  /** True if a client must show a secret for it (RFC 6749 §4.4). */
  readonly confidential: boolean
  /** A sentence for the OpenAPI document. */
  readonly description: string
  /** Its parameters as JSON Schemas, without `scope` and those that name the client. */
  readonly parameters: Readonly<Record<string, object>>
  readonly answer: (
    auth: Auth,
    client: By,
    parameters: Parameters,
    request: TokenRequest,
  ) => Promise<TokenResponse>
}

/** A grant whose tokens speak for a user. */
export interface UserGrant extends GrantOf<GrantFor<'user'>, Client> {
  readonly confidential: false
}

/** A grant whose tokens speak for the client itself. */
export interface ClientGrant extends GrantOf<GrantFor<'client'>, AuthenticatedClient> {
  readonly confidential: true
}

/** A grant type of the token endpoint. */
export type Grant = UserGrant | ClientGrant

// RFC 6749 appendix A.15 and A.16: any text but line breaks; NUL is refused with them.
export function requireText(parameters: Parameters, name: string): string {
  const value = parameters.get(name)
  if (value === undefined) {
    throw new OAuthError('invalid_request', `The parameter ${name} is missing`)
  }
  if (/[\0\r\n]/.test(value)) {
    throw new OAuthError(
      'invalid_request',
      `The parameter ${name} must not contain a line break or NUL`,
    )
  }
  return value
}
