import type { ServerResponse } from 'node:http'

/** An answer as plain data, before it is a `Response` or written to Node's. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: object | undefined
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
