import { internals } from '../../core/internals.ts'
import { accountAnswer, linkRefusals, newUserAnswer } from './account-answers.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import { optional, password, required } from './json-members.ts'
import { fieldsMember } from './user-fields.ts'

/** Somebody has followed the link of a registration, and chooses a name and a password. */
export const completeRegistrationEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/register/complete',
  isOn: ({ accounts }) => accounts.registration !== null,
  operationId: 'completeRegistration',
  summary: 'Complete a registration',
  description:
    'Creates the user, with the verified address. A refused name or password does not use the link up.',
  body: 'RegistrationCompletion',
  members: (auth) => ({
    token: required({ description: 'Of the link: `pot_…`' }),
    username: optional({ description: 'Default: the address' }),
    password: required(password),
    ...fieldsMember(auth[internals].fields),
  }),
  success: newUserAnswer,
  refusals: {
    403: 'Registration is closed to the address',
    409: 'The username is taken',
    ...linkRefusals,
  },
  async answer({ accounts: { registration } }, account, origin) {
    return registration && accountAnswer(await registration.complete({ ...account, ...origin }))
  },
})
