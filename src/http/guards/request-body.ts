import type { IncomingHttpHeaders } from 'node:http'
import type { GuardedRequest } from '../bearer.ts'
import { recheck } from './guard.ts'

/** False only if the headers say that no body follows. HTTP/2 announces one by its type alone. */
export function mayHaveBody(headers: IncomingHttpHeaders): boolean {
  const { 'content-length': length = '0', 'content-type': type } = headers
  return length !== '0' || type !== undefined || headers['transfer-encoding'] !== undefined
}

/** Requests that are covered already. */
const covered = new WeakSet<Request>()

/** The ways to read a web-standard body whole. */
const readers = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const

/**
 * Makes a web-standard request give out its body only if its guards let it pass when the body has
 * arrived, whichever way it is read. A refusal then comes from the reading.
 *
 * Does not cover a body that is moved into another request.
 */
export function recheckAfterBody(request: Request, guarded: GuardedRequest = request): void {
  // Most requests end here, and a framework may make the body only when it is asked for.
  if (request.method === 'GET' || request.method === 'HEAD' || request.body === null) return
  if (covered.has(request)) return
  covered.add(request)
  for (const name of readers) {
    const read: unknown = request[name]
    if (typeof read !== 'function') continue
    define(request, name, async () => {
      const content: unknown = await Reflect.apply(read, request, [])
      await recheck(guarded)
      return content
    })
  }
  const { body } = request
  let stream: ReadableStream<Uint8Array> | undefined
  Object.defineProperty(request, 'body', {
    configurable: true,
    get: () => {
      stream ??= lazily(body, () => recheck(guarded))
      return stream
    },
  })
  const clone = request.clone
  define(request, 'clone', () => {
    const copy = Reflect.apply(clone, request, [])
    recheckAfterBody(copy, guarded)
    return copy
  })
}

/**
 * The same stream, which waits for `atEnd` before its end. It locks the original at the first read, so code
 * that only checks whether there is a body can still read it in another way.
 */
function lazily(
  body: ReadableStream<Uint8Array>,
  atEnd: () => Promise<unknown>,
): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        reader ??= body.getReader()
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        await atEnd()
        controller.close()
      },
      cancel: (reason) => (reader ?? body).cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

function define(request: Request, name: string, value: () => unknown): void {
  Object.defineProperty(request, name, { configurable: true, value })
}
