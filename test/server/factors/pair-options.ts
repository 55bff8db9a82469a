// What two processes on one database have in common, and what tells them the time.

import type { AuthOptions } from '../../../src/core/auth-options.ts'
import { mailbox } from '../../../src/core/mail/mailbox.ts'

/** The header of a request that says what time it is. */
export const clockHeader = 'x-test-clock'

/** Of both, and of the test, which looks at their database. */
export const pairOptions: Partial<AuthOptions> = {
  issuer: 'https://auth.example.test',
  apiKeys: true,
  // Nobody reads the mails.
  accounts: {
    ...{ mailer: mailbox(), from: 'Example <no-reply@example.test>' },
    ...{ registration: 'invited', deletion: true },
  },
  factors: { passkeys: true, required: ['admin'] },
  roles: { admin: ['*'], editor: ['items:read', 'items:write'], member: [] },
}
