import type { FastifySchema } from 'fastify'
import type { OwnFields } from '../../core/users/own-fields.ts'
import type { DocumentedRoute } from '../../fastify/guard-documentation.ts'
import { nameSchemas } from '../../fastify/named-schemas.ts'
import { guardsOf } from '../../fastify/route-guards.ts'
import { documentFields } from '../../http/endpoints/user-fields.ts'
import { documentRefusal } from '../../http/refusal-documentation.ts'
import { NoContent, Role } from './schemas.ts'

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
  422: 'The username, address, password or role is refused: `errors` has every reason',
} as const
export const refusedUsername = {
  409: 'The username is taken',
  422: 'The username is refused: `errors` has the reason',
} as const
export const refusedFields = {
  422: 'The fields are refused: `errors` has every reason',
} as const
export const refusedChange = {
  409: 'The username is taken',
  422: 'The username or the fields are refused: `errors` has every reason',
} as const
export const refusedEmail = {
  409: 'Another user has verified the address',
  422: 'The address is refused: `errors` has the reason',
} as const

export const busy = {
  503: 'Too many logins at once, or the access token cannot be checked now; see Retry-After',
} as const

/** What any request with a body may be answered with. */
const unreadable = {
  413: 'The body is too large',
  415: 'The body has another media type than application/json',
} as const

/** A `transform` of `@fastify/swagger` for the server's own routes. */
type Transform = <Route extends DocumentedRoute>(
  route: Route,
) => { schema: FastifySchema; url: string }

/**
 * Writes into the document what the server's own routes answer, with names for their schemas. Only the
 * document changes: a role that there is not is refused by core, in its own words.
 *
 * @param roles Every role that a user may have.
 * @param fields The application's own fields, which the routes take for any object.
 */
export function documentAnswers(roles: () => readonly string[], fields: OwnFields): Transform {
  return ({ schema = {}, url, route, openapiObject }) => {
    const instead = { Role: { ...Role, enum: roles() }, ...documentFields(fields) }
    const name = <Documented>(documented: Documented): Documented =>
      nameSchemas(documented, { openapiObject }, instead)
    const { success, problems, response, ...takes } = schema as FastifySchema & Answers
    if (success === undefined) return { schema, url }
    const statuses = {
      ...malformed(takes, route),
      ...(takes.body !== undefined && unreadable),
      ...problems,
    }
    const successes = Object.entries(response as Record<string, object>).map(([status, answer]) => [
      status,
      answer === NoContent
        ? { ...NoContent, description: success }
        : { description: success, content: { 'application/json': { schema: answer } } },
    ])
    const refusals = Object.entries(statuses).map(([status, description]) => [
      status,
      documentRefusal(Number(status), description),
    ])
    const answers = Object.fromEntries([...successes, ...refusals])
    return { schema: { ...name(takes), response: name(answers) }, url }
  }
}

/** What is wrong with a request that cannot be read; nothing where nothing is read. */
function malformed(
  { body, params, querystring }: FastifySchema,
  { config }: DocumentedRoute['route'],
): Readonly<Record<number, string>> {
  if ([body, params, querystring].some(Boolean)) return { 400: 'The request does not fit' }
  const isGuarded = guardsOf(Object(config)).length > 0
  return isGuarded ? { 400: 'The request has more than one Authorization header' } : {}
}
