import { type GuardDocumentation, unauthenticated } from '../http/guards/documentation.ts'

/** The body of every refusal that is like FastAPI's. */
export const detailSchema = {
  title: 'ErrorDetail',
  description: 'Why the request was refused, as FastAPI says it',
  type: 'object',
  required: ['detail'],
  properties: { detail: { type: 'string', description: 'What was wrong' } },
} as const

/** What the refusals of a guarded route mean where they are like FastAPI's, by status. */
export function refusalsLikeFastApi({
  authenticates,
  scopes,
  conditions,
  maxAge,
  acrValues,
}: GuardDocumentation): Record<number, string> {
  const lacks = scopes.length > 0 ? `, or lacks the scope ${scopes.join(' ')}` : ''
  // A user who is inactive has a status of its own.
  const active = 'an active user'
  const others = new Set(conditions.map((condition) => condition.replace(active, 'a user')))
  return {
    ...(conditions.some((condition) => condition.startsWith(active)) && {
      400: 'The user is inactive',
    }),
    ...(authenticates && {
      401: `${unauthenticated({ maxAge, acrValues })}${lacks}`,
    }),
    ...(others.size > 0 && { 403: `Requires ${[...others].join(', ')}` }),
    ...(authenticates && { 503: 'The access token cannot be checked now; see Retry-After' }),
  }
}
