import type { Auth } from '../../../src/core/auth.ts'
import { ThrottledError } from '../../../src/core/errors.ts'
import { authenticate } from '../../fixtures.ts'

/** What came of an attempt: a user, a refusal, or the seconds to wait. */
export type Outcome = 'in' | 'refused' | number

export async function outcomeOf(
  auth: Auth,
  username: string,
  password: string,
  address: string,
): Promise<Outcome> {
  try {
    return (await authenticate(auth, username, password, address)) === null ? 'refused' : 'in'
  } catch (error) {
    if (error instanceof ThrottledError) return error.retryAfter
    throw error
  }
}
