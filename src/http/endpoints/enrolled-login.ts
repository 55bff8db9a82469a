import type { Auth } from '../../core/auth.ts'
import { ConflictError } from '../../core/errors.ts'
import type { PendingLogin } from '../../core/factors/mfa-tokens.ts'
import { internals } from '../../core/internals.ts'
import type { FactorProof } from '../../core/tokens/authentication.ts'
import { answerError } from '../error-answers.ts'
import { openWithFactor } from '../grants/second-factor.ts'
import { BearerError } from '../refusal.ts'
import type { JsonOrigin } from './json-endpoint.ts'

/**
 * The tokens of a login that waited for a factor, which was set up; none if there are recovery codes and the login
 * cannot go on. The factor counts by then, and the codes are shown here alone.
 *
 * @param recoveryCodes Those of the factor; null for none.
 */
export async function tokensAfterEnrolment(
  auth: Auth,
  login: PendingLogin,
  from: Pick<JsonOrigin, 'address' | 'userAgent' | 'requestId'>,
  recoveryCodes: readonly string[] | null,
  proof?: FactorProof,
): Promise<object> {
  try {
    return await tokensOf(auth, login, from, proof)
  } catch (error) {
    if (recoveryCodes === null || answerError(error) === null) throw error
    return {}
  }
}

async function tokensOf(
  auth: Auth,
  login: PendingLogin,
  from: Pick<JsonOrigin, 'address' | 'userAgent' | 'requestId'>,
  proof: FactorProof | undefined,
): Promise<object> {
  const user = await auth[internals].store.users.findById(login.userId)
  const client = await auth.clients.find(login.clientId)
  if (user === null || client === null) throw new BearerError('invalid_token')
  return await openWithFactor(auth, client, user, login.scopes, from, proof)
}

/** The same with the refusal of a token where the login has ended meanwhile. */
export async function unlessEnded<T>(enrolment: Promise<T>): Promise<T> {
  try {
    return await enrolment
  } catch (error) {
    const hasEnded = error instanceof ConflictError && error.code === 'token_ended'
    throw hasEnded ? new BearerError('invalid_token') : error
  }
}
