// Organisations: which one a user belongs to is a field of the user, and a guard lets its members in.

import Fastify, { type FastifyRequest } from 'fastify'
import { createAuth, createGuards, Forbidden, refine } from 'portcullis'
import { portcullis, secured } from 'portcullis/fastify'
import { sqlite } from 'portcullis/stores/sqlite'
import { z } from 'zod'

const auth = await createAuth({
  store: sqlite('app.db'),
  userFields: {
    schema: z.object({
      organisation: z.string().nullable().default(null),
      locale: z.enum(['en', 'de']).default('en'),
    }),
    // The organisation is no choice of the user's: only administrators and this code write it.
    writableBy: { user: ['locale'] },
  },
})
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) {
  const fields = { organisation: 'acme' }
  await auth.users.createFirst({ username: 'alice', password, role: 'admin', fields })
}
const { activeUser, requireRole } = createGuards(auth)

/** An active user of the organisation in the path. */
const member = refine(
  activeUser,
  (user, request) => {
    // Every request of these routes is one of Fastify's.
    const { params } = request as FastifyRequest<{ Params: { id: string } }>
    if (user.fields.organisation !== params.id) throw new Forbidden('Not a member')
    return user
  },
  { conditions: ['a member of the organisation'] },
)

const app = Fastify({ requestTimeout: 15_000 })
await app.register(portcullis, { auth, docs: { title: 'Organisations' } })

app.get<{ Params: { id: string } }>(
  '/organisations/:id/projects',
  secured(member, ({ fields }, { params }) => ({ of: params.id, locale: fields.locale })),
)

app.patch<{ Body: { locale: 'en' | 'de' } }>(
  '/me',
  { schema: { body: { type: 'object', required: ['locale'] } } },
  secured(activeUser, async ({ id }, { body: { locale } }) => {
    const { fields } = await auth.users.updateFields(id, { locale })
    return fields
  }),
)

app.put<{ Params: { id: string; user: string } }>(
  '/organisations/:id/members/:user',
  secured(requireRole('admin'), async (_admin, { params }) => {
    const { fields } = await auth.users.updateFields(params.user, { organisation: params.id })
    return fields
  }),
)

console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }))
