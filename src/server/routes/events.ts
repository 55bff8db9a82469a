import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Auth } from '../../core/auth.ts'
import { eventAnswer } from '../../core/events/event-answer.ts'
import type { AuthEventType } from '../../core/events/vocabulary.ts'
import { secured } from '../../fastify/secured.ts'
import { EventAnswer, EventType } from '../../http/endpoints/known-facts.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { NextPage, plainText } from './schemas.ts'

const text = (description: string) => ({ type: 'string', pattern: plainText, description }) as const
const instant = (description: string) =>
  ({ type: 'integer', minimum: 0, maximum: latest, description }) as const
/** The last instant of twelve digits: what is longer is no number here. */
const latest = 999_999_999_999
const numbers = ['limit', 'since', 'until']

const EventPage = {
  title: 'EventPage',
  type: 'object',
  required: ['events', 'next'],
  properties: { events: { type: 'array', items: EventAnswer }, next: NextPage },
} as const

/** What happened. In the scope of the administrators' routes. */
export const eventRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { auth: Auth; guards: Guards }
}> = async (app, { auth: { events }, guards: { requirePermission } }) => {
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
        operationId: 'listEvents',
        summary: 'What happened',
        success: 'A page of events',
        description:
          'Newest first; all conditions must hold. `next` goes into `after` for the following page.',
        querystring: {
          type: 'object',
          properties: {
            type: EventType,
            user: text('The id of the user whom it concerns'),
            client: text('The id of the client'),
            actor: text('Who did it, such as `user:<id>`'),
            since: instant('From this instant on, in seconds since 1970'),
            until: instant('Before this instant'),
            after: {
              type: 'string',
              pattern: '^[0-9]{1,12}\\.[0-9a-f\\-]{36}$',
              description: 'The `next` of the page before',
            },
            limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
          },
        },
        response: {
          200: EventPage,
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
