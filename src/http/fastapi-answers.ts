import type { Compatibility } from '../core/compatibility.ts'
import { BearerError, bearerChallenge, InactiveUser, IncorrectCredentials } from './refusal.ts'

/** The status of an answer, and the headers that the error brings. */
export interface AnswerHead {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The status and the headers that FastAPI's security tutorials have for an error, where they have another
 * than ours. Which errors there are, and what they are about, they share.
 *
 * @param scopes What the guards of the route require: the challenge names all of it.
 */
export function headLikeFastApi(
  error: unknown,
  ours: AnswerHead,
  { incorrectPassword }: Compatibility,
  scopes: readonly string[],
): AnswerHead {
  if (error instanceof InactiveUser) return { status: 400 }
  if (error instanceof IncorrectCredentials) {
    return incorrectPassword === 400 ? { status: 400 } : ours
  }
  // Without credentials the challenge is bare there too.
  if (!(error instanceof BearerError) || error.code === undefined) return ours
  // FastAPI has no step-up: the challenge is that of RFC 9470.
  if (error.code === 'insufficient_user_authentication') return ours
  return {
    status: error.code === 'insufficient_scope' ? 401 : ours.status,
    headers: { 'www-authenticate': bearerChallenge(scopes.length > 0 ? scopes : error.scopes) },
  }
}
