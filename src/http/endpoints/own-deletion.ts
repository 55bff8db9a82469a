import type { Deletion } from '../../core/accounts/deletion.ts'
import type { Auth } from '../../core/auth.ts'
import { eventAnswer } from '../../core/events/event-answer.ts'
import type { AuthEvent } from '../../core/events/event-store.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import type { User } from '../../core/users/user.ts'
import { Account, accountAnswer } from './account-answers.ts'
import { type JsonEndpoint, jsonEndpoint } from './json-endpoint.ts'
import {
  EventAnswer,
  IdentityAnswer,
  Instant,
  identityAnswer,
  SessionAnswer,
  sessionAnswer,
} from './known-facts.ts'
import { recentSelf, self } from './own-account.ts'
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
  guard: recentSelf,
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
    description: 'The user, with sessions, identities and the newest 10,000 events',
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
  }
}

/** The user is an account, with the own fields of an application that has some. */
function exportSchema(auth: Auth): object {
  const { fields } = auth[internals]
  const own = { fields: documentFields(fields)[UserFieldsAnswer.title] }
  const withFields = {
    ...{ ...Account, title: 'AccountWithFields' },
    required: [...Account.required, 'fields'],
    properties: { ...Account.properties, ...own },
  }
  return {
    title: 'Export',
    type: 'object',
    required: ['user', 'sessions', 'identities', 'events'],
    properties: {
      user: fields.isOn ? withFields : Account,
      sessions: { type: 'array', items: SessionAnswer },
      identities: { type: 'array', items: IdentityAnswer },
      events: { type: 'array', items: EventAnswer },
    },
  }
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
