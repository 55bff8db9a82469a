// Schemas of another kind beside ours, as the real package has them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { secured } from '../../src/fastify/secured.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'

test("zod's compilers and transform leave the plugin's own routes as they are", async () => {
  const auth = await createTestAuth()
  await auth.users.create({ username: 'alice', password: goodPassword })
  const app = Fastify().withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  await app.register(portcullis, { auth, docs: { transform: jsonSchemaTransform } })
  app.post(
    '/notes',
    {
      schema: {
        body: z.object({ count: z.number() }),
        response: { 200: z.object({ next: z.number() }) },
      },
    },
    secured(createGuards(auth).activeUser, (_user, { body }) => ({ next: body.count + 1 })),
  )
  const plain = Fastify()
  await plain.register(portcullis, { auth })

  const documentOf = async (each: { inject: typeof plain.inject }) =>
    (await each.inject('/openapi.json')).json()
  const [ours, theirs] = [await documentOf(app), await documentOf(plain)]
  for (const path of ['/auth/token', '/auth/revoke', '/auth/introspect']) {
    assert.deepEqual(ours.paths[path], theirs.paths[path], path)
  }
  assert.equal(ours.paths['/notes'].post.security.length, 1)
  const { schema } = ours.paths['/notes'].post.requestBody.content['application/json']
  assert.deepEqual(schema.properties, { count: { type: 'number' } })

  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const payload = new URLSearchParams({ username: 'alice', password: goodPassword }).toString()
  const login = await app.inject({ method: 'POST', url: '/auth/token', headers: form, payload })
  assert.equal(login.statusCode, 200)
  const headers = { authorization: `Bearer ${login.json().access_token}` }
  const call = (count: unknown) =>
    app.inject({ method: 'POST', url: '/notes', headers, payload: { count } })
  assert.deepEqual((await call(1)).json(), { next: 2 })
  assert.equal((await call('1')).statusCode, 400)
  for (const url of ['/.well-known/jwks.json', '/.well-known/oauth-authorization-server']) {
    assert.equal((await app.inject(url)).statusCode, 200)
  }
})
