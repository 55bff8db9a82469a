import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import { portcullis } from '../../../src/fastify/portcullis.ts'
import { secured } from '../../../src/fastify/secured.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { Refusal } from '../../../src/http/refusal.ts'
import { createTestAuth } from '../../fixtures.ts'

const auth = await createTestAuth()
const guards = createGuards(auth)
const alice = await auth.users.create({ username: 'alice', password: null })

async function asked(kind: 'any' | 'phishing-resistant', acr: string): Promise<string> {
  const authentication = { authenticatedAt: auth.clock(), acr, amr: ['pwd'] }
  const token = await createAccessToken(auth, alice.id, [], authentication)
  const request = { headers: { authorization: `Bearer ${token}` } }
  return await guards
    .requireFactor(kind)(request)
    .then(
      ({ username }) => username,
      (error) => {
        assert.ok(error instanceof Refusal)
        assert.equal(error.statusCode, 401)
        return String(error.headers['www-authenticate'])
      },
    )
}

const challenge = (acr: string): string =>
  `Bearer error="insufficient_user_authentication", error_description="A second factor is needed", acr_values="${acr}"`

test('a guard lets pass who has shown a factor that is strong enough (AC-91, AC-95)', async () => {
  for (const [kind, acr, answer] of [
    ['any', '1fa', challenge('2fa')],
    ['any', '2fa', 'alice'],
    ['any', 'phr', 'alice'],
    ['any', 'urn:of:somebody', challenge('2fa')],
    ['any', '', challenge('2fa')],
    ['phishing-resistant', '1fa', challenge('phr')],
    ['phishing-resistant', '2fa', challenge('phr')],
    ['phishing-resistant', 'phr', 'alice'],
  ] as const) {
    assert.equal(await asked(kind, acr), answer, `${kind} ${acr}`)
  }
})

test('the guard says so in OpenAPI, and takes the two words alone (AC-91)', async () => {
  const app = Fastify()
  await app.register(portcullis, { auth })
  app.get(
    '/strong',
    secured(guards.requireFactor('any'), () => 'strong'),
  )
  await app.ready()
  const document = (await app.inject('/openapi.json')).json()
  const { 401: refusal } = document.paths['/strong'].get.responses
  assert.match(
    refusal.description,
    /its acr is none of: 2fa, phr.*insufficient_user_authentication/,
  )
  await app.close()
  for (const kind of ['', 'phr', 'toString', undefined]) {
    assert.throws(() => guards.requireFactor(kind as never), TypeError)
  }
})
