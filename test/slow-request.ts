// A request whose body comes later than its head: what a client may do for minutes.

import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Store } from '../src/core/store.ts'

export interface SlowRequest {
  /** Sends the rest of the body, and returns the answer. */
  finish(): Promise<{ status: number; body: string; headers: IncomingMessage['headers'] }>
}

/** Sends the head of a request over a socket, and the first byte of its body. */
export function openSlowly(
  url: string,
  { method = 'POST', headers = {}, body }: SlowOptions,
): SlowRequest {
  const json = JSON.stringify(body)
  const outgoing = request(url, {
    method,
    headers: { 'content-type': 'application/json', 'content-length': json.length, ...headers },
  })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  outgoing.write(json.slice(0, 1))
  return {
    async finish() {
      outgoing.end(json.slice(1))
      const [response] = await answered
      const { statusCode: status = 0, headers } = response
      return { status, body: await text(response), headers }
    },
  }
}

interface SlowOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: object
}

/** Tells when a store has looked at a user, as every guard asks of it. */
export function watchSubjects(store: Store): () => Promise<void> {
  let tell = (): void => {}
  const findSubject = store.findSubject.bind(store)
  Object.defineProperty(store, 'findSubject', {
    value: (...ids: Parameters<typeof findSubject>) => {
      const subject = findSubject(...ids)
      tell()
      return subject
    },
  })
  return () =>
    new Promise((resolve) => {
      tell = resolve
    })
}
