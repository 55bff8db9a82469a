import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import { required } from './json-members.ts'

/** Somebody was told that their address was changed, and takes it back. */
export const restoreEmailEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/email/restore',
  isOn: ({ accounts }) => accounts.emailChange !== null,
  operationId: 'restoreEmail',
  summary: 'Take a change of address back',
  description:
    'Puts the earlier address back by the link that was mailed to it, within 72 hours, and ends every login of the user.',
  body: 'EmailRestoration',
  members: { token: required({ description: 'Of the link: `pot_…`' }) },
  success: { status: 204, description: 'The address is back', schema: null },
  refusals: {
    409: 'Another user has verified the address meanwhile',
    410: 'The link is used, expired or unknown',
    429: 'Too many wrong links; see Retry-After',
  },
  async answer({ accounts }, { token }, origin) {
    await accounts.emailChange?.restore({ token, ...origin })
    return null
  },
})
