// A login for the members of an application, who are in a table of its own.

import { eq } from 'drizzle-orm'
import Fastify from 'fastify'
import { createAuth, createGuards } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { openDatabase } from './database.ts'
import { readKey } from './key.ts'
import { members } from './schema.ts'
import { ownStore } from './store.ts'

const db = openDatabase('app.db')
const auth = await createAuth({ store: ownStore(db), keyEncryptionKey: readKey('app.key') })
// Only while there are no members.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
const { activeUser, requireRole } = createGuards(auth)

const app = Fastify()
await app.register(portcullis, { auth })

const profile = { login: members.login, email: members.email, displayName: members.displayName }
app.get(
  '/me',
  secured(activeUser, ({ id }) => db.select(profile).from(members).where(eq(members.id, id)).get()),
)
app.put<{ Body: { displayName: string } }>(
  '/me/display-name',
  {
    schema: {
      body: {
        type: 'object',
        required: ['displayName'],
        properties: { displayName: { type: 'string', maxLength: 100 } },
      },
    },
  },
  secured(activeUser, ({ id }, request, reply) => {
    const { displayName } = request.body
    // A column of the application's own: Portcullis never writes it.
    db.update(members).set({ displayName }).where(eq(members.id, id)).run()
    return reply.code(204).send()
  }),
)
app.get(
  '/admin/stats',
  secured(requireRole('admin'), () => auth.users.counts()),
)

console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }))
