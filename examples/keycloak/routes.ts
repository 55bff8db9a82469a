// The application. It is the same before, during and after its move.

import Fastify from 'fastify'
import type { Auth } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import type { ResourceServer } from 'portcullis/issuers'
import { createGuards } from 'portcullis/web'

export const roles = { admin: ['*'], reader: ['items:read'], member: [] } as const

export async function serve(auth: Auth | ResourceServer): Promise<void> {
  const { activeUser, requirePermission, requireRole } = createGuards(auth)
  const app = Fastify()
  await app.register(portcullis, { auth })
  app.get(
    '/me',
    secured(activeUser, ({ username, role }) => ({ username, role })),
  )
  app.get(
    '/items',
    secured(requirePermission('items:read'), () => ['hammer']),
  )
  app.delete('/items', { onRequest: requireRole('admin') }, () => 'gone')
  console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }))
}
