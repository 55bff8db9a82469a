import type { AccessToken } from '../../core/tokens/access-token.ts'
import { BearerError } from '../refusal.ts'

/** How strong a second factor has to be: any, or one that cannot be given to a page that looks like ours. */
export type FactorStrength = 'any' | 'phishing-resistant'

const values: Readonly<Record<FactorStrength, readonly string[]>> = {
  any: ['2fa', 'phr'],
  'phishing-resistant': ['phr'],
}

/** The values of `acr` that are strong enough. @throws {TypeError} for what is no strength */
export function acrValuesOf(kind: FactorStrength): readonly string[] {
  if (Object.hasOwn(values, kind)) return values[kind]
  throw new TypeError("requireFactor takes 'any' or 'phishing-resistant'.")
}

/**
 * Refuses a token whose login was not strong enough, or that does not say how strong it was. Nothing is read but
 * the claims.
 *
 * @throws {BearerError} `insufficient_user_authentication` (RFC 9470 §3)
 */
export function refuseOneFactor({ claims, external }: AccessToken, kind: FactorStrength): void {
  // Another issuer may send anything, or nothing.
  const acr: unknown = external ? external.payload.acr : claims.acr
  if (typeof acr === 'string' && values[kind].includes(acr)) return
  throw factorNeeded(kind)
}

/** The refusal of a login that was not strong enough. */
export function factorNeeded(kind: FactorStrength): BearerError {
  return new BearerError('insufficient_user_authentication', [], {
    acrValues: values[kind].slice(0, 1),
    description: 'A second factor is needed',
  })
}
