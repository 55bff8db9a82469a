import { accepted, acceptedAnswer } from './account-answers.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import { optional, required } from './json-members.ts'

/** Somebody wants to register: a link is mailed. */
export const registerEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/register',
  isOn: ({ accounts }) => accounts.registration !== null,
  operationId: 'register',
  summary: 'Register',
  description:
    'Mails a link to the address, behind which a name and a password are chosen. The answer is the same for every address.',
  body: 'RegistrationRequest',
  members: {
    email: required({ description: 'Where the link is mailed' }),
    proof: optional({ description: 'What the server asks for against programs, if it does' }),
  },
  success: acceptedAnswer,
  refusals: {
    403: 'Addresses of this domain may not register, or the proof is refused',
    422: 'This is no e-mail address',
  },
  async answer({ accounts }, { email, proof }, origin) {
    await accounts.registration?.request({ email, proof, ...origin })
    return accepted
  },
})
