import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { createAuth, createGuards } from 'portcullis'
import { documentGuards, portcullis, schemeName, secured, securityScheme } from 'portcullis/fastify'
import { sqlite } from 'portcullis/stores/sqlite'
import { z } from 'zod'

const auth = await createAuth({
  store: sqlite('app.db'),
  roles: { admin: ['*'], member: ['notes:write'] },
})
// Only while there are no users.
const password = process.env.ADMIN_PASSWORD
if (password) await auth.users.createFirst({ username: 'alice', password, role: 'admin' })
const { activeUser, requirePermission, requireRole } = createGuards(auth)

const app = Fastify({ requestTimeout: 15_000 }).withTypeProvider<ZodTypeProvider>()
app.setValidatorCompiler(validatorCompiler)
app.setSerializerCompiler(serializerCompiler)

await app.register(swagger, {
  openapi: {
    openapi: '3.1.0',
    info: { title: 'Notes', version: '1.0.0' },
    components: { securitySchemes: { [schemeName]: securityScheme(auth, '/auth/token') } },
  } as object,
  // First zod's schemas, then what the guards say.
  transform: (route) => documentGuards({ ...route, ...jsonSchemaTransform(route) }),
})
await app.register(swaggerUi, { routePrefix: '/docs' })
await app.register(portcullis, { auth, docs: false })

const Me = z.object({ username: z.string(), role: z.string() })
const Note = z.object({ text: z.string().min(1), author: z.string() })

app.get(
  '/me',
  { schema: { response: { 200: Me } } },
  secured(activeUser, (user) => user),
)

app.post(
  '/notes',
  { schema: { body: Note.pick({ text: true }), response: { 201: Note } } },
  secured(requirePermission('notes:write'), (user, request, reply) => {
    reply.code(201)
    return { text: request.body.text, author: user.username }
  }),
)

app.get(
  '/admin/stats',
  secured(requireRole('admin'), () => auth.users.counts()),
)

console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }))
