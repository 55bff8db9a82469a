import type {
  ContextConfigDefault,
  FastifyBaseLogger,
  FastifySchema,
  FastifyTypeProvider,
  FastifyTypeProviderDefault,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerBase,
  RawServerDefault,
  RouteGenericInterface,
  RouteHandlerMethod,
} from 'fastify'
import { mapAnswer } from '../core/maybe-promise.ts'
import { evaluatorOf, type Guard, noHandler, requireFunction } from '../http/guards/guard.ts'
import { putGuards } from './route-guards.ts'

// A wrapper that infers the request's type from its context loses the body's type: the route's
// generics are still open then. Naming Fastify's handler type and inferring only the schema, the type
// provider, the kind of server and its logger keeps it.

/** Fastify's handler type, in the parameters that a route infers. */
export type Handler<
  Schema extends FastifySchema,
  Provider extends FastifyTypeProvider,
  Route extends RouteGenericInterface = RouteGenericInterface,
  Server extends RawServerBase = RawServerDefault,
  Logger extends FastifyBaseLogger = FastifyBaseLogger,
> = RouteHandlerMethod<
  Server,
  RawRequestDefaultExpression<Server>,
  RawReplyDefaultExpression<Server>,
  Route,
  ContextConfigDefault,
  Schema,
  Provider,
  Logger
>

/** The same handler, given what a guard resolved to before the request and the reply. */
export type SecuredHandler<
  T,
  Schema extends FastifySchema,
  Provider extends FastifyTypeProvider,
  Route extends RouteGenericInterface = RouteGenericInterface,
  Server extends RawServerBase = RawServerDefault,
  Logger extends FastifyBaseLogger = FastifyBaseLogger,
> = (
  this: ThisParameterType<Handler<Schema, Provider, Route, Server, Logger>>,
  value: T,
  ...args: Parameters<Handler<Schema, Provider, Route, Server, Logger>>
) => ReturnType<Handler<Schema, Provider, Route, Server, Logger>>

/**
 * Makes a route's handler that runs only for requests that the guard lets pass, and is given the
 * guard's value first.
 *
 * Register the `portcullis` plugin before the route. Then the guard runs before the body is read, and
 * again when the body is here. The route's documentation names its scopes and refusals. Without the
 * plugin the guard runs once, before the handler.
 *
 * @throws {TypeError} at once, if the guard is none.
 */
export function secured<
  T,
  Schema extends FastifySchema = FastifySchema,
  Provider extends FastifyTypeProvider = FastifyTypeProviderDefault,
  Route extends RouteGenericInterface = RouteGenericInterface,
  Server extends RawServerBase = RawServerDefault,
  Logger extends FastifyBaseLogger = FastifyBaseLogger,
>(
  guard: Guard<T>,
  handler: SecuredHandler<T, Schema, Provider, Route, Server, Logger>,
): Handler<Schema, Provider, Route, Server, Logger> {
  const evaluate = evaluatorOf(guard)
  requireFunction(handler, noHandler)
  const guarded = function (request, reply) {
    return mapAnswer(evaluate(request), (value) => {
      const answer: unknown = handler.call(this, value, request, reply)
      // A handler that returns nothing sends later: the reply is what to wait for.
      return answer === undefined ? reply : answer
    })
  } as Handler<Schema, Provider, Route, Server, Logger>
  putGuards(guarded, [guard])
  return guarded
}
