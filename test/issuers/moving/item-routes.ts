// The guarded routes of an application. They are the same before, during and after its move to an
// identity provider: moving.test.ts holds this file to its hash.

import type { FastifyInstance } from 'fastify'
import { secured } from '../../../src/fastify/secured.ts'
import type { Guards } from '../../../src/http/guards/guards.ts'

export function itemRoutes(
  app: FastifyInstance,
  { activeUser, requirePermission, requireRole }: Guards,
): void {
  app.get(
    '/me',
    secured(activeUser, ({ id, username, role }) => ({ id, username, role })),
  )
  app.get(
    '/items',
    secured(requirePermission('items:read'), () => ['hammer']),
  )
  app.delete('/items', { onRequest: requireRole('admin') }, () => 'gone')
}
