import type { FastifyInstance, FastifyPluginAsync, FastifyPluginOptions } from 'fastify'
import type { Guard } from '../http/guards/guard.ts'

const guardsOf = new WeakMap<object, readonly Guard<unknown>[]>()

/** The guards that stand before every route of an instance, outermost first. */
export function guardsOfScope(instance: object): readonly Guard<unknown>[] {
  // Fastify makes a child scope with its parent as prototype.
  for (let scope: object | null = instance; scope !== null; scope = Object.getPrototypeOf(scope)) {
    const found = guardsOf.get(scope)
    if (found) return found
  }
  return []
}

/**
 * Puts one guard before every route of a plugin, as `dependencies=[...]` does for a router of
 * FastAPI: `app.register(guarded(requireRole('admin'), adminRoutes), { prefix: '/admin' })`.
 *
 * The guards of the routes themselves run after it.
 */
export function guarded<Options extends FastifyPluginOptions = FastifyPluginOptions>(
  guard: Guard<unknown>,
  plugin: FastifyPluginAsync<Options> | ((scope: FastifyInstance, options: Options) => void),
): FastifyPluginAsync<Options> {
  return async function guardedRoutes(scope, options) {
    guardsOf.set(scope, [...guardsOfScope(scope), guard])
    scope.addHook('onRequest', guard)
    await plugin(scope, options)
  }
}
