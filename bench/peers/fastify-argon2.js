// What is glued together without an authentication library: Fastify, @fastify/jwt, users in SQLite and
// an argon2 package, the one that ARGON2 names.

import { DatabaseSync } from 'node:sqlite'
import fastifyFormbody from '@fastify/formbody'
import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import { AUDIENCE, announce, ISSUER, me, meSchema, PASSWORD_HASH, SECRET_KEY } from './listen.js'

const { verify } = await import(process.env.ARGON2)
const database = new DatabaseSync(':memory:')
database.exec(
  'create table users (id text primary key, username text unique, role text, hash text)',
)
database
  .prepare('insert into users values (?, ?, ?, ?)')
  .run(me.id, me.username, me.role, PASSWORD_HASH)
const byUsername = database.prepare('select * from users where username = ?')
const byId = database.prepare('select * from users where id = ?')

const app = Fastify()
app.register(fastifyFormbody)
app.register(fastifyJwt, {
  secret: SECRET_KEY,
  sign: { iss: ISSUER, aud: AUDIENCE, expiresIn: '15m' },
  verify: { algorithms: ['HS256'], allowedIss: ISSUER, allowedAud: AUDIENCE },
})
app.post('/auth/token', async (request, reply) => {
  const { username, password } = request.body
  const user = byUsername.get(username)
  if (!user || !(await verify(user.hash, password))) {
    return reply.code(401).send({ detail: 'Incorrect username or password' })
  }
  const token = app.jwt.sign({ sub: user.id, scope: me.scope })
  return { access_token: token, token_type: 'bearer', expires_in: 900 }
})
app.get(
  '/me',
  {
    schema: { response: { 200: meSchema } },
    onRequest: async (request) => {
      await request.jwtVerify()
    },
  },
  async (request, reply) => {
    const user = byId.get(request.user.sub)
    if (!user) return reply.code(401).send({ detail: 'Could not validate credentials' })
    return { ...me, id: user.id, username: user.username, role: user.role }
  },
)
await app.listen({ port: 0 })
announce(app.server)
