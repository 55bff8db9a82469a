import type { Auth } from '../../core/auth.ts'
import type { Consents } from '../../core/authorization/authorization.ts'
import { actorOf } from '../../core/events/events.ts'
import type { User } from '../../core/users/user.ts'
import { answerJsonError } from '../endpoints/json-endpoint.ts'
import { createGuards } from '../guards/guards.ts'
import type { EndpointRequest, MountedEndpoint, Refusals } from '../mounted-endpoint.ts'
import { Refusal } from '../refusal.ts'
import type { EndpointAnswer } from '../token-messages.ts'
import { readQuery } from './query-parameters.ts'

/** Where it is, below the prefix. */
export const grantsPath = '/me/grants'

/**
 * What the user of a token has allowed clients: GET lists it, and DELETE with `?client_id=` withdraws it. For tokens
 * of the application's own clients: what else a user uses is no business of another application.
 */
export function grantsEndpoint(auth: Auth, consents: Consents, base: string): MountedEndpoint {
  const answerError = (error: unknown): EndpointAnswer => answerJsonError(error, auth)
  const refusals: Refusals = {
    answer: answerError,
    refuse: (status, why) => answerError(new Refusal(status, `${why}.`)),
  }
  const { activeUser } = createGuards(auth)
  return {
    ...{ path: base + grantsPath, methods: ['GET', 'DELETE'], bodyLimit: 0, refusals },
    documentation: undefined,
    async answer(request) {
      const { method, guarded } = request
      if (method !== 'GET' && method !== 'HEAD' && method !== 'DELETE') {
        const refused = refusals.refuse(405, 'Use GET or DELETE')
        return { ...refused, headers: { ...refused.headers, allow: 'GET, HEAD, DELETE' } }
      }
      try {
        const user = await activeUser(guarded)
        return method === 'DELETE'
          ? await withdraw(consents, user, request)
          : await list(auth, consents, user)
      } catch (error) {
        return answerError(error)
      }
    },
  }
}

async function list({ clients }: Auth, consents: Consents, { id }: User): Promise<EndpointAnswer> {
  const allowed = await consents.list(id)
  const grants = await Promise.all(
    allowed.map(async ({ clientId, scopes, createdAt, updatedAt }) => ({
      client_id: clientId,
      client_name: (await clients.find(clientId))?.name ?? clientId,
      scope: scopes.join(' '),
      created_at: createdAt,
      updated_at: updatedAt,
    })),
  )
  return { status: 200, headers: noStore, body: { grants } }
}

async function withdraw(
  consents: Consents,
  { id }: User,
  { query, address, requestId }: EndpointRequest,
): Promise<EndpointAnswer> {
  const parameters = readQuery(query)
  const clientId = parameters?.values.get('client_id')
  if (clientId === undefined || parameters?.repeated.has('client_id')) {
    throw new Refusal(400, 'Name the client once: ?client_id=')
  }
  const by = { actor: actorOf({ userId: id }), address, requestId }
  if (!(await consents.withdraw(id, clientId, by))) {
    throw new Refusal(404, 'You have allowed this client nothing')
  }
  return { status: 204, headers: noStore, body: null }
}

const noStore = { 'cache-control': 'no-store' }
