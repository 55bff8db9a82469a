import { type GuardDocumentation, schemeName, unauthenticated } from '../guards/documentation.ts'
import { documentRefusal } from '../refusal-documentation.ts'
import { bodySchema, type Members } from './json-members.ts'

/** The success of a JSON endpoint. */
export interface JsonSuccess {
  readonly status: number
  readonly description: string
  /** The body as a JSON Schema; null for none. */
  readonly schema: object | null
}

/** What the OpenAPI document says of a JSON endpoint. */
export interface JsonOperation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  /** The group of operations. Default `accounts`; `auth` for users who are logged in. */
  readonly tag?: string
  readonly success: JsonSuccess
  /** What refusals mean here, beyond those of every such endpoint. */
  readonly refusals?: Readonly<Record<number, string>>
}

/** What is known of an endpoint beside its texts. */
export interface DocumentedJson {
  /** The body, by its name; null if none is read. */
  readonly body: { readonly name: string; readonly members: Members } | null
  /** Whether its path ends with an id. */
  readonly parameter: boolean
  /** Its guard; undefined: everybody may ask. */
  readonly guard: GuardDocumentation | undefined
  /** The method that others are refused for; null where those are left to the application. */
  readonly onlyMethod: string | null
  /** Refusals have `detail` alone, or `code` beside it. */
  readonly likeFastApi: boolean
  /** As of `AnswerStyle`. */
  readonly tellsCode: boolean
}

/** Refusals of every endpoint of the kind. */
function commonRefusals({ body, guard, onlyMethod }: DocumentedJson): Record<number, string> {
  const texts: Record<number, string> = {
    400: body ? 'The body does not fit' : 'The request has more than one Authorization header',
    503: 'Not done now; see Retry-After',
  }
  if (onlyMethod) texts[405] = `Another method than ${onlyMethod}; see Allow`
  if (body) {
    texts[413] = 'The body is too large'
    texts[415] = 'The body has another media type than application/json'
  }
  if (guard) {
    texts[401] = unauthenticated(guard)
    texts[403] = forbidden(guard)
  }
  return texts
}

const idParameter = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string' } },
} as const

function forbidden({ refusesApiKeys }: GuardDocumentation): string {
  return refusesApiKeys
    ? 'Requires an active user with a login; an API key is refused'
    : 'Requires an active user'
}

const detailSchema = {
  title: 'ErrorDetail',
  description: 'Why the request was refused, as FastAPI says it',
  type: 'object',
  required: ['detail'],
  properties: { detail: { type: 'string', description: 'What was wrong' } },
} as const

const codedDetailSchema = {
  ...detailSchema,
  title: 'CodedErrorDetail',
  properties: {
    ...detailSchema.properties,
    code: { type: 'string', description: 'The code of the cause, for programs' },
  },
} as const

/** The OpenAPI operation of a JSON endpoint. A schema with a title is a named one of the document. */
export function documentJson(
  { tag, success, refusals, ...texts }: JsonOperation,
  endpoint: DocumentedJson,
): object {
  const { body, guard, likeFastApi, tellsCode } = endpoint
  const likeThere = tellsCode ? codedDetailSchema : detailSchema
  const refusal = (code: string, each: string): object =>
    likeFastApi
      ? documentRefusal(Number(code), each, 'application/json', likeThere)
      : documentRefusal(Number(code), each)
  const { status, description, schema: answer } = success
  return {
    tags: [tag ?? (guard ? 'auth' : 'accounts')],
    security: guard ? [{ [schemeName]: [] }] : [],
    ...texts,
    ...(endpoint.parameter && { params: idParameter }),
    ...(body && { body: bodySchema(body.name, body.members) }),
    response: {
      [status]:
        answer === null
          ? { type: 'null', description }
          : { description, content: { 'application/json': { schema: answer } } },
      ...Object.fromEntries(
        Object.entries({ ...commonRefusals(endpoint), ...refusals }).map(([code, each]) => [
          code,
          refusal(code, each),
        ]),
      ),
    },
  }
}
