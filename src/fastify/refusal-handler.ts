import type { FastifyError, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Compatibility } from '../core/compatibility.ts'
import { OverloadedError, UnavailableError } from '../core/errors.ts'
import { answerError, type ErrorAnswer } from '../http/error-answers.ts'
import { combine } from '../http/guards/documentation.ts'
import { createProblem, type ErrorDetail, problemMediaType } from '../http/problem.ts'
import { guardsOf } from './route-guards.ts'

/** Sends an error as `application/problem+json` (RFC 9457). */
export function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  const headers = { 'content-type': problemMediaType }
  return send(reply, { status, headers, body: createProblem(status, detail) })
}

function send(
  reply: FastifyReply,
  { status, headers, body }: ErrorAnswer<ErrorDetail>,
): FastifyReply {
  // As text, so that no schema of the route filters what it says.
  return reply.code(status).headers(headers).send(JSON.stringify(body))
}

/**
 * Answers an error of this library, as `answerError` says; false if the error is something else. Logs why
 * something is unavailable, which the client is not told.
 *
 * @param compatibility Where no guard of the route says it. Default null.
 */
export function sendRefusal(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  compatibility: Compatibility | null = null,
): boolean {
  const guards = guardsOf(Object(request.routeOptions.config))
  const style = combine(guards.map(({ documentation }) => documentation))
  const answer = answerError(error, { compatibility, ...style })
  if (answer === null) return false
  if (error instanceof UnavailableError) logUnavailable(request, error)
  send(reply, answer)
  return true
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

/**
 * The error handler of a route: errors of this library are ours, and the rest goes to the handler of the
 * scope, which is the application's.
 */
export function handleRefusal(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): unknown {
  return handle(error, request, reply, null)
}

function handle(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  compatibility: Compatibility | null,
): unknown {
  if (sendRefusal(error, request, reply, compatibility)) return undefined
  if (error instanceof Error) return void reply.send(error)
  // Sent on as it is, a thrown text would be an answer, with status 200.
  return request.server.errorHandler(error as FastifyError, request, reply)
}

/**
 * Returns a hook that puts this handler before the error handler of the scope, for a route that has none
 * of its own. For each route, since Fastify refuses a second `setErrorHandler` in one scope, and the first
 * is the application's.
 */
export function answerRefusals(compatibility: Compatibility | null): (route: RouteOptions) => void {
  const handler: RouteOptions['errorHandler'] = (error, request, reply) =>
    handle(error, request, reply, compatibility)
  return (route) => {
    route.errorHandler ??= handler
  }
}
