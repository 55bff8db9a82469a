import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { UnavailableError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock, goodPassword } from '../fixtures.ts'

const day = 86400
const outage = new UnavailableError('The database cannot be used now', 2)

test('the maintenance deletes what has ended, and publishes the next key when it is due', async () => {
  const clock = createTestClock()
  const auth = await createTestAuth({ clock })
  const alice = await auth.users.create({ username: 'alice', password: goodPassword })
  const opened = await auth.sessions.open(alice, { clientId: 'app', scopes: [] })
  await auth.authenticate({ username: 'alice', password: 'wrong', address: '::1' })
  const { throttle } = auth[internals]
  clock.advance(400 * day)
  const rotated = new EventEmitter()
  auth.events.subscribe(({ type }) => rotated.emit(type))
  const published = once(rotated, 'key_rotated')
  const end = new AbortController()
  const maintained = auth.maintain(end.signal)
  await published
  end.abort()
  await maintained
  assert.equal(await auth.sessions.find(opened?.refreshToken ?? ''), null)
  const kinds = (await auth.events.list({ limit: 10 })).map(({ type }) => type)
  assert.deepEqual(kinds, ['key_rotated'], 'older events are gone')
  assert.equal(await throttle.prune(), 0, 'old counts are gone')
  const states = (await auth.managedKeys?.list())?.map(({ state }) => state)
  assert.deepEqual(states, ['active', 'next'])
})

test('without pruning it deletes nothing, for another process does', async () => {
  const clock = createTestClock()
  const auth = await createTestAuth({ clock, secretKey: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' })
  const alice = await auth.users.create({ username: 'alice', password: goodPassword })
  const opened = await auth.sessions.open(alice, { clientId: 'app', scopes: [] })
  clock.advance(400 * day)
  const end = new AbortController()
  const maintained = auth.maintain(end.signal, { prune: false })
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  end.abort()
  await maintained
  assert.ok(await auth.sessions.find(opened?.refreshToken ?? ''))
})

test('a failure is told with the name of the work, and the work is done again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const store = memory()
  const auth = await createTestAuth({ store })
  const { read } = store.signingKeys
  let reads = 0
  Object.assign(store.signingKeys, {
    read: () => {
      reads++
      return reads === 1 ? Promise.reject(outage) : read()
    },
  })
  const told: unknown[][] = []
  const end = new AbortController()
  const maintained = auth.maintain(end.signal, {
    onError(...failure) {
      told.push(failure)
      throw new Error('a listener that fails')
    },
  })
  await setImmediate()
  assert.deepEqual(told, [[outage, 'key maintenance']])
  t.mock.timers.tick(59_999)
  await setImmediate()
  assert.equal(reads, 1)
  t.mock.timers.tick(1)
  await setImmediate()
  assert.ok(reads > 1)
  assert.equal(told.length, 1)
  end.abort()
  await maintained
})

test('a failure that nobody listens for is a warning of the process, which goes on', async () => {
  const store = memory()
  const auth = await createTestAuth({ store })
  Object.assign(store.users, { importedHashes: () => Promise.reject(outage) })
  const warned = once(process, 'warning')
  const end = new AbortController()
  const maintained = auth.maintain(end.signal)
  const [{ message }] = await warned
  assert.match(message, /measuring of hashes failed and will be tried again: .*database cannot/)
  end.abort()
  await maintained
})

test('the end waits for the work under way, which hears of it, and no other begins', async () => {
  const auth = await createTestAuth()
  const store = auth[internals].store
  let finish = (): void => {}
  let runs = 0
  Object.assign(store.sessions, {
    prune: () => {
      runs++
      return new Promise<number>((resolve) => {
        finish = () => resolve(500)
      })
    },
  })
  const end = new AbortController()
  let ended = false
  const maintained = auth.maintain(end.signal).then(() => {
    ended = true
  })
  await setImmediate()
  end.abort()
  await setImmediate()
  assert.equal(ended, false)
  finish()
  await maintained
  assert.equal(runs, 1, 'a full batch would have been followed by another')
  await auth.maintain(end.signal)
  assert.equal(runs, 1, 'nothing is begun after the abort')
})

test('pruning is done at once and an hour after its end, never twice at the same time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const auth = await createTestAuth()
  let finish = (): void => {}
  let runs = 0
  Object.assign(auth[internals].store.events, {
    prune: () => {
      runs++
      return new Promise<number>((resolve) => {
        finish = () => resolve(0)
      })
    },
  })
  const end = new AbortController()
  const maintained = auth.maintain(end.signal)
  const anHour = async (): Promise<number> => {
    t.mock.timers.tick(60 * 60 * 1000)
    await setImmediate()
    return runs
  }
  await setImmediate()
  assert.equal(await anHour(), 1, 'while one goes on there is no other')
  finish()
  await setImmediate()
  assert.equal(await anHour(), 2)
  finish()
  end.abort()
  await maintained
  assert.equal(await anHour(), 2)
})

test('a listener that rejects is ignored, as one that throws', async (t) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  const store = memory()
  const auth = await createTestAuth({ store })
  Object.assign(store.signingKeys, { read: () => Promise.reject(outage) })
  const told: string[] = []
  const end = new AbortController()
  const maintained = auth.maintain(end.signal, {
    async onError(_error, work) {
      told.push(work)
      throw new Error('a listener that fails later')
    },
  })
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  end.abort()
  await maintained
  assert.deepEqual(told, ['key maintenance'])
  assert.deepEqual(unhandled, [])
})

test('a misspelt option of the maintenance, or no signal, is refused in words', async () => {
  const auth = await createTestAuth({})
  const maintain = auth.maintain as (...args: unknown[]) => Promise<void>
  const { signal } = new AbortController()
  await assert.rejects(maintain(signal, { prnue: false, onError: 5 }), {
    code: 'config_invalid',
    problems: [
      'maintain has no option "prnue". Did you mean prune?',
      'The option onError of maintain must be a function.',
    ],
  })
  for (const args of [[], [{}], [null]]) {
    await assert.rejects(maintain(...args), { name: 'TypeError', message: /takes the signal/ })
  }
  for (const options of [null, 5, 'prune']) {
    await assert.rejects(maintain(signal, options), {
      problems: ['maintain takes an object of options, such as { prune: false }.'],
    })
  }
})
