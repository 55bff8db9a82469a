import type {
  ContextConfigDefault,
  FastifyBaseLogger,
  FastifyInstance,
  FastifySchema,
  FastifyTypeProvider,
  FastifyTypeProviderDefault,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
  RouteHandlerMethod,
} from 'fastify'
import type { Guard } from '../http/guard.ts'

// A wrapper that infers the request's type from its context loses the body's type: the route's
// generics are still open then. Naming Fastify's handler type and inferring only the schema and the
// type provider keeps it.

/** Fastify's handler type, in the two parameters that a route infers. */
export type Handler<
  Schema extends FastifySchema,
  Provider extends FastifyTypeProvider,
  Route extends RouteGenericInterface = RouteGenericInterface,
> = RouteHandlerMethod<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  Route,
  ContextConfigDefault,
  Schema,
  Provider
>

/** The same handler, given what a guard resolved to before the request and the reply. */
export type SecuredHandler<
  T,
  Schema extends FastifySchema,
  Provider extends FastifyTypeProvider,
  Route extends RouteGenericInterface = RouteGenericInterface,
> = (
  this: FastifyInstance<
    RawServerDefault,
    RawRequestDefaultExpression,
    RawReplyDefaultExpression,
    FastifyBaseLogger,
    Provider
  >,
  value: T,
  ...args: Parameters<Handler<Schema, Provider, Route>>
) => ReturnType<Handler<Schema, Provider, Route>>

const guardOf = new WeakMap<object, Guard<unknown>>()

/** The guard of a handler that `secured` made. */
export function guardOfHandler(handler: object): Guard<unknown> | undefined {
  return guardOf.get(handler)
}

/**
 * Makes a route's handler that runs only for requests that the guard lets pass, and is given the
 * guard's value first.
 *
 * With the `portcullis` plugin registered before the route, the guard runs before the body is read,
 * and the route's documentation names its scopes and refusals. Without it the guard still runs.
 */
export function secured<
  T,
  Schema extends FastifySchema = FastifySchema,
  Provider extends FastifyTypeProvider = FastifyTypeProviderDefault,
  Route extends RouteGenericInterface = RouteGenericInterface,
>(
  guard: Guard<T>,
  handler: SecuredHandler<T, Schema, Provider, Route>,
): Handler<Schema, Provider, Route> {
  const guarded = async function (request, reply) {
    const answer: unknown = handler.call(this, await guard(request), request, reply)
    // A handler that returns nothing sends later: the reply is what to wait for.
    return answer === undefined ? reply : await answer
  } as Handler<Schema, Provider, Route>
  guardOf.set(guarded, guard)
  return guarded
}
