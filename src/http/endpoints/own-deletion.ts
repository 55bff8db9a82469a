import type { Deletion } from '../../core/accounts/deletion.ts'
import type { Auth } from '../../core/auth.ts'
import { eventAnswer } from '../../core/events/event-answer.ts'
import type { AuthEvent } from '../../core/events/event-store.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import type { User } from '../../core/users/user.ts'
import { Account, accountAnswer } from './account-answers.ts'
import { ApiKeyAnswer, apiKeyAnswer } from './api-key-answer.ts'
import { FactorList, factorAnswer } from './factor-answers.ts'
import { strongSelf } from './factor-guards.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import {
  EventAnswer,
  GrantAnswer,
  grantAnswer,
  IdentityAnswer,
  Instant,
  identityAnswer,
  SessionAnswer,
  sessionAnswer,
} from './known-facts.ts'
import { self } from './own-account.ts'
import { documentFields, UserFieldsAnswer } from './user-fields.ts'

const common = {
  tag: 'me',
  sharesPath: true,
  isOn: ({ accounts }: Auth): boolean => accounts.deletion !== null,
} as const

/** A user wants to leave. A login before the time has come keeps the account. */
export const deleteOwnAccountEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'DELETE',
  path: '',
  operationId: 'deleteMe',
  summary: 'Delete my account',
  description:
    'Ends every login at once. A login before the instant of the answer keeps the account.',
  guard: strongSelf,
  success: {
    status: 202,
    description: 'When the account is deleted',
    schema: {
      title: 'Deletion',
      type: 'object',
      required: ['delete_at'],
      properties: { delete_at: Instant },
    },
  },
  refusals: { 409: 'It is the last active administrator' },
  async answer({ accounts }, _none, origin, { user }) {
    const deletion = accounts.deletion as Deletion
    return { delete_at: await deletion.request({ userId: user.id, ...origin }) }
  },
})

/** A user takes along what is known. */
export const exportOwnAccountEndpoint: JsonEndpoint = jsonEndpoint({
  ...common,
  method: 'GET',
  path: '/export',
  operationId: 'exportMe',
  summary: 'What is known of me',
  guard: self,
  success: (auth) => ({
    status: 200,
    description:
      'The user, with sessions, identities, the newest 10,000 events, and the API keys, second factors and grants where there can be some',
    schema: exportSchema(auth),
  }),
  answer: (auth, _none, _origin, { user }) => exportOf(auth, user),
})

/** What is known of a user, as programs read it. */
export async function exportOf(auth: Auth, user: User): Promise<object> {
  const { isOn } = auth[internals].fields
  const { id, fields } = user
  return {
    user: { ...accountAnswer(user), ...(isOn && { fields }) },
    sessions: (await auth.sessions.list(id)).map(sessionAnswer),
    identities: (await auth.identities.list(id)).map(identityAnswer),
    events: (await eventsOf(auth, id)).map((event) => ownEvent(event, id)),
    ...(await switchedOn(auth, id)),
  }
}

/** What there can be of a user where it is switched on. */
async function switchedOn(auth: Auth, userId: string): Promise<object> {
  const { apiKeys, factors } = auth
  const { hosted } = auth[internals]
  const grants = await hosted?.authorization.consents.list(userId)
  return {
    ...(apiKeys && { keys: (await apiKeys.list(userId)).map(apiKeyAnswer) }),
    ...(factors && {
      factors: (await factors.list(userId)).map(factorAnswer),
      recovery_codes_left: await factors.recoveryCodesLeft(userId),
    }),
    ...(grants && { grants: await Promise.all(grants.map((each) => grantAnswer(auth, each))) }),
  }
}

/** The user is an account, with the own fields of an application that has some. */
function exportSchema(auth: Auth): object {
  const { fields, hosted } = auth[internals]
  const own = { fields: documentFields(fields)[UserFieldsAnswer.title] }
  const withFields = {
    ...{ ...Account, title: 'AccountWithFields' },
    required: [...Account.required, 'fields'],
    properties: { ...Account.properties, ...own },
  }
  const properties = {
    user: fields.isOn ? withFields : Account,
    sessions: { type: 'array', items: SessionAnswer },
    identities: { type: 'array', items: IdentityAnswer },
    events: { type: 'array', items: EventAnswer },
    ...(auth.apiKeys && { keys: { type: 'array', items: ApiKeyAnswer } }),
    ...(auth.factors && FactorList.properties),
    ...(hosted && { grants: { type: 'array', items: GrantAnswer } }),
  }
  return { title: 'Export', type: 'object', required: Object.keys(properties), properties }
}

/** Events that an export has at most. */
const mostEvents = 10_000

async function eventsOf({ events }: Auth, userId: string): Promise<readonly AuthEvent[]> {
  const found: AuthEvent[] = []
  for (;;) {
    const last = found.at(-1)
    const after = last && { at: last.at, id: last.id }
    const page = await events.list({ userId, limit: 200, ...(after && { after }) })
    found.push(...page)
    if (page.length < 200 || found.length >= mostEvents) return found
  }
}

/** An event without the id of another user who caused it, in the order of its schema. */
function ownEvent(event: AuthEvent, userId: string): object {
  const shown: Readonly<Record<string, unknown>> = eventAnswer(event)
  const isKept = (name: string): boolean =>
    name in shown && (name !== 'actor' || shown[name] === actorOf({ userId }))
  const names = Object.keys(EventAnswer.properties).filter(isKept)
  return Object.fromEntries(names.map((name) => [name, shown[name]]))
}
