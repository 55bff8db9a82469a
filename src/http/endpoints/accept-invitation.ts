import { internals } from '../../core/internals.ts'
import { accountAnswer, linkRefusals, newUserAnswer } from './account-answers.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import { optional, password, required } from './json-members.ts'
import { fieldsMember } from './user-fields.ts'

/** Somebody has followed the link of an invitation, and chooses a name and a password. */
export const acceptInvitationEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/invitation/accept',
  isOn: ({ accounts }) => accounts.invitations !== null,
  operationId: 'acceptInvitation',
  summary: 'Accept an invitation',
  description:
    'Creates the user. The address is verified if the link was mailed to it. A refused name or password does not use the link up.',
  body: 'InvitationAcceptance',
  members: (auth) => ({
    token: required({ description: 'Of the link: `pot_…`' }),
    username: optional({ description: 'Default: that of the invitation, or else the address' }),
    password: required(password),
    ...fieldsMember(auth[internals].fields),
  }),
  success: newUserAnswer,
  refusals: { 409: 'The username or the address is taken', ...linkRefusals },
  async answer({ accounts: { invitations } }, account, origin) {
    return invitations && accountAnswer(await invitations.accept({ ...account, ...origin }))
  },
})
