import type { FastifyInstance, FastifyRequest } from 'fastify'
import { inRequest } from '../../core/database-time.ts'

/** The configuration of a route whose guard asks the database, and nothing else does: that has a limit anyway. */
export const onlyGuarded: object = { guardIsAll: true }

/**
 * Gives each request of a scope one limit for all that it asks of the database, its guards included. Call it
 * before the guards of the scope are added.
 */
export function limitRequests(scope: FastifyInstance): void {
  scope.addHook('onRequest', goOn)
  // What comes after a body is called from elsewhere.
  scope.addHook('preValidation', goOn)
}

function goOn(request: FastifyRequest, _reply: unknown, done: () => void): void {
  if ('guardIsAll' in request.routeOptions.config) done()
  else inRequest(request, done)
}
