// What need not survive a power failure does not wait for the disk, nor for a standby; everything else does.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { ThrottleStore } from '../../../src/core/throttle/throttle-store.ts'
import { addUser, anEvent, aSession, now } from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'
import { holdCommits } from './held-commits.ts'

const { server, skip } = await startPostgresOrSkip()
after(async () => await server?.remove())

const rule = { free: 5, firstWait: 1, longestWait: 9, lockedFrom: 100, forgottenAfter: 1000 }

test('counts of attempts and refusals go on while commits hang, and the next change waits', {
  skip,
}, async () => {
  const url = (await server?.createDatabase('unsynced')) ?? ''
  // One connection: what a statement set would still be set for the next one.
  const store = postgres(url, { maxConnections: 1 })
  await store.open()
  const user = await addUser(store)
  const held = await holdCommits(url)
  const { throttle, events } = store as { throttle: Required<ThrottleStore> } & typeof store
  const keys = { accountKey: 'account', sourceKey: 'source', knownKey: 'known' }
  const admission = { ...keys, now, rule, sourceRule: rule }
  assert.deepEqual(await throttle.admit(admission), { isKnown: false, locks: false })
  assert.deepEqual(await throttle.count({ key: 'source', now, rule }), {
    kind: 'counted',
    locks: false,
  })
  await throttle.takeBack('source')
  await throttle.takeBack('source')
  await throttle.succeed({ account: 'account', knownKey: 'known', now, ends: ['account'] })
  assert.deepEqual(await throttle.find(['account', 'source', 'known']), [
    { key: 'known', blockedUntil: 0 },
  ])
  assert.deepEqual(await throttle.admit(admission), { isKnown: true, locks: false })
  const refusal = anEvent({ type: 'authn_login_fail', outcome: 'failure' })
  await events.append(refusal)
  assert.deepEqual(await events.list({ limit: 1 }), [refusal])
  const created = store.sessions.create(aSession(user))
  while ((await held.waiting()) === 0) await turn()
  await held.release()
  assert.equal(await created, true)
  await store.close()
})
