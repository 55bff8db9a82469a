import type { ServerResponse } from 'node:http'
import { ThrottledError, UnavailableError } from '../core/errors.ts'
import { createProblem, problemMediaType } from '../http/problem.ts'
import { Refusal } from '../http/refusal.ts'

/** An answer as plain data, before it is a `Response` or written to Node's. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: object | undefined
}

/** The answer to what a guard throws; null for an error that is no refusal. */
export function answerRefusal(error: unknown): Answer | null {
  if (error instanceof Refusal) return refuse(error.statusCode, error.message, error.headers)
  const status =
    error instanceof UnavailableError ? 503 : error instanceof ThrottledError ? 429 : undefined
  if (status === undefined) return null
  const { message, retryAfter } = error as UnavailableError | ThrottledError
  return refuse(status, message, { 'retry-after': String(retryAfter) })
}

function refuse(status: number, detail: string, headers: Readonly<Record<string, string>>): Answer {
  return {
    status,
    headers: { ...headers, 'content-type': problemMediaType },
    body: createProblem(status, detail),
  }
}

export function toResponse({ status, headers, body }: Answer): Response {
  return body === undefined
    ? new Response(null, { status, headers })
    : Response.json(body, { status, headers })
}

export function send({ status, headers, body }: Answer, response: ServerResponse): void {
  if (body === undefined) response.writeHead(status, headers).end()
  else {
    const type = { 'content-type': 'application/json' }
    response.writeHead(status, { ...type, ...headers }).end(JSON.stringify(body))
  }
}
