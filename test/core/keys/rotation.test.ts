import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Auth } from '../../../src/core/auth.ts'
import type { AuthOptions } from '../../../src/core/auth-options.ts'
import { clockTolerance } from '../../../src/core/clock.ts'
import { KeyError } from '../../../src/core/errors.ts'
import type { AuthEvent } from '../../../src/core/events/event-store.ts'
import { internals } from '../../../src/core/internals.ts'
import { publicationLead, retentionOf } from '../../../src/core/keys/lifecycle.ts'
import type { ManagedKeys } from '../../../src/core/keys/rotation.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock, type TestClock } from '../../fixtures.ts'

const day = 86400
const retention = retentionOf(900)

interface Started {
  readonly auth: Auth
  readonly keys: ManagedKeys
  readonly events: AuthEvent[]
}

async function start(clock: TestClock, options: Partial<AuthOptions> = {}): Promise<Started> {
  const auth = await createTestAuth({ clock, ...options })
  const events: AuthEvent[] = []
  auth.events.subscribe((event) => events.push(event))
  assert.ok(auth.managedKeys)
  return { auth, keys: auth.managedKeys, events }
}

const statesOf = async (keys: ManagedKeys) => (await keys.list()).map(({ state }) => state)

const issue = async (auth: Auth): Promise<string> =>
  (
    await auth[internals].accessTokens.issue({
      ...{ subject: 'u', clientId: 'c', scopes: [], role: 'member' },
      endsWith: { userStamp: 's' },
    })
  ).token

test('the first start makes a key, and every later one finds it', async () => {
  const store = memory()
  const clock = createTestClock()
  const { keys } = await start(clock, { store })
  const { keys: again } = await start(clock, { store })
  const listed = await keys.list()
  assert.deepEqual(await again.list(), listed)
  assert.deepEqual(listed, [
    {
      id: listed[0]?.id,
      algorithm: 'ES256',
      state: 'active',
      createdAt: clock(),
      signsFrom: clock(),
      verifiesUntil: null,
    },
  ])
})

test('of several processes that start at once one makes the key, and all use it (KM-04)', async () => {
  const store = memory()
  const clock = createTestClock()
  const started = await Promise.all(Array.from({ length: 5 }, () => start(clock, { store })))
  assert.equal(new Set(started.map(({ auth }) => auth[internals].keys.current.id)).size, 1)
  assert.equal((await store.signingKeys.read()).keys.length, 1)
})

test('a rotation publishes a key, which signs an hour later; tokens of both verify (KM-01)', async () => {
  const clock = createTestClock()
  const { auth, keys, events } = await start(clock)
  const first = auth[internals].keys.current.id
  const next = await keys.rotate()
  assert.deepEqual([next.state, next.signsFrom], ['next', clock() + publicationLead])
  assert.deepEqual(
    events.map(({ type, details, at }) => [type, details, at]),
    [['key_rotated', { key_id: next.id }, clock()]],
  )
  assert.equal(auth[internals].keys.publicJwks.keys.length, 2)

  clock.advance(publicationLead - 1)
  assert.equal(auth[internals].keys.current.id, first)
  const token = await issue(auth)
  clock.advance(1)
  assert.equal(auth[internals].keys.current.id, next.id)
  assert.deepEqual(await statesOf(keys), ['retiring', 'active'])
  assert.equal((await auth.accessTokens.verify(token))?.keyId, first)
  assert.equal((await auth.accessTokens.verify(await issue(auth)))?.keyId, next.id)

  // To its last second, and no key lives on for nothing.
  clock.advance(900 - 1 + clockTolerance - 1)
  assert.ok(await auth.accessTokens.verify(token))
  clock.advance(retention - 900 - clockTolerance + 2)
  assert.deepEqual(await statesOf(keys), ['dead', 'active'])
  await keys.maintain()
  assert.deepEqual(await statesOf(keys), ['active'])
})

