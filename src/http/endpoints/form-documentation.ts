import { formMediaTypes } from '../form.ts'

const text = { type: 'string' } as const

/** How a client names itself without HTTP Basic, as JSON Schemas. */
export const clientFields: Readonly<Record<string, object>> = {
  client_id: text,
  client_secret: { type: 'string', format: 'password' },
}

/** The form of an endpoint that takes one token. */
const tokenForm = {
  type: 'object',
  required: ['token'],
  properties: { token: { type: 'string', minLength: 1 }, token_type_hint: text, ...clientFields },
}

function refusal(description: string, detailAlone: boolean): object {
  return {
    description,
    type: 'object',
    required: detailAlone ? ['detail'] : ['error', 'error_description', 'detail'],
    properties: { error: text, error_description: text, detail: text },
  }
}

interface FormOperation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** The form as a JSON Schema. Default: one token. */
  readonly body?: object
  readonly success: object
  /** What the refusals 400, 401, 429 and 503 mean here. */
  readonly refusals: Readonly<Record<400 | 401 | 429 | 503, string>>
  /** The status whose body may have `detail` alone. Default: none. */
  readonly detailAlone?: number
}

/** The OpenAPI operation of a form endpoint. */
export function documentForm({
  body = tokenForm,
  success,
  refusals,
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
    ...texts,
    consumes: [...formMediaTypes],
    body,
    response: {
      200: success,
      ...Object.fromEntries(
        Object.entries(descriptions).map(([status, each]) => [
          status,
          refusal(each, Number(status) === detailAlone),
        ]),
      ),
    },
  }
}
