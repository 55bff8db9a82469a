/** What the body of every error has. */
export interface ErrorDetail {
  /** What was wrong and what to do. Where a client of FastAPI looks first. */
  readonly detail: string
  /** The code of the cause, for programs: `username_taken`. Absent where the status says all. */
  readonly code?: string
}

/** An error as the server sends it: `application/problem+json` (RFC 9457 §3.1). */
export interface Problem extends ErrorDetail {
  /** Always `about:blank`: the status says what kind it is (RFC 9457 §4.2.1). */
  readonly type: 'about:blank'
  /** The name of the status. */
  readonly title: string
  /** The HTTP status, once more. */
  readonly status: number
  /** Every reason, for a refusal that may have several. */
  readonly errors?: readonly string[]
}

/** A problem as JSON Schema. */
export const problemSchema = {
  title: 'Problem',
  description: 'Why the request was refused (RFC 9457)',
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', description: 'Always `about:blank`: the status says what kind it is' },
    title: { type: 'string', description: 'The name of the status' },
    status: { type: 'integer', description: 'The HTTP status, once more' },
    detail: { type: 'string', description: 'What was wrong and what to do' },
    code: { type: 'string', description: 'The code of the cause, for programs' },
    errors: {
      type: 'array',
      items: { type: 'string' },
      description: 'Every reason, for a refusal that may have several',
    },
  },
} as const

export const problemMediaType = 'application/problem+json; charset=utf-8'

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** Returns the body of an error. `detail` is public; what is not given, or empty, is left out. */
export function createProblem(
  status: number,
  detail: string,
  { code, errors = [] }: Partial<Pick<Problem, 'code' | 'errors'>> = {},
): Problem {
  const title = titles[status] ?? (status < 500 ? 'Bad Request' : 'Internal Server Error')
  return {
    ...{ type: 'about:blank', title, status, detail },
    ...(code !== undefined && { code }),
    ...(errors.length > 0 && { errors }),
  }
}