test('a second rotation before the key signs publishes no other', async () => {
  const clock = createTestClock()
  const { keys, events } = await start(clock)
  const next = await keys.rotate()
  clock.advance(10)
  assert.deepEqual(await keys.rotate(), next)
  assert.equal(events.length, 1)
})

test('a rotation at once signs at once, with the key that is published already if there is one', async () => {
  const clock = createTestClock()
  const { auth, keys } = await start(clock)
  const [first] = await keys.list()
  const token = await issue(auth)
  const second = await keys.rotate({ atOnce: true })
  assert.equal(second.state, 'active')
  assert.equal(auth[internals].keys.current.id, second.id)
  assert.ok(await auth.accessTokens.verify(token), 'nobody is logged out')
  assert.equal((await keys.list())[0]?.verifiesUntil, clock() + retention)
  assert.equal((await keys.list())[0]?.id, first?.id)

  const next = await keys.rotate()
  assert.equal((await keys.rotate({ atOnce: true })).id, next.id)
  assert.deepEqual(await statesOf(keys), ['retiring', 'retiring', 'active'])
  // Again within the same second: the newest is the one that was made last.
  const last = await keys.rotate({ atOnce: true })
  assert.equal(auth[internals].keys.current.id, last.id)
})

test('a key that signs at once does so on a machine whose clock is behind (DD-10)', async () => {
  const store = memory()
  const clock = createTestClock()
  const behind = createTestClock(clock() - clockTolerance)
  const { keys } = await start(clock, { store })
  clock.advance(100)
  behind.advance(100)
  const { auth } = await start(behind, { store })
  await keys.rotate({ atOnce: true })
  clock.advance(100)
  behind.advance(100)
  const { id } = await keys.rotate({ atOnce: true })
  await auth[internals].keys.update()
  assert.equal(auth[internals].keys.current.id, id)
})

test('on a clock that is behind, the first key is the active one, and no next one (DD-10)', async () => {
  const store = memory()
  const clock = createTestClock()
  const { auth } = await start(clock, { store })
  const { id } = auth[internals].keys.current
  const { keys } = await start(createTestClock(clock() - 5), { store })
  const { id: next } = await keys.rotate()
  assert.notEqual(next, id)
  assert.deepEqual(
    (await keys.list()).map(({ id, state }) => [id, state]),
    [
      [id, 'active'],
      [next, 'next'],
    ],
  )
})

test('what was done is recorded, though the new keys cannot be loaded', async () => {
  const store = memory()
  const { auth, keys, events } = await start(createTestClock(), { store })
  const { id } = auth[internals].keys.current
  const { read } = store.signingKeys
  let reads = 0
  Object.assign(store.signingKeys, {
    read: () => (++reads === 1 ? read() : Promise.reject(new Error('The database is gone'))),
  })
  await assert.rejects(keys.retire(id), /gone/)
  assert.deepEqual(
    events.map(({ type }) => type),
    ['key_retired', 'key_rotated'],
  )
})

test('a retired key is gone, with its tokens, and another signs (KM-03)', async () => {
  const clock = createTestClock()
  const { auth, keys, events } = await start(clock)
  const { id } = auth[internals].keys.current
  const token = await issue(auth)
  assert.ok(await auth.accessTokens.verify(token), 'and it is in the cache now')
  const active = await keys.retire(id)
  assert.equal(await auth.accessTokens.verify(token), null)
  assert.equal(auth[internals].keys.current.id, active.id)
  assert.equal(active.state, 'active')
  assert.deepEqual(
    auth[internals].keys.publicJwks.keys.map(({ kid }) => kid),
    [active.id],
  )
  assert.ok(await auth.accessTokens.verify(await issue(auth)))
  assert.deepEqual(
    events.map(({ type, details }) => [type, details?.key_id]),
    [
      ['key_retired', id],
      ['key_rotated', active.id],
    ],
  )
})

test('the active key is succeeded by the next one, if it is retired while there is one', async () => {
  const clock = createTestClock()
  const { auth, keys } = await start(clock)
  const next = await keys.rotate()
  assert.equal((await keys.retire(auth[internals].keys.current.id)).id, next.id)
  assert.deepEqual(await statesOf(keys), ['active'])
  assert.equal((await keys.list())[0]?.verifiesUntil, null)
})

