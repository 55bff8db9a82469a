import { linkRefusals } from './account-answers.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import { password, required } from './json-members.ts'

/** Somebody has followed the link for a new password, and chooses it. */
export const completePasswordResetEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/password-reset/complete',
  isOn: ({ accounts }) => accounts.passwordReset !== null,
  operationId: 'completePasswordReset',
  summary: 'Set a new password by link',
  description:
    'Sets the password and ends every login of the user. It logs nobody in. A refused password does not use the link up.',
  body: 'PasswordResetCompletion',
  members: {
    token: required({ description: 'Of the link: `pot_…`' }),
    password: required(password),
  },
  success: { status: 204, description: 'The password is set', schema: null },
  refusals: linkRefusals,
  async answer({ accounts }, completion, origin) {
    await accounts.passwordReset?.complete({ ...completion, ...origin })
    return null
  },
})
