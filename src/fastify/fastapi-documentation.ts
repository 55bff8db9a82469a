import type { GuardDocumentation } from '../http/guards/documentation.ts'

const content = {
  'application/json': {
    schema: { type: 'object', required: ['detail'], properties: { detail: { type: 'string' } } },
  },
}

/** The refusals of a guarded route where they are like FastAPI's, by status. */
export function refusalsLikeFastApi({
  authenticates,
  scopes,
  conditions,
}: GuardDocumentation): object {
  const lacks = scopes.length > 0 ? `, or lacks the scope ${scopes.join(' ')}` : ''
  // A user who is inactive has a status of its own.
  const active = 'an active user'
  const others = new Set(conditions.map((condition) => condition.replace(active, 'a user')))
  return {
    ...(conditions.some((condition) => condition.startsWith(active)) && {
      400: { description: 'The user is inactive', content },
    }),
    ...(authenticates && {
      401: {
        description: `The access token is missing, invalid, expired or revoked${lacks}`,
        headers: { 'WWW-Authenticate': { type: 'string', description: 'RFC 6750 §3' } },
        content,
      },
    }),
    ...(others.size > 0 && { 403: { description: `Requires ${[...others].join(', ')}`, content } }),
  }
}
