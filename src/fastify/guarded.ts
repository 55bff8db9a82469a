import type { FastifyInstance, FastifyPluginAsync, FastifyPluginOptions } from 'fastify'
import type { Guard } from '../http/guards/guard.ts'
import { finishRoute, guardsOf, hookOf, putGuards } from './route-guards.ts'

/** Says that the routes are loaded, or why they are not. */
type Done = (error?: Error) => void
/** What loads routes at once, by a promise or, with three parameters, when it calls the last. */
type Plugin<Options> = (scope: FastifyInstance, options: Options, done: Done) => unknown

/**
 * Puts one guard before every route of a plugin, as `dependencies=[...]` does for a router of
 * FastAPI: `app.register(guarded(requireRole('admin'), adminRoutes), { prefix: '/admin' })`.
 *
 * The guards of the routes themselves run after it. The plugin may be async, plain, or call `done`.
 *
 * @throws {TypeError} at once, if the guard is none.
 */
export function guarded<Options extends FastifyPluginOptions = FastifyPluginOptions>(
  guard: Guard<unknown>,
  plugin: Plugin<Options>,
): FastifyPluginAsync<Options>
export function guarded<Options extends FastifyPluginOptions = FastifyPluginOptions>(
  guard: Guard<unknown>,
  plugin: FastifyPluginAsync<Options>,
): FastifyPluginAsync<Options>
export function guarded<Options extends FastifyPluginOptions>(
  guard: Guard<unknown>,
  plugin: Plugin<Options>,
): FastifyPluginAsync<Options> {
  const hook = hookOf(guard)
  return async function guardedRoutes(scope, options) {
    putGuards(scope, [...guardsOf(scope), guard])
    scope.addHook('onRequest', hook)
    // For an application without our plugin; it finishes no route twice.
    scope.addHook('onRoute', finishRoute)
    await new Promise<void>((resolve, reject) => {
      const done: Done = (error) => (error ? reject(error) : resolve())
      const loaded = Promise.resolve(plugin(scope, options, done))
      loaded.then(() => plugin.length < 3 && resolve(), reject)
    })
  }
}
