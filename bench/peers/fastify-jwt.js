// Fastify with @fastify/jwt, as its README shows it: the signature and the claims are checked, the user
// is not looked up. TOKEN_CACHE=true adds its cache of verified tokens.

import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import {
  AUDIENCE,
  announce,
  answerFrom,
  ISSUER,
  meSchema,
  PUBLIC_KEY,
  SECRET_KEY,
} from './listen.js'

const app = Fastify()
app.register(fastifyJwt, {
  secret: PUBLIC_KEY ? { public: PUBLIC_KEY } : SECRET_KEY,
  verify: {
    algorithms: [PUBLIC_KEY ? 'ES256' : 'HS256'],
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
    cache: process.env.TOKEN_CACHE === 'true',
  },
})
app.get(
  '/me',
  {
    schema: { response: { 200: meSchema } },
    onRequest: async (request) => {
      await request.jwtVerify()
    },
  },
  async (request) => answerFrom(request.user),
)
await app.listen({ port: 0 })
announce(app.server)