test('a next or a retiring key can be retired, and the active one goes on', async () => {
  const clock = createTestClock()
  const { auth, keys } = await start(clock)
  const { id } = auth[internals].keys.current
  const next = await keys.rotate()
  assert.equal((await keys.retire(next.id)).id, id)
  assert.deepEqual(
    (await keys.list()).map((key) => [key.id, key.verifiesUntil]),
    [[id, null]],
  )
  const { id: newer } = await keys.rotate({ atOnce: true })
  assert.equal((await keys.retire(id)).id, newer)
  assert.deepEqual(await statesOf(keys), ['active'])
})

test('a key that nobody knows cannot be retired', async () => {
  const { keys, events } = await start(createTestClock())
  for (const id of ['', 'x', '__proto__']) {
    await assert.rejects(
      keys.retire(id),
      (error) => error instanceof KeyError && error.code === 'key_unknown',
    )
  }
  assert.deepEqual(events, [])
  assert.deepEqual(await statesOf(keys), ['active'])
})

test('maintenance rotates by itself, so that no key signs for longer than 90 days', async () => {
  const clock = createTestClock()
  const { auth, keys } = await start(clock)
  const { id } = auth[internals].keys.current
  clock.advance(90 * day - publicationLead - 1)
  await keys.maintain()
  assert.deepEqual(await statesOf(keys), ['active'])
  clock.advance(1)
  await keys.maintain()
  await keys.maintain()
  assert.deepEqual(await statesOf(keys), ['active', 'next'])
  clock.advance(publicationLead - 1)
  assert.equal(auth[internals].keys.current.id, id)
  clock.advance(1)
  assert.notEqual(auth[internals].keys.current.id, id)
})

test('maintenance rotates at the interval that is configured, or never', async () => {
  const clock = createTestClock()
  const { keys } = await start(clock, { keyRotationInterval: day })
  const { keys: never } = await start(clock, { keyRotationInterval: 0 })
  clock.advance(day - publicationLead)
  await keys.maintain()
  assert.deepEqual(await statesOf(keys), ['active', 'next'])
  clock.advance(3650 * day)
  await never.maintain()
  assert.deepEqual(await statesOf(never), ['active'])
})

test('after a long stop the key goes on for an hour, and is then replaced', async () => {
  const store = memory()
  const clock = createTestClock()
  const before = await start(clock, { store })
  clock.advance(400 * day)
  const { auth, keys } = await start(clock, { store })
  assert.equal(auth[internals].keys.current.id, before.auth[internals].keys.current.id)
  const token = await issue(auth)
  await keys.maintain()
  assert.deepEqual(await statesOf(keys), ['active', 'next'])
  assert.ok(await auth.accessTokens.verify(token))
})

test('of many processes that maintain or rotate at the same time one makes the key (KM-04)', async () => {
  const clock = createTestClock()
  for (const work of [
    (keys: ManagedKeys) => keys.maintain(),
    (keys: ManagedKeys) => keys.rotate(),
    (keys: ManagedKeys) => keys.rotate({ atOnce: true }),
  ]) {
    const store = memory()
    const started = await Promise.all(Array.from({ length: 5 }, () => start(clock, { store })))
    clock.advance(90 * day)
    await Promise.all(started.flatMap(({ keys }) => [work(keys), work(keys)]))
    assert.equal((await store.signingKeys.read()).keys.length, 2)
    const all = started.flatMap(({ events }) => events)
    assert.equal(all.filter(({ type }) => type === 'key_rotated').length, 1)
  }
})

test('of many that retire the same key at the same time, one does, and one key signs', async () => {
  const store = memory()
  const clock = createTestClock()
  const started = await Promise.all(Array.from({ length: 5 }, () => start(clock, { store })))
  const id = started[0]?.auth[internals].keys.current.id ?? ''
  const retired = await Promise.allSettled(started.map(({ keys }) => keys.retire(id)))
  assert.equal(retired.filter(({ status }) => status === 'fulfilled').length, 1)
  const { keys } = await store.signingKeys.read()
  assert.equal(keys.length, 1)
  assert.notEqual(keys[0]?.id, id)
})

