import { schemeName, unauthenticated } from '../guards/documentation.ts'
import { documentRefusal } from '../refusal-documentation.ts'
import { bodySchema, type Members } from './json-members.ts'

/** What the OpenAPI document says of a JSON endpoint. */
export interface JsonOperation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** The name of the body. */
  readonly body: string
  readonly success: {
    readonly status: number
    readonly description: string
    /** The body as a JSON Schema; null for none. */
    readonly schema: object | null
  }
  /** What refusals mean here, beyond those of every such endpoint. */
  readonly refusals?: Readonly<Record<number, string>>
}

const common: Readonly<Record<number, string>> = {
  400: 'The body does not fit',
  405: 'Another method than POST; see Allow',
  413: 'The body is too large',
  415: 'The body has another media type than application/json',
  503: 'Not done now; see Retry-After',
}

/** Of an endpoint for users who are logged in. */
const ofUsers: Readonly<Record<number, string>> = {
  401: unauthenticated(undefined),
  403: 'Requires an active user',
}

const detailSchema = {
  title: 'ErrorDetail',
  description: 'Why the request was refused, as FastAPI says it',
  type: 'object',
  required: ['detail'],
  properties: { detail: { type: 'string', description: 'What was wrong' } },
} as const

/**
 * The OpenAPI operation of a JSON endpoint. A schema with a title is a named one of the document.
 *
 * @param likeFastApi Refusals have `detail` alone.
 */
export function documentJson(
  { body, success, refusals, ...texts }: JsonOperation,
  members: Members,
  { isGuarded, likeFastApi }: { readonly isGuarded: boolean; readonly likeFastApi: boolean },
): object {
  const refusal = (code: string, each: string): object =>
    likeFastApi
      ? documentRefusal(Number(code), each, 'application/json', detailSchema)
      : documentRefusal(Number(code), each)
  const { status, description, schema: answer } = success
  return {
    tags: [isGuarded ? 'auth' : 'accounts'],
    security: isGuarded ? [{ [schemeName]: [] }] : [],
    ...texts,
    body: bodySchema(body, members),
    response: {
      [status]:
        answer === null
          ? { type: 'null', description }
          : { description, content: { 'application/json': { schema: answer } } },
      ...Object.fromEntries(
        Object.entries({ ...common, ...(isGuarded && ofUsers), ...refusals }).map(
          ([code, each]) => [code, refusal(code, each)],
        ),
      ),
    },
  }
}
