import { problemSchema } from '../problem.ts'
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
  likeFastApi: boolean,
): object {
  const [mediaType, schema] = likeFastApi
    ? ['application/json', detailSchema]
    : ['application/problem+json', problemSchema]
  const { status, description, schema: answer } = success
  return {
    tags: ['accounts'],
    // Open: whoever asks need not be a user yet.
    security: [],
    ...texts,
    body: bodySchema(body, members),
    response: {
      [status]:
        answer === null
          ? { type: 'null', description }
          : { description, content: { 'application/json': { schema: answer } } },
      ...Object.fromEntries(
        Object.entries({ ...common, ...refusals }).map(([code, each]) => [
          code,
          documentRefusal(Number(code), each, mediaType, schema),
        ]),
      ),
    },
  }
}
