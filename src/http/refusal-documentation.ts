import { problemSchema } from './problem.ts'

/** The headers of a refusal, as OpenAPI has them in a route's schema. */
const headers: Readonly<Record<number, object>> = {
  401: {
    'WWW-Authenticate': { type: 'string', description: 'How to authenticate (RFC 9110 §11.6.1)' },
  },
  405: { Allow: { type: 'string', description: 'The methods that the path has' } },
  429: { 'Retry-After': { type: 'integer', description: 'Seconds' } },
  503: { 'Retry-After': { type: 'integer', description: 'Seconds' } },
}

/** A refusal as OpenAPI describes one: by default a problem (RFC 9457). */
export function documentRefusal(
  status: number,
  description: string,
  mediaType = 'application/problem+json',
  schema: object = problemSchema,
): object {
  return {
    description,
    ...(status in headers && { headers: headers[status] }),
    content: { [mediaType]: { schema } },
  }
}
