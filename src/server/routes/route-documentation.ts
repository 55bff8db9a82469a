import type { FastifySchema } from 'fastify'
import type { DocumentedRoute } from '../../fastify/guard-documentation.ts'

/** What the document says of a route beyond its schema. */
interface Answers {
  readonly operationId: string
  /** The description of its success. */
  readonly success: string
  /** The statuses of its problems, beyond those of its guard and of a request that does not fit. */
  readonly problems?: Readonly<Record<number, string>>
}

const noUser = { 404: 'There is no such user' }
const noSession = { 404: 'There is no such session' }
const lastAdmin = { 409: 'It is the last active administrator' }
const refused = { 422: 'The username, password or role is refused: `errors` has every reason' }

const answers: Readonly<Record<string, Answers>> = {
  'GET /health/live': { operationId: 'getLiveness', success: 'The process runs' },
  'GET /health/ready': {
    operationId: 'getReadiness',
    success: 'The process can serve requests',
    problems: { 503: 'It is shutting down, or the database does not answer' },
  },
  'GET /me': { operationId: 'getMe', success: 'The user of this access token' },
  'PUT /me/password': {
    operationId: 'changeMyPassword',
    success: 'The password is changed',
    problems: {
      400: 'The request does not fit, or the old password is not right',
      422: 'The new password is refused: `errors` has every reason',
      429: 'Too many wrong old passwords; see Retry-After',
      503: 'Too many logins at once; see Retry-After',
    },
  },
  'GET /me/sessions': { operationId: 'listMySessions', success: 'The sessions of the user' },
  'DELETE /me/sessions': { operationId: 'endMySessions', success: 'Every session has ended' },
  'DELETE /me/sessions/:session': {
    operationId: 'endMySession',
    success: 'The session has ended',
    problems: noSession,
  },
  'GET /admin/stats': { operationId: 'getStats', success: 'The number of users' },
  'GET /admin/events': { operationId: 'listEvents', success: 'A page of events' },
  'GET /admin/users': { operationId: 'listUsers', success: 'A page of users' },
  'POST /admin/users': {
    operationId: 'createUser',
    success: 'The new user',
    problems: { 409: 'The username is taken', ...refused },
  },
  'GET /admin/users/:id': { operationId: 'getUser', success: 'The user', problems: noUser },
  'DELETE /admin/users/:id': {
    operationId: 'deleteUser',
    success: 'The user is deleted',
    problems: { ...noUser, ...lastAdmin },
  },
  'PUT /admin/users/:id/role': {
    operationId: 'changeUserRole',
    success: 'The changed user',
    problems: { ...noUser, ...lastAdmin, ...refused },
  },
  'PUT /admin/users/:id/password': {
    operationId: 'setUserPassword',
    success: 'The password is set',
    problems: { ...noUser, ...refused, 503: 'Too many logins at once; see Retry-After' },
  },
  'POST /admin/users/:id/deactivate': {
    operationId: 'deactivateUser',
    success: 'The inactive user',
    problems: { ...noUser, ...lastAdmin },
  },
  'POST /admin/users/:id/reactivate': {
    operationId: 'reactivateUser',
    success: 'The active user',
    problems: noUser,
  },
  'POST /admin/users/:id/unlock': {
    operationId: 'unlockUser',
    success: 'The user, who can try again at once',
    problems: noUser,
  },
  'GET /admin/users/:id/sessions': {
    operationId: 'listUserSessions',
    success: 'The sessions of the user',
    problems: noUser,
  },
  'DELETE /admin/users/:id/sessions': {
    operationId: 'endUserSessions',
    success: 'Every session of the user has ended',
    problems: noUser,
  },
  'DELETE /admin/users/:id/sessions/:session': {
    operationId: 'endUserSession',
    success: 'The session has ended',
    problems: noSession,
  },
  'GET /admin/users/:id/identities': {
    operationId: 'listUserIdentities',
    success: 'The identities of the user',
    problems: noUser,
  },
  'POST /admin/users/:id/identities': {
    operationId: 'linkUserIdentity',
    success: 'The new link',
    problems: { ...noUser, 409: 'The identity is linked already', 422: 'There is no such issuer' },
  },
  'DELETE /admin/users/:id/identities': {
    operationId: 'unlinkUserIdentity',
    success: 'The link has ended',
    problems: { 404: 'This identity is not linked to this user' },
  },
}

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
 * Only the document changes; a problem is sent as it is, by no schema.
 */
export function documentAnswers<Route extends DocumentedRoute>({
  schema,
  url,
  route,
}: Route): {
  schema: FastifySchema
  url: string
} {
  const { method } = route as { method?: unknown }
  const found = answers[`${method} ${url}`]
  if (schema === undefined || found === undefined) return { schema: schema ?? {}, url }
  const { body, params, querystring } = schema
  const problems = {
    ...([body, params, querystring].some(Boolean) && { 400: 'The request does not fit' }),
    ...found.problems,
  }
  const successes = Object.entries((schema.response ?? {}) as Record<string, object>).map(
    ([status, answer]) => [status, { ...answer, description: found.success }],
  )
  const refusals = Object.entries(problems).map(([status, description]) => [
    status,
    { description, content: { 'application/problem+json': { schema: problem } } },
  ])
  const response = Object.fromEntries([...successes, ...refusals])
  return { schema: { ...schema, operationId: found.operationId, response } as FastifySchema, url }
}
