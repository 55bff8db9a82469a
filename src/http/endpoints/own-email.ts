import type { EmailChange } from '../../core/accounts/email-change.ts'
import type { Auth } from '../../core/auth.ts'
import { Account, accepted, acceptedAnswer, accountAnswer } from './account-answers.ts'
import { strongSelf } from './factor-guards.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import { required } from './json-members.ts'
import { ownRequest, self, sessionNeeded } from './own-account.ts'

const common = {
  tag: 'me',
  sharesPath: true,
  isOn: ({ accounts }: Auth): boolean => accounts.emailChange !== null,
} as const

/** There is one where `isOn` says so. */
function changeOf({ accounts: { emailChange } }: Auth): EmailChange {
  return emailChange as EmailChange
}

/** A user wants another address: a code is mailed to it. */
export const changeOwnEmailEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'PUT',
  path: '/email',
  operationId: 'changeMyEmail',
  summary: 'Change my e-mail address',
  description:
    'Mails a code to the new address, and tells the old one. Nothing changes before the code comes back.',
  body: 'NewEmail',
  members: { email: required() },
  guard: strongSelf,
  success: { ...acceptedAnswer, description: 'Accepted, for every address' },
  refusals: { 422: 'This is no e-mail address', ...sessionNeeded },
  async answer(auth, { email }, origin, own) {
    await changeOf(auth).request({ ...ownRequest(own, origin), email })
    return accepted
  },
})

/** A user has got the code. */
export const confirmOwnEmailEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  path: '/email/confirm',
  operationId: 'confirmMyEmail',
  summary: 'Confirm my e-mail address',
  description:
    'In the session that asked. Ends every other login of the user, and this one too if it was refreshed since the access token was issued.',
  body: 'EmailCode',
  members: { code: required({ description: 'The 8 digits that were mailed' }) },
  guard: self,
  success: { status: 200, description: 'The user, with the new address', schema: Account },
  refusals: {
    409: 'Another user has verified the address',
    422: 'The code is not right, or it has ended',
    ...sessionNeeded,
  },
  async answer(auth, { code }, origin, own) {
    return accountAnswer(await changeOf(auth).confirm({ ...ownRequest(own, origin), code }))
  },
})

/** A user wants no address any more. */
export const removeOwnEmailEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'DELETE',
  path: '/email',
  operationId: 'removeMyEmail',
  summary: 'Remove my e-mail address',
  description:
    'Ends every other login of the user, and this one too if it was refreshed since the access token was issued.',
  guard: strongSelf,
  success: { status: 204, description: 'The address is removed', schema: null },
  refusals: sessionNeeded,
  async answer(auth, _none, origin, own) {
    await changeOf(auth).remove(ownRequest(own, origin))
    return null
  },
})

/** A user has not got the code. */
export const sendOwnEmailCodeEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  path: '/email/verification',
  operationId: 'sendMyEmailCode',
  summary: 'Send the code again',
  description: 'Of the change that waits, or for an address that is not verified yet.',
  guard: self,
  success: {
    ...acceptedAnswer,
    description: 'Accepted; nothing is sent if there is nothing to confirm',
  },
  refusals: sessionNeeded,
  async answer(auth, _none, origin, own) {
    await changeOf(auth).sendAgain(ownRequest(own, origin))
    return accepted
  },
})
