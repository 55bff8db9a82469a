import type { Auth } from '../../core/auth.ts'
import type { Consents } from '../../core/authorization/authorization.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import { type JsonEndpoint, jsonEndpoint } from '../endpoints/json-endpoint.ts'
import { GrantAnswer, grantAnswer } from '../endpoints/known-facts.ts'
import { self } from '../endpoints/own-account.ts'
import { Refusal } from '../refusal.ts'

const common = { tag: 'me', sharesPath: true, isOn: (): boolean => true, guard: self } as const

/** They are mounted with a login by browser alone. */
function consentsOf(auth: Auth): Consents {
  return auth[internals].hosted?.authorization.consents as Consents
}

const listGrantsEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'GET',
  path: '/grants',
  operationId: 'listMyGrants',
  summary: 'List the applications that I have let in',
  description: 'What each may do. The application’s own clients are not among them.',
  success: {
    status: 200,
    description: 'The grants of the user, by client',
    schema: {
      title: 'GrantList',
      type: 'object',
      required: ['grants'],
      properties: { grants: { type: 'array', items: GrantAnswer } },
    },
  },
  async answer(auth, _none, _origin, { user }) {
    const allowed = await consentsOf(auth).list(user.id)
    return { grants: await Promise.all(allowed.map((each) => grantAnswer(auth, each))) }
  },
})

const withdrawGrantEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'DELETE',
  path: '/grants/:id',
  operationId: 'withdrawMyGrant',
  summary: 'Let an application in no more',
  description:
    'Ends the tokens and codes that the client has of the user, from the next request on.',
  success: { status: 204, description: 'The client may do nothing any more', schema: null },
  refusals: { 404: 'The user has allowed this client nothing' },
  async answer(auth, _none, { address, requestId }, { user }, clientId) {
    const by = { actor: actorOf({ userId: user.id }), address, requestId }
    if (await consentsOf(auth).withdraw(user.id, clientId, by)) return null
    throw new Refusal(404, 'You have allowed this client nothing.')
  },
})

/** What a user has allowed clients: to be listed, and to be withdrawn. Not for the clients themselves. */
export const grantEndpoints: readonly JsonEndpoint[] = [listGrantsEndpoint, withdrawGrantEndpoint]
