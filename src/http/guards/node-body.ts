import type { IncomingMessage, ServerResponse } from 'node:http'
import { recheck } from './guard.ts'
import { mayHaveBody } from './request-body.ts'

/** Requests whose end is held back. */
const held = new WeakSet<IncomingMessage>()

/** True if the guards are asked again before any reader gets the end of the body. */
export function isEndHeld(request: IncomingMessage): boolean {
  return held.has(request)
}

/**
 * Holds back the end of a body until the guards have let the request pass once more, because a parser calls
 * the next handler at the end. If they refuse, `refuse` is called and has to answer. The reader then never
 * gets an end, and is freed with the request.
 *
 * Does nothing for a request without a body, or whose body has been read.
 */
export function recheckBeforeEnd(
  request: IncomingMessage,
  response: ServerResponse,
  refuse: (error: unknown) => void,
): void {
  if (held.has(request) || request.readableEnded || !mayHaveBody(request.headers)) return
  held.add(request)
  const emit = request.emit
  const pass = (event: string | symbol, values: readonly unknown[]): boolean =>
    Reflect.apply(emit, request, [event, ...values])
  let isAsking = false
  let isClosed = false
  async function ask(): Promise<void> {
    try {
      await recheck(request)
    } catch (error) {
      return refuse(error)
    }
    request.emit = emit
    request.emit('end')
    if (isClosed) request.emit('close')
  }
  request.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    // After the answer, Node.js itself reads the rest of the body.
    if (event === 'end' && !response.writableEnded) {
      isAsking = true
      void ask()
      return true
    }
    // A reader that heard of this first would take the body for cut off, or for whole.
    if (event !== 'close' || !isAsking) return pass(event, values)
    isClosed = true
    return true
  }
}
