// What the refusals of clients, and the tokens that they have for themselves, leave behind.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { type Auth, createAuth } from '../../src/core/auth.ts'
import type { AuthEvent } from '../../src/core/events/event-store.ts'
import type { AuthEventType } from '../../src/core/events/vocabulary.ts'
import type { TokenEndpoint } from '../../src/http/endpoints/endpoint.ts'
import { createIntrospectionEndpoint } from '../../src/http/endpoints/introspection.ts'
import { createRevocationEndpoint } from '../../src/http/endpoints/revocation.ts'
import { createTokenEndpoint } from '../../src/http/endpoints/token.ts'
import type { TokenAnswer } from '../../src/http/token-messages.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { cheapHashing, createTestClock, type TestClock } from '../fixtures.ts'
import { basic, type Caller, plainSecret, post } from './clients.ts'

const address = '192.0.2.1'

let auth: Auth
let clock: TestClock
let token: TokenEndpoint
let heard: AuthEvent[]
let requests: number

beforeEach(async () => {
  clock = createTestClock()
  requests = 0
  heard = []
  auth = await createAuth({
    store: memory(),
    clock,
    passwordHash: cheapHashing,
    clients: [
      { id: 'job', secret: plainSecret, grants: ['client_credentials'], scopes: ['a:b'] },
      { id: 'app', secret: plainSecret, introspect: false },
      { id: 'spa' },
    ],
  })
  token = createTokenEndpoint(auth)
  auth.events.subscribe((event) => heard.push(event))
})

async function send(
  endpoint: TokenEndpoint,
  { authorization, form = {} }: Caller,
  fields: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  requests++
  return await endpoint({
    contentType: 'application/x-www-form-urlencoded',
    authorization,
    address,
    requestId: `request ${requests}`,
    body: Buffer.from(new URLSearchParams({ ...fields, ...form }).toString()),
  })
}

/** Fails unless this is the one event that was heard since the last look, and returns it. */
function theEvent(type: AuthEventType): AuthEvent {
  const [event, ...others] = heard.splice(0)
  assert.ok(event)
  assert.deepEqual(others, [])
  assert.equal(event.type, type)
  assert.equal(event.address, address)
  assert.equal(event.requestId, `request ${requests}`)
  return event
}

const isStored = async ({ id }: AuthEvent): Promise<boolean> =>
  (await auth.events.list({ limit: 100 })).some((event) => event.id === id)

for (const [why, caller, clientId, reason] of [
  ['a wrong secret', post('app', 'wrong'), 'app', 'wrong secret'],
  ['a wrong secret in Basic', basic('app', 'wrong'), 'app', 'wrong secret'],
  ['no secret', post('app'), 'app', 'no secret'],
  ['a secret of a public client', post('spa', 'x'), 'spa', 'a public client has no secret'],
  ['an id that is nobody’s', post('my secret, mistyped', 'x'), undefined, 'no such client'],
] as const) {
  test(`${why} is one event, at every endpoint (LA-01, PC-15)`, async () => {
    for (const endpoint of [
      token,
      createRevocationEndpoint(auth),
      createIntrospectionEndpoint(auth),
    ]) {
      const answer = await send(endpoint, caller, { token: 'x' })
      assert.equal(answer.status, 401)
      const event = theEvent('authn_client_fail')
      assert.equal(event.clientId, clientId)
      assert.equal(event.reason, reason)
      assert.equal(event.actor, undefined, 'nobody has shown who it is')
      assert.equal(typeof event.details?.client_id_digest, clientId ? 'undefined' : 'string')
      assert.doesNotMatch(JSON.stringify(event), /mistyped/)
      assert.ok(await isStored(event))
    }
  })
}

test('a client that has to wait is an event, and so is an id that is nobody’s (LA-01, PC-15)', async () => {
  for (const id of ['app', 'nobody']) {
    for (let times = 0; times < 6; times++) await send(token, post(id, 'wrong'), {})
    heard.length = 0
    assert.equal((await send(token, post(id, 'wrong'), {})).status, 429)
    const event = theEvent('authn_client_throttled')
    assert.equal(event.clientId, id === 'app' ? 'app' : undefined)
  }
})

test('a client that asks for what it may not have is an event (LA-01)', async () => {
  const introspect = createIntrospectionEndpoint(auth)
  for (const [endpoint, caller, grant_type, clientId, reason] of [
    [introspect, post('app', plainSecret), '', 'app', 'it may not introspect tokens'],
    [
      token,
      post('app', plainSecret),
      'client_credentials',
      'app',
      'the grant client_credentials is not one of its own',
    ],
    [
      token,
      post('job', plainSecret),
      'password',
      'job',
      'the grant password is not one of its own',
    ],
  ] as const) {
    const answer = await send(endpoint, caller, { grant_type, token: 'x' })
    assert.equal(answer.status, 400)
    const event = theEvent('authz_client_fail')
    assert.equal(event.clientId, clientId)
    assert.equal(event.actor, `client:${clientId}`)
    assert.equal(event.reason, reason)
    assert.ok(await isStored(event))
  }
})

test('a flood of wrong clients does not fill the disk: it is counted (DR-03, LA-01)', async () => {
  for (let times = 0; times < 1010; times++) {
    await assert.rejects(auth.clients.authenticate({ clientId: 'app', clientSecret: '' }), {
      code: 'invalid_client',
    })
  }
  assert.equal(heard.length, 1010)
  const type = 'authn_client_fail'
  assert.equal((await auth.events.list({ type, limit: 2000 })).length, 1000)
  clock.advance(6)
  await assert.rejects(auth.clients.authenticate({ clientId: 'app', clientSecret: '' }), {
    code: 'invalid_client',
  })
  const [last] = await auth.events.list({ type, limit: 1 })
  assert.equal(last?.details?.not_stored, 10)
})

test('a token that a client has for itself is heard of by its id, and costs no write (LA-01)', async () => {
  const answer = await send(token, post('job', plainSecret), { grant_type: 'client_credentials' })
  assert.ok(answer.body && 'access_token' in answer.body)
  const { access_token } = answer.body
  const event = theEvent('authn_token_created')
  assert.equal(event.actor, 'client:job')
  assert.equal(event.clientId, 'job')
  const verified = await auth.accessTokens.verify(access_token)
  assert.equal(event.details?.token_id, verified?.claims.jti)
  assert.ok(!JSON.stringify(event).includes(access_token))
  assert.deepEqual(await auth.events.list({ limit: 10 }), [])
})
