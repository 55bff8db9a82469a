// What two processes on one database have in common, and what tells them the time.

import type { AuthOptions } from '../../../src/core/auth-options.ts'

/** The header of a request that says what time it is. */
export const clockHeader = 'x-test-clock'

/** Of both, and of the test, which looks at their database. */
export const pairOptions: Partial<AuthOptions> = {
  issuer: 'https://auth.example.test',
  apiKeys: true,
  factors: { passkeys: true, required: ['admin'] },
  roles: { admin: ['*'], editor: ['items:read', 'items:write'], member: [] },
}
