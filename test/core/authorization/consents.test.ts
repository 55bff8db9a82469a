// What users allow clients: it grows, and is withdrawn as a whole.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Consents } from '../../../src/core/authorization/authorization.ts'
import { createTestClock, type TestClock } from '../../fixtures.ts'
import { createRelyingParty, type RelyingParty } from '../../http/authorization/relying-party.ts'

let clock: TestClock
let party: RelyingParty
let consents: Consents
let alice: string

beforeEach(async () => {
  clock = createTestClock()
  party = await createRelyingParty({ clock })
  consents = party.authorization.consents
  alice = (await party.auth.users.findByUsername('alice'))?.id ?? assert.fail()
})

const granted = async () =>
  (await party.auth.events.list({ type: 'authz_consent_granted', limit: 100 })).map(
    ({ actor, userId, clientId, details }) => ({ actor, userId, clientId, details }),
  )

test('a consent grows by what is added, with an event for each, and none for nothing new (OP-43)', async () => {
  assert.equal(await consents.find(alice, 'web'), null)
  const createdAt = clock()
  assert.equal(await consents.allow(alice, 'web', ['openid', 'items:read']), true)
  clock.advance(60)
  assert.equal(await consents.allow(alice, 'web', ['email', 'openid']), true)
  const scopes = ['email', 'items:read', 'openid']
  const consent = { userId: alice, clientId: 'web', scopes, createdAt, updatedAt: clock() }
  clock.advance(60)
  assert.equal(await consents.allow(alice, 'web', ['openid']), true)
  assert.deepEqual(await consents.find(alice, 'web'), consent)
  assert.deepEqual(await consents.list(alice), [consent])
  const about = { actor: `user:${alice}`, userId: alice, clientId: 'web' }
  assert.deepEqual(await granted(), [
    { ...about, details: { scope: 'email items:read openid' } },
    { ...about, details: { scope: 'items:read openid' } },
  ])
})

test('a consent to nothing is one, too', async () => {
  assert.equal(await consents.allow(alice, 'web', []), true)
  assert.deepEqual((await consents.find(alice, 'web'))?.scopes, [])
})

test('of many pages that allow something at the same time each adds its own', async () => {
  const scopes = Array.from({ length: 20 }, (_, index) => `scope-${index}`)
  const allowed = await Promise.all(scopes.map((scope) => consents.allow(alice, 'web', [scope])))
  assert.ok(allowed.every(Boolean))
  assert.deepEqual((await consents.find(alice, 'web'))?.scopes, scopes.toSorted())
  assert.equal((await granted()).length, 20)
})

test('nobody who is gone allows anything', async () => {
  await consents.allow(alice, 'web', ['openid'])
  await party.auth.users.remove(alice)
  assert.equal(await consents.allow(alice, 'web', ['email']), false)
  assert.equal(await consents.allow(alice, 'web', ['openid']), false)
  assert.equal(await consents.find(alice, 'web'), null)
})

test('a withdrawal ends tokens and codes of the client at once, and nothing else (OP-43)', async () => {
  const browser = await party.browser()
  await consents.allow(alice, 'web', ['openid'])
  const theirs = await party.tokens({ browser, client: 'web', scopes: ['openid'] })
  const code = await party.code({ browser, client: 'web' })
  const others = await party.tokens({ browser })
  assert.equal(await consents.withdraw(alice, 'web', { address: '192.0.2.7' }), true)
  assert.equal((await party.userinfo(theirs.access_token)).status, 401)
  assert.equal((await party.exchange(code, { client: 'web' })).status, 400)
  assert.equal((await party.userinfo(others.access_token)).status, 200)
  assert.equal(await consents.find(alice, 'web'), null)
  const [event] = await party.auth.events.list({ type: 'authz_consent_revoked', limit: 9 })
  assert.deepEqual([event?.userId, event?.clientId, event?.address], [alice, 'web', '192.0.2.7'])
  assert.equal(await consents.withdraw(alice, 'web'), false)
})

test('the application’s own logins and the browser are no client to withdraw from', async () => {
  const browser = await party.browser()
  const { user } = browser
  await party.auth.sessions.open(user, { clientId: 'first-party', scopes: [] })
  for (const clientId of ['first-party', 'portcullis:browser']) {
    assert.equal(await consents.withdraw(alice, clientId), false)
  }
  assert.equal((await party.auth.sessions.list(alice)).length, 2)
})
