import type { ServerResponse } from 'node:http'

/** An answer as plain data, before it is a `Response` or written to Node's. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The values of `Set-Cookie`. Default none. */
  readonly cookies?: readonly string[]
  /** To be sent as JSON; a text as it is, of the type that the headers say. Null for no content. */
  readonly body: object | string | null
}

const json = { 'content-type': 'application/json' }

/** The answer to a request of the method: to HEAD, without its body. */
export function toResponse(
  { status, headers, cookies = [], body }: Answer,
  method = 'GET',
): Response {
  const response = new Response(method === 'HEAD' ? null : textOf(body), {
    status,
    headers: { ...(body && json), ...headers },
  })
  for (const cookie of cookies) response.headers.append('set-cookie', cookie)
  return response
}

/** Writes the answer to a response of Node, which leaves out the body for HEAD. */
export function send({ status, headers, cookies, body }: Answer, response: ServerResponse): void {
  response.writeHead(status, {
    ...(body && json),
    ...headers,
    ...(cookies && { 'set-cookie': [...cookies] }),
  })
  response.end(textOf(body) ?? undefined)
}

function textOf(body: Answer['body']): string | null {
  return body === null || typeof body === 'string' ? body : JSON.stringify(body)
}
