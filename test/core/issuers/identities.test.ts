import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc9068 } from '../../../src/issuers/rfc9068.ts'
import { createTestAuth } from '../../fixtures.ts'

const issuer = 'https://login.example.com'

test('a link is told when it is made, and not when it is refused', async () => {
  const auth = await createTestAuth({
    issuers: [rfc9068({ issuer, audience: 'api', users: 'link' })],
  })
  const alice = await auth.users.create({ username: 'alice', password: null })
  const bob = await auth.users.create({ username: 'bob', password: null })
  const heard: unknown[] = []
  auth.events.subscribe(({ type, userId, details }) => heard.push([type, userId, details]))
  const details = { issuer, subject: 's' }
  await auth.identities.link(alice.id, issuer, 's')
  assert.deepEqual(heard.splice(0), [['identity_linked', alice.id, details]])
  for (const { id } of [alice, bob]) {
    await assert.rejects(auth.identities.link(id, issuer, 's'), { code: 'identity_taken' })
  }
  assert.deepEqual(heard, [])
  assert.equal((await auth.events.list({ type: 'identity_linked', limit: 9 })).length, 1)
  assert.equal(await auth.identities.unlink(alice.id, issuer, 's'), true)
  assert.equal(await auth.identities.unlink(alice.id, issuer, 's'), false)
  assert.deepEqual(heard, [['identity_unlinked', alice.id, details]])
})
