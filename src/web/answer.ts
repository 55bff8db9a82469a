import type { ServerResponse } from 'node:http'

/** An answer as plain data, before it is a `Response` or written to Node's. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** To be sent as JSON; a text as it is, of the type that the headers say. Null for no content. */
  readonly body: object | string | null
}

const json = { 'content-type': 'application/json' }

/** The answer to a request of the method: to HEAD, without its body. */
export function toResponse({ status, headers, body }: Answer, method = 'GET'): Response {
  return new Response(method === 'HEAD' ? null : textOf(body), {
    status,
    headers: { ...(body && json), ...headers },
  })
}

/** Writes the answer to a response of Node, which leaves out the body for HEAD. */
export function send({ status, headers, body }: Answer, response: ServerResponse): void {
  response.writeHead(status, { ...(body && json), ...headers })
  response.end(textOf(body) ?? undefined)
}

function textOf(body: Answer['body']): string | null {
  return body === null || typeof body === 'string' ? body : JSON.stringify(body)
}
