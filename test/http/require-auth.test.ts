import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify from 'fastify'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { oauthEndpoints } from '../../src/web/oauth-endpoints.ts'
import { createTestAuth } from '../fixtures.ts'

const missing = { name: 'TypeError', message: /^auth is missing, or its promise was not awaited/ }

for (const [what, value] of [
  ['a promise of an auth', createTestAuth({})],
  ['no auth', undefined],
  ['null', null],
] as const) {
  test(`${what} is refused by guards, endpoints and plugin before any request`, async () => {
    const auth = value as never
    assert.throws(() => createGuards(auth), missing)
    assert.throws(() => oauthEndpoints(auth), missing)
    await assert.rejects(async () => await fastify().register(portcullis, { auth }), missing)
  })
}

test('documentation that is neither options nor false is refused', async () => {
  const auth = await createTestAuth({})
  for (const docs of [null, true, 'docs']) {
    await assert.rejects(
      async () => await fastify().register(portcullis, { auth, docs: docs as never }),
      {
        code: 'config_invalid',
        problems: ['The option docs of portcullis must be an object of options, or false.'],
      },
    )
  }
})
