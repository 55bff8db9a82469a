import { Refusal } from '../refusal.ts'
import { accepted, acceptedAnswer } from './account-answers.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import { optional } from './json-members.ts'

/** Somebody forgot a password: a link is mailed, if there is such a user. */
export const passwordResetEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/password-reset',
  isOn: ({ accounts }) => accounts.passwordResetByMail,
  operationId: 'requestPasswordReset',
  summary: 'Ask for a new password',
  description:
    'Mails a link to the verified address of the user. Changes nothing, and the answer is the same for everybody.',
  body: 'PasswordResetRequest',
  members: {
    email: optional({ description: 'The verified address of the user' }),
    username: optional({ description: 'In the place of `email`' }),
  },
  success: acceptedAnswer,
  refusals: { 422: 'This is no e-mail address' },
  async answer({ accounts }, { email, username }, origin) {
    if ((email === undefined) === (username === undefined)) {
      throw new Refusal(400, 'Send email or username, one of them.')
    }
    await accounts.passwordReset?.request({ email, username, ...origin })
    return accepted
  },
})
