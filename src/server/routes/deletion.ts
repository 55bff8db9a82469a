import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Deletion } from '../../core/accounts/deletion.ts'
import type { Auth } from '../../core/auth.ts'
import type { AuthEvent } from '../../core/events/event-store.ts'
import { actorOf } from '../../core/events/events.ts'
import { secured } from '../../fastify/secured.ts'
import { accountAnswer } from '../../http/endpoints/account-answers.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { eventAnswer } from '../event-answer.ts'
import { originOfRequest } from './account.ts'
import { AccountAnswer } from './account-schemas.ts'
import { lastAdmin } from './answers.ts'
import { eventSchema } from './events.ts'
import { IdentityAnswer, identityAnswer } from './identities.ts'
import { recentUser } from './recent-login.ts'
import { Instant, SessionAnswer, sessionAnswer } from './schemas.ts'

const tags = ['me']
const DeletionAnswer = {
  title: 'Deletion',
  type: 'object',
  required: ['delete_at'],
  properties: { delete_at: Instant },
} as const
const Export = {
  title: 'Export',
  type: 'object',
  required: ['user', 'sessions', 'identities', 'events'],
  properties: {
    user: AccountAnswer,
    sessions: { type: 'array', items: SessionAnswer },
    identities: { type: 'array', items: IdentityAnswer },
    events: { type: 'array', items: eventSchema },
  },
} as const

/** Events that an export has at most. */
const mostEvents = 10_000

/** What users do who want to leave: take what is known of them, and delete their account. */
export const deletionRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { auth: Auth; deletion: Deletion; guards: Guards }
}> = async (app, { auth, deletion, guards }) => {
  app.delete(
    '/me',
    {
      schema: {
        tags,
        operationId: 'deleteMe',
        summary: 'Delete my account',
        success: 'When the account is deleted',
        problems: lastAdmin,
        description:
          'Ends every login at once. A login before the instant of the answer keeps the account.',
        response: { 202: DeletionAnswer },
      },
    },
    secured(recentUser(guards), async ({ id }, request, reply) => {
      const deleteAt = await deletion.request({ userId: id, ...originOfRequest(request) })
      return reply.code(202).send({ delete_at: deleteAt })
    }),
  )

  app.get(
    '/me/export',
    {
      schema: {
        tags,
        operationId: 'exportMe',
        summary: 'What is known of me',
        success: 'The user, with sessions, identities and the newest 10,000 events',
        response: { 200: Export },
      },
    },
    secured(guards.activeUser, async (user) => ({
      user: accountAnswer(user),
      sessions: (await auth.sessions.list(user.id)).map(sessionAnswer),
      identities: (await auth.identities.list(user.id)).map(identityAnswer),
      events: (await eventsOf(auth, user.id)).map((event) => ownEvent(event, user.id)),
    })),
  )
}

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

/** An event without the id of another user who caused it. */
function ownEvent(event: AuthEvent, userId: string): ReturnType<typeof eventAnswer> {
  const { actor, ...others } = eventAnswer(event)
  return actor === actorOf({ userId }) ? { actor, ...others } : others
}
