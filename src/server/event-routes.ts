import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { Auth } from '../core/auth.ts'
import { type AuthEventType, eventTypes } from '../core/event-vocabulary.ts'
import { secured } from '../fastify/secured.ts'
import type { Guards } from '../http/guards.ts'
import { type EventBody, eventAnswer } from './event-answer.ts'
import { plainText } from './schemas.ts'

const text = (description: string) =>
  Type.Optional(Type.String({ pattern: plainText, description }))
const instant = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))
const numbers = ['limit', 'since', 'until']

const said = (description: string) => Type.Optional(Type.String({ description }))

const EventAnswer = Type.Unsafe<EventBody>(
  Type.Object({
    id: Type.String(),
    type: Type.String({ enum: Object.keys(eventTypes) }),
    at: Type.Integer({ description: 'Seconds since 1970-01-01T00:00:00Z' }),
    outcome: Type.String({ enum: ['success', 'failure'] }),
    actor: said('Who did it: `user:<id>`, `client:<id>`, `cli:<name>`, `setup`, `system`'),
    user_id: said('The user whom it concerns'),
    client_id: said('The client that the request came from'),
    session_id: said('The session'),
    address: said('Where the request came from'),
    request_id: said('The `reqId` of the request in the log'),
    reason: said('Why, where the answer did not say'),
    details: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    ),
  }),
)

/** What happened. In the scope of the administrators' routes. */
export const eventRoutes: FastifyPluginAsyncTypebox<{ auth: Auth; guards: Guards }> = async (
  app,
  { auth: { events }, guards: { requirePermission } },
) => {
  app.get(
    '/events',
    {
      // A query holds text alone, and a type is not changed to fit: numbers are read here.
      preValidation: async (request) => {
        const query = request.query as Record<string, unknown>
        for (const name of numbers) {
          if (/^\d{1,12}$/.test(String(query[name]))) query[name] = Number(query[name])
        }
      },
      schema: {
        tags: ['admin'],
        summary: 'What happened',
        description:
          'Newest first; all conditions must hold. `next` goes into `after` for the following page.',
        querystring: Type.Object({
          type: Type.Optional(Type.String({ enum: Object.keys(eventTypes) })),
          user: text('The id of the user whom it concerns'),
          client: text('The id of the client'),
          actor: text('Who did it, such as `user:<id>`'),
          since: instant('From this instant on, in seconds since 1970'),
          until: instant('Before this instant'),
          after: Type.Optional(
            Type.String({
              pattern: '^\\d{1,12}\\.[0-9a-f-]{36}$',
              description: 'The `next` of the page before',
            }),
          ),
          limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
        }),
        response: {
          200: Type.Object({
            events: Type.Array(EventAnswer),
            next: Type.Union([Type.String(), Type.Null()], {
              description: 'Null on the last page',
            }),
          }),
        },
      },
    },
    secured(requirePermission('events:read'), async (_admin, { query }) => {
      const { type, user, client, actor, since, until, after, limit } = query
      const found = await events.list({
        limit: limit + 1,
        // The schema has let through nothing else.
        ...(type !== undefined && { type: type as AuthEventType }),
        ...(user !== undefined && { userId: user }),
        ...(client !== undefined && { clientId: client }),
        ...(actor !== undefined && { actor }),
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
        ...(after !== undefined && { after: parseCursor(after) }),
      })
      const page = found.slice(0, limit)
      const last = page.at(-1)
      const next = found.length > limit && last ? `${last.at}.${last.id}` : null
      return { events: page.map(eventAnswer), next }
    }),
  )
}

function parseCursor(text: string): { at: number; id: string } {
  const dot = text.indexOf('.')
  return { at: Number(text.slice(0, dot)), id: text.slice(dot + 1) }
}
