import type { FastifySchema } from 'fastify'
import type { DocumentedRoute } from '../../fastify/guard-documentation.ts'

/**
 * What a route's schema says of its answers, beside what Fastify reads in it. A problem is sent as it is,
 * by no schema, so that its text is all that there is to say.
 */
interface Answers {
  /** The description of its success. */
  readonly success?: string
  /** The statuses of its problems, beyond those of its guard and of a request that does not fit. */
  readonly problems?: Readonly<Record<number, string>>
}

export const noUser = { 404: 'There is no such user' } as const
export const missingSession = { 404: 'There is no such session' } as const
export const lastAdmin = { 409: 'It is the last active administrator' } as const
export const refused = {
  422: 'The username, password or role is refused: `errors` has every reason',
} as const

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', examples: ['about:blank'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: { type: 'array', items: { type: 'string' } },
  },
}

/**
 * Writes into the document what the server's own routes answer: a `transform` of `@fastify/swagger`.
 * Only the document changes.
 */
export function documentAnswers<Route extends DocumentedRoute>({
  schema = {},
  url,
}: Route): {
  schema: FastifySchema
  url: string
} {
  const { success, problems, ...rest } = schema as FastifySchema & Answers
  if (success === undefined) return { schema: rest, url }
  const { body, params, querystring } = rest
  const statuses = {
    ...([body, params, querystring].some(Boolean) && { 400: 'The request does not fit' }),
    ...problems,
  }
  const successes = Object.entries((rest.response ?? {}) as Record<string, object>).map(
    ([status, answer]) => [status, { ...answer, description: success }],
  )
  const refusals = Object.entries(statuses).map(([status, description]) => [
    status,
    { description, content: { 'application/problem+json': { schema: problem } } },
  ])
  return { schema: { ...rest, response: Object.fromEntries([...successes, ...refusals]) }, url }
}
