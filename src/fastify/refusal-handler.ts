import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { OverloadedError, ThrottledError, UnavailableError } from '../core/errors.ts'
import { createProblem, problemMediaType } from '../http/problem.ts'
import { Refusal } from '../http/refusal.ts'

/** Sends an error as `application/problem+json` (RFC 9457). */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  errors?: readonly string[],
): FastifyReply {
  // As text, so that no schema of the route filters what it says.
  const body = JSON.stringify(createProblem(status, detail, errors))
  return reply.code(status).header('content-type', problemMediaType).send(body)
}

/** Answers a guard's refusal; false if the error is something else. */
export function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): boolean {
  if (error instanceof Refusal) {
    reply.headers(error.headers)
    sendProblem(reply, error.statusCode, error.message)
    return true
  }
  if (error instanceof UnavailableError) {
    logUnavailable(request, error)
    reply.header('retry-after', error.retryAfter)
    sendProblem(reply, 503, error.message)
    return true
  }
  if (error instanceof ThrottledError) {
    reply.header('retry-after', error.retryAfter)
    sendProblem(reply, 429, error.message)
    return true
  }
  return false
}

/** Causes that are in the log: one error may be the cause of many answers. */
const logged = new WeakSet<object>()

/**
 * Logs why there was no answer: a failure with its cause, once for each; after that, and for overload, of
 * which there is much when there is any, a line.
 */
export function logUnavailable({ log }: FastifyRequest, error: UnavailableError): void {
  const { cause } = error
  if (error instanceof OverloadedError) log.warn({ code: 'overloaded' }, error.message)
  else if (logged.has(Object(cause))) log.info({ code: 'unavailable' }, error.message)
  else {
    if (cause instanceof Error) logged.add(cause)
    log.error({ err: cause ?? error }, error.message)
  }
}

/** The error handler of a guarded route: refusals are ours, the rest goes to the application's. */
export function handleRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (!sendRefusal(error, request, reply)) reply.send(toError(error))
}

// What is thrown may be anything. Sent on as it is, a text would be an answer, with status 200.
function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  const { statusCode, message = thrown } = Object(thrown) as Partial<FastifyError>
  return Object.assign(new Error(String(message), { cause: thrown }), { statusCode })
}
