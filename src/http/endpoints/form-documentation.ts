import { documentRefusal } from '../refusal-documentation.ts'

const text = { type: 'string' } as const

/** How a client names itself without HTTP Basic, as JSON Schemas. */
export const clientFields: Readonly<Record<string, object>> = {
  client_id: text,
  client_secret: { type: 'string', format: 'password' },
}

/** The form of an endpoint that takes one token. */
function tokenForm(title: string): object {
  return {
    title,
    type: 'object',
    required: ['token'],
    properties: { token: { type: 'string', minLength: 1 }, token_type_hint: text, ...clientFields },
  }
}

/** Why a form was refused. */
function errorSchema(detailAlone: boolean): object {
  return {
    title: detailAlone ? 'LoginErrorResponse' : 'TokenErrorResponse',
    description: 'Why a form was refused (RFC 6749 §5.2)',
    type: 'object',
    required: detailAlone ? ['detail'] : ['error', 'error_description', 'detail'],
    properties: {
      error: { type: 'string', description: 'The code of the cause' },
      error_description: { type: 'string', description: 'What was wrong and what to do' },
      detail: { type: 'string', description: 'The same, where clients of FastAPI look' },
    },
  }
}

interface FormOperation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** The form as a JSON Schema; or, of one that takes one token, its name. */
  readonly form: object | string
  /** What 200 means here. */
  readonly success: string
  /** The body of that answer, as a JSON Schema. */
  readonly answer: object
  /** What the refusals 400, 401, 429 and 503 mean here. */
  readonly refusals: Readonly<Record<400 | 401 | 429 | 503, string>>
  /** The status whose body may have `detail` alone. Default: none. */
  readonly detailAlone?: number
}

/**
 * The OpenAPI operation of a form endpoint. A schema with a title is a named one of the document.
 */
export function documentForm({
  form,
  success,
  answer,
  refusals,
  description,
  detailAlone,
  ...texts
}: FormOperation): object {
  const descriptions = {
    ...refusals,
    405: 'Another method than POST; see Allow',
    413: 'The form is too large',
    415: 'The form is compressed',
  }
  return {
    tags: ['auth'],
    // Open: the form holds the client's credentials.
    security: [],
    ...texts,
    description: `${description} The form may be \`multipart/form-data\` too.`,
    // One alone: of two with one schema a generator makes a client that sends both at once.
    consumes: ['application/x-www-form-urlencoded'],
    body: typeof form === 'string' ? tokenForm(form) : form,
    response: {
      200: { description: success, content: { 'application/json': { schema: answer } } },
      ...Object.fromEntries(
        Object.entries(descriptions).map(([status, each]) => [
          status,
          documentRefusal(
            Number(status),
            each,
            'application/json',
            errorSchema(Number(status) === detailAlone),
          ),
        ]),
      ),
    },
  }
}
