import { parseScope } from '../../core/access/scope.ts'
import type { ApiKeys } from '../../core/api-keys/api-keys.ts'
import type { Auth } from '../../core/auth.ts'
import { UserError } from '../../core/errors.ts'
import { type Actor, actorOf } from '../../core/events/events.ts'
import type { User } from '../../core/users/user.ts'
import { Refusal } from '../refusal.ts'
import { ApiKeyAnswer, apiKeyAnswer } from './api-key-answer.ts'
import { strongSelf } from './factor-guards.ts'
import { type JsonEndpoint, type JsonOrigin, jsonEndpoint } from './json-endpoint.ts'
import { integer, required } from './json-members.ts'
import { ownRequest, self, sessionNeeded } from './own-account.ts'

const common = {
  tag: 'me',
  sharesPath: true,
  isOn: ({ apiKeys }: Auth): boolean => apiKeys !== null,
} as const

/** There are some where `isOn` says so. */
function keysOf({ apiKeys }: Auth): ApiKeys {
  return apiKeys as ApiKeys
}

function by({ id }: User, { address, requestId }: JsonOrigin): Actor {
  return { actor: actorOf({ userId: id }), address, requestId }
}

/** A user lets a program act. */
const createOwnKeyEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  path: '/keys',
  operationId: 'createMyKey',
  summary: 'Make an API key',
  description:
    'For a program that acts for me. The key is in this answer alone: keep it now. It may do what its scope says, as long as my role does.',
  body: 'NewApiKey',
  members: {
    name: required({ description: 'For people to read: 1 to 100 characters' }),
    scope: required({ description: 'What the key may do, space-delimited; may be empty' }),
    expires_in: integer({ description: 'Seconds until the key expires' }),
  },
  guard: strongSelf,
  success: {
    status: 201,
    description: 'The key, which is shown once',
    schema: {
      title: 'MadeApiKey',
      type: 'object',
      required: [...ApiKeyAnswer.required, 'key'],
      properties: {
        ...ApiKeyAnswer.properties,
        key: { type: 'string', description: 'The key. It cannot be read again' },
      },
    },
  },
  refusals: {
    409: 'There are 100 keys already',
    422: 'The name, the scope or the lifetime is refused: `errors` has every reason',
    ...sessionNeeded,
  },
  async answer(auth, { name, scope, expires_in: lifetime }, origin, own) {
    const { userId, sessionId, userAgent } = ownRequest(own, origin)
    const scopes = parseScope(scope)
    if (scopes === null) {
      throw new UserError('api_key_invalid', [
        'The scope must be permissions with single spaces between.',
      ])
    }
    const within = own.token.scopes
    const asked = { userId, sessionId, name, scopes, lifetime, within, userAgent }
    const { key, ...made } = await keysOf(auth).create(asked, by(own.user, origin))
    return { ...apiKeyAnswer(made), key }
  },
})

const listOwnKeysEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'GET',
  path: '/keys',
  operationId: 'listMyKeys',
  summary: 'My API keys',
  guard: self,
  success: {
    status: 200,
    description: 'The API keys of the user, the oldest first',
    schema: {
      title: 'ApiKeyList',
      type: 'object',
      required: ['keys'],
      properties: { keys: { type: 'array', items: ApiKeyAnswer } },
    },
  },
  async answer(auth, _none, _origin, { user }) {
    return { keys: (await keysOf(auth).list(user.id)).map(apiKeyAnswer) }
  },
})

const endOwnKeysEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'DELETE',
  path: '/keys',
  operationId: 'endMyKeys',
  summary: 'End all my API keys',
  guard: self,
  success: { status: 204, description: 'Every API key has ended', schema: null },
  async answer(auth, _none, origin, { user }) {
    await keysOf(auth).endAll(user.id, by(user, origin))
    return null
  },
})

const endOwnKeyEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'DELETE',
  path: '/keys/:id',
  operationId: 'endMyKey',
  summary: 'End an API key',
  description: 'Refused from its next request on.',
  guard: self,
  success: { status: 204, description: 'The API key has ended', schema: null },
  refusals: { 404: 'There is no such API key' },
  async answer(auth, _none, origin, { user }, id) {
    if (await keysOf(auth).end(user.id, id, by(user, origin))) return null
    throw new Refusal(404, 'There is no such API key.')
  },
})

/** What users do with their API keys. */
export const ownKeyEndpoints: readonly JsonEndpoint[] = [
  createOwnKeyEndpoint,
  listOwnKeysEndpoint,
  endOwnKeysEndpoint,
  endOwnKeyEndpoint,
]
