import { isFormerIssuer } from '../../core/tokens/former-issuer.ts'
import { accessTokenMaxLength } from '../../core/tokens/token-text.ts'
import { BearerError } from '../refusal.ts'

/** The trusted issuers, and our own if we issue tokens. */
interface IssuerNames {
  readonly issuer?: string
  readonly issuers: { readonly trusted: readonly { readonly issuer: string }[] }
}

/**
 * The refusal of a token that is not valid. One that names what was the default of `ISSUER` before it was
 * `http://localhost` is told so.
 *
 * Nothing is verified, and nothing is told but what the token says and our metadata publish. So the words
 * show nobody whether the rest of a token is right.
 */
export function refuseToken(token: string, { issuer, issuers }: IssuerNames): BearerError {
  const named = issuerOf(token)
  const isFormer =
    issuer !== undefined &&
    isFormerIssuer(named, issuer) &&
    issuers.trusted.every((trusted) => trusted.issuer !== named)
  if (!isFormer) return new BearerError('invalid_token')
  const description = `The access token was issued under the name ${named}: log in again, or set ISSUER to it`
  return new BearerError('invalid_token', [], { description })
}

/** The `iss` that a token names, which nothing has proved. */
function issuerOf(token: string): unknown {
  if (token.length > accessTokenMaxLength) return undefined
  try {
    const [, claims = ''] = token.split('.')
    return JSON.parse(Buffer.from(claims, 'base64url').toString())?.iss
  } catch {
    return undefined
  }
}