test('a changed algorithm is a rotation, begun once, after which old tokens still verify', async () => {
  const store = memory()
  const clock = createTestClock()
  const before = await start(clock, { store })
  const { auth, keys } = await start(clock, { store, signingAlgorithm: 'EdDSA' })
  assert.equal(auth[internals].keys.current.algorithm, 'ES256')
  await keys.maintain()
  assert.deepEqual(
    (await keys.list()).map(({ algorithm, state }) => [algorithm, state]),
    [
      ['ES256', 'active'],
      ['EdDSA', 'next'],
    ],
  )
  clock.advance(publicationLead - 1)
  const token = await issue(auth)
  clock.advance(1)
  assert.equal(auth[internals].keys.current.algorithm, 'EdDSA')
  assert.ok(await auth.accessTokens.verify(token))

  // Two processes that are configured differently do not take turns at it.
  await before.keys.maintain()
  const idsOf = async () => (await keys.list()).map(({ id }) => id)
  const ids = await idsOf()
  for (let times = 0; times < 3; times++) {
    await before.keys.maintain()
    await keys.maintain()
    assert.deepEqual(await idsOf(), ids)
  }
})

test('a change makes its key once, however often it has to be decided again', async () => {
  const store = memory()
  const { keys } = await start(createTestClock(), { store })
  const { change } = store.signingKeys
  const put: string[][] = []
  Object.assign(store.signingKeys, {
    change: async (...parameters: Parameters<typeof change>) => {
      put.push(parameters[1].put.map(({ id }) => id))
      return put.length < 3 ? false : await change(...parameters)
    },
  })
  const { id } = await keys.rotate({ atOnce: true })
  assert.equal(put.length, 3)
  for (const ids of put) assert.ok(ids.includes(id))
})

test('a rotation at once takes no next key of another algorithm', async () => {
  const store = memory()
  const clock = createTestClock()
  const { keys } = await start(clock, { store })
  await keys.rotate()
  const { keys: others } = await start(clock, { store, signingAlgorithm: 'EdDSA' })
  const made = await others.rotate({ atOnce: true })
  assert.deepEqual([made.algorithm, made.state], ['EdDSA', 'active'])
})

test('a next key of another algorithm gives way to one of the right one', async () => {
  const store = memory()
  const clock = createTestClock()
  const { keys } = await start(clock, { store })
  await keys.rotate()
  const { auth, keys: others } = await start(clock, { store, signingAlgorithm: 'EdDSA' })
  clock.advance(publicationLead - 1)
  await others.maintain()
  const listed = await others.list()
  assert.deepEqual(
    listed.map(({ algorithm, state }) => [algorithm, state]),
    [
      ['ES256', 'active'],
      ['EdDSA', 'next'],
    ],
  )
  // And the active one lives until then.
  assert.ok((listed[0]?.verifiesUntil ?? 0) >= clock() + publicationLead + retention)
  const token = await issue(auth)
  assert.ok(await auth.accessTokens.verify(token))
})

test('no token outlives its key, though the lifetime was raised since (KM-02)', async () => {
  const store = memory()
  const clock = createTestClock()
  const { keys } = await start(clock, { store, accessTokenLifetime: 60 })
  await keys.rotate()
  const { auth } = await start(clock, { store, accessTokenLifetime: 3600 })
  clock.advance(publicationLead - 1)
  const { current } = auth[internals].keys
  const verified = await auth.accessTokens.verify(await issue(auth))
  assert.equal(verified?.claims.exp, (current.verifiesUntil ?? 0) - clockTolerance)
})

test('where a secret key signs there are no managed keys', async () => {
  const auth = await createTestAuth({ secretKey: 'b7e151628aed2a6abf7158809cf4f3c7' })
  assert.equal(auth.managedKeys, null)
})
