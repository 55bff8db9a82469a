// Fastify without a guard.

import Fastify from 'fastify'
import { announce, me, meSchema } from './listen.js'

const app = Fastify()
app.get('/me', { schema: { response: { 200: meSchema } } }, async () => me)
await app.listen({ port: 0 })
announce(app.server)
