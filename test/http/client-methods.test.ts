import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { ConfiguredClient } from '../../src/core/clients/configured.ts'
import { goodPassword } from '../fixtures.ts'
import {
  assertError,
  basic,
  type Caller,
  createTestClients,
  plainSecret,
  post,
  type TestClients,
} from './clients.ts'

const clients: readonly ConfiguredClient[] = [
  { id: 'header', secret: plainSecret, tokenEndpointAuthMethod: 'client_secret_basic' },
  { id: 'form', secret: plainSecret, tokenEndpointAuthMethod: 'client_secret_post' },
  { id: 'either', secret: plainSecret },
  { id: 'spa', tokenEndpointAuthMethod: 'none' },
]

let made: TestClients

beforeEach(async () => {
  made = await createTestClients({ clients })
})

const callers: Readonly<Record<string, Caller>> = {
  'header by Basic': basic('header', plainSecret),
  'form by the form': post('form', plainSecret),
  'either by Basic': basic('either', plainSecret),
  'either by the form': post('either', plainSecret),
  'spa by its id': post('spa'),
  'spa by Basic without a secret': basic('spa'),
}

for (const [name, caller] of Object.entries(callers)) {
  test(`a client authenticates by the method that it is registered for: ${name}`, async () => {
    await made.login(caller)
  })
}

describe('a client that is registered for one method is refused with another', () => {
  for (const [name, caller] of [
    ['the form', post('header', plainSecret)],
    ['Basic', basic('form', plainSecret)],
  ] as const) {
    test(`at every endpoint: ${name}`, async () => {
      const { token, revoke, introspect, auth } = made
      const login = { username: 'admin', password: goodPassword }
      assertError(await token(caller, login), 401, 'invalid_client')
      const itself = { grant_type: 'client_credentials' }
      assertError(await token(caller, itself), 401, 'invalid_client')
      assertError(await revoke(caller, { token: 'x' }), 401, 'invalid_client')
      assertError(await introspect(caller, { token: 'x' }), 401, 'invalid_client')
      const events = await auth.events.list({ type: 'authn_client_fail', limit: 10 })
      assert.equal(events.length, 4)
      for (const { reason } of events) assert.match(String(reason), /^it authenticated by client_/)
    })
  }

  test('in the same words as with a wrong secret, and as often as it likes', async () => {
    const wrong = await made.token(post('header', 'x'), {})
    for (let tries = 0; tries < 10; tries++) {
      assert.deepEqual((await made.token(post('header', plainSecret), {})).body, wrong.body)
    }
    await made.login(basic('header', plainSecret))
  })

  test('with its secret wrong it is told of the secret, which counts as a guess', async () => {
    await made.token(basic('form', 'x'), {})
    const [event] = await made.auth.events.list({ type: 'authn_client_fail', limit: 1 })
    assert.equal(event?.reason, 'wrong secret')
  })
})

test('who says nothing of the method is held to none', async () => {
  const credentials = { clientId: 'header', clientSecret: plainSecret }
  assert.equal((await made.auth.clients.authenticate(credentials)).id, 'header')
})
