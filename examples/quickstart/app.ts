// A login, and two routes that need one.

import Fastify from 'fastify'
import { createAuth, createGuards } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { sqlite } from 'portcullis/stores/sqlite'

const auth = await createAuth({ store: sqlite('app.db') })
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
const { activeUser, requireRole } = createGuards(auth)

const app = Fastify()
await app.register(portcullis, { auth })
app.get(
  '/me',
  secured(activeUser, ({ username, role }) => ({ username, role })),
)
app.get(
  '/admin/stats',
  secured(requireRole('admin'), async () => await auth.users.counts()),
)

console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }))
