import type { ServerResponse } from 'node:http'

/** An answer as plain data, before it is a `Response` or written to Node's. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Null for an answer without content. */
  readonly body: object | null
}

const json = { 'content-type': 'application/json' }

/** The answer to a request of the method: to HEAD, without its body. */
export function toResponse({ status, headers, body }: Answer, method = 'GET'): Response {
  const text = method === 'HEAD' || body === null ? null : JSON.stringify(body)
  return new Response(text, { status, headers: { ...(body && json), ...headers } })
}

/** Writes the answer to a response of Node, which leaves out the body for HEAD. */
export function send({ status, headers, body }: Answer, response: ServerResponse): void {
  response.writeHead(status, { ...(body && json), ...headers })
  response.end(body === null ? undefined : JSON.stringify(body))
}
