// What would fail at the first request fails at start.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secured as expressSecured } from '../../../src/express/secured.ts'
import { secured as fastifySecured } from '../../../src/fastify/secured.ts'
import { oauthEndpoints as honoEndpoints } from '../../../src/hono/oauth-endpoints.ts'
import { secured as honoSecured } from '../../../src/hono/secured.ts'
import { refine } from '../../../src/http/guards/combinators.ts'
import { guard } from '../../../src/http/guards/guard.ts'
import { oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { secured as webSecured } from '../../../src/web/secured.ts'
import { createTestAuth } from '../../fixtures.ts'

const nothing = undefined as never

test('a guard of no function, and a handler that is not there, are refused at start', () => {
  const anybody = guard(() => 'anybody')
  assert.throws(() => guard(5 as never), /guard takes a function/)
  assert.throws(() => refine(anybody, nothing), /refine takes a guard and a function/)
  for (const each of [expressSecured, fastifySecured, honoSecured, webSecured]) {
    const secured = each as (...args: unknown[]) => unknown
    assert.throws(() => secured(anybody, nothing), /secured takes a guard and a handler/)
  }
})

test('endpoints without what they need are refused at start', async () => {
  const auth = await createTestAuth({})
  for (const addressOf of [undefined, { prefix: '/api' }]) {
    assert.throws(
      () => honoEndpoints(auth, addressOf as never),
      /needs a function from the context/,
    )
  }
  const server = { accessTokens: auth.accessTokens } as never
  assert.throws(() => oauthEndpoints(server), /A resource server has no OAuth endpoints/)
})

for (const prefix of ['/../x', '/.', '/a/../b', '//a', 'a', '/a b']) {
  test(`the prefix ${prefix} is no path`, async () => {
    const auth = await createTestAuth({})
    assert.throws(() => oauthEndpoints(auth, { prefix }), /The option prefix .* must be a path/)
  })
}

test('two endpoints at one path, and a path that is none, are refused at start', async () => {
  const auth = await createTestAuth({})
  assert.throws(
    () => oauthEndpoints(auth, { tokenPath: '/same', revocationPath: '/same' }),
    /The token endpoint and the revocation endpoint must have different paths: both have \/same\./,
  )
  for (const tokenPath of ['token', '', '/', '/a/', '/a/..']) {
    assert.throws(
      () => oauthEndpoints(auth, { tokenPath }),
      /The option tokenPath .* must be a path/,
    )
  }
})
