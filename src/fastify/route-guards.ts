import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { evaluatorOf, type Guard, isGuard, isGuarded, recheck } from '../http/guards/guard.ts'
import { mayHaveBody } from '../http/guards/request-body.ts'

/** Where a secured handler, a guarded scope and the configuration of a finished route keep their guards. */
const guardsKey: unique symbol = Symbol('portcullis.guards')

interface Carrier {
  [guardsKey]?: readonly Guard<unknown>[]
}

/** The guards before a handler, a route or every route of a scope, outermost first. */
export function guardsOf(carrier: object | undefined): readonly Guard<unknown>[] {
  // Fastify makes a child scope with its parent as prototype.
  return (carrier as Carrier | undefined)?.[guardsKey] ?? []
}

/** Remembers the guards before a handler or a scope. */
export function putGuards(carrier: object, guards: readonly Guard<unknown>[]): void {
  Object.defineProperty(carrier, guardsKey, { value: guards })
}

/**
 * Finishes every route as it is added. The guard of a guarded one runs before the body is read. A route that
 * may have to wait for a body asks its guards again as soon as the body is there, before anything of the
 * route acts on it; those too that a hook of the application called.
 *
 * Runs for the HEAD twin of a GET route too, which comes finished.
 */
export function finishRoute(this: FastifyInstance, route: RouteOptions): void {
  if (waitsForBody(route)) {
    const others = [route.preValidation ?? []].flat().filter((hook) => hook !== recheckAfterBody)
    route.preValidation = [recheckAfterBody, ...others]
  }
  if (guardsOf(route.config).length > 0) return
  const hooks = [route.onRequest ?? []].flat()
  const guards = [...guardsOf(this), ...hooks.filter(isGuard), ...guardsOf(route.handler)]
  if (guards.length === 0) return

  // The type of a hook depends on the route's generics, which are open here.
  route.onRequest = [...hooks, ...guardsOf(route.handler)].map((hook) =>
    isGuard(hook) ? (hookOf(hook) as never) : hook,
  )
  // A new object, since routes may share one. Its type leaves no room for what plugins add.
  route.config = { ...route.config, [guardsKey]: guards } as NonNullable<typeof route.config>
}

/** Fastify reads no body of these. */
const bodyless: readonly string[] = ['GET', 'HEAD', 'TRACE']

function waitsForBody({ method }: RouteOptions): boolean {
  return [method].flat().some((each) => !bodyless.includes(each.toUpperCase()))
}

type Hook = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
) => Promise<unknown> | undefined

/** A guard as a hook that goes on at once where the guard knows at once, without a promise. */
export function hookOf(guard: Guard<unknown>): Hook {
  const evaluate = evaluatorOf(guard)
  return (request, reply, done) => {
    // The application may still say otherwise.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    const value = evaluate(request)
    if (value instanceof Promise) return value
    done()
    return undefined
  }
}

/** Checks the user again: they may have been deactivated while the body arrived. */
const recheckAfterBody: Hook = (request, _reply, done) => {
  if (isGuarded(request) && mayHaveBody(request.headers)) return recheck(request)
  done()
  return undefined
}

/** Fastify's default of 0 lets a client hold a request open for ever, its body unsent. */
export async function warnOfEndlessRequests(this: FastifyInstance): Promise<void> {
  if (this.server.requestTimeout !== 0) return
  this.log.warn(
    'Clients may take as long as they like to send a request: set requestTimeout, such as Fastify({ requestTimeout: 15_000 }).',
  )
}
