// API keys before the guards of an application, on a store whose statements are counted.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ApiKeyOptions } from '../../../src/core/api-keys/api-key-options.ts'
import { newApiKey } from '../../../src/core/api-keys/api-key-text.ts'
import { ConfigError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import type { Store } from '../../../src/core/store.ts'
import type { Guard } from '../../../src/http/guards/guard.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { BearerError, Forbidden, type Refusal } from '../../../src/http/refusal.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, type TestAuth } from '../../../src/testing/test-auth.ts'
import { goodPassword } from '../../fixtures.ts'

const alice = { username: 'alice', password: goodPassword }
const minute = 60
const day = 86_400

interface Counted {
  readonly store: Store
  /** The names of the calls since it was last asked, in their order. */
  calls(): readonly string[]
}

/** Counts every call of a store, each of which is one statement or more. */
function counted(store: Store): Counted {
  const calls: string[] = []
  const count = <T extends object>(port: T, path: string): T =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value === 'function') {
          return (...args: readonly unknown[]) => {
            calls.push(path + String(name))
            return Reflect.apply(value, target, args)
          }
        }
        const isPort = typeof value === 'object' && value !== null
        return isPort ? count(value, `${path}${String(name)}.`) : value
      },
    })
  return { store: count(store, ''), calls: () => calls.splice(0) }
}

interface Opened {
  readonly auth: TestAuth
  readonly guards: ReturnType<typeof createGuards>
  readonly userId: string
  readonly calls: Counted['calls']
  make(scopes: readonly string[], lifetime?: number): Promise<string>
  /** Waits until uses are noted. */
  settle(): Promise<void>
}

async function open(t: TestContext, apiKeys: ApiKeyOptions | boolean = true): Promise<Opened> {
  const { store, calls } = counted(memory())
  const auth = await createTestAuth({
    ...{ store, apiKeys },
    roles: { admin: ['*'], editor: ['items:read', 'items:write'], reader: ['items:read'] },
  })
  t.after(() => auth.close())
  const { id: userId } = await auth.users.create({ ...alice, role: 'editor' })
  return {
    ...{ auth, userId, calls, guards: createGuards(auth) },
    async make(scopes, lifetime) {
      const { key } = (await auth.apiKeys?.create({ userId, name: 'key', scopes, lifetime })) ?? {}
      return key ?? ''
    },
    settle: async () => await auth[internals].apiKeys?.settle(),
  }
}

const ask = <T>(guard: Guard<T>, token: string): Promise<T> =>
  guard({ headers: { authorization: `Bearer ${token}` } })

async function refusalOf(asked: Promise<unknown>): Promise<Refusal> {
  return await asked.then(
    () => assert.fail('it passed'),
    (error) => error,
  )
}

async function assertInvalid(asked: Promise<unknown>): Promise<void> {
  const refusal = await refusalOf(asked)
  assert.ok(refusal instanceof BearerError)
  assert.equal(refusal.code, 'invalid_token')
}

test('a key passes the guards of users with what its scope and the role of today allow (AC-113)', async (t) => {
  const { auth, guards, userId, make } = await open(t)
  const { activeUser, requirePermission, requireRole, requireCaller, accessToken } = guards
  const [reads, writes] = [requirePermission('items:read'), requirePermission('items:write')]
  const key = await make(['items:read'])
  const user = await auth.users.find(userId)
  for (const guard of [activeUser, reads, requireRole('editor'), guards.userEvenIfInactive]) {
    assert.deepEqual(await ask(guard, key), user)
  }
  assert.deepEqual(await ask(requireCaller('items:read'), key), { kind: 'user', user })
  assert.equal((await refusalOf(ask(writes, key))).statusCode, 403)
  const { claims, scopes, kind, apiKey } = await ask(accessToken, key)
  assert.deepEqual([scopes, kind, apiKey?.name], [['items:read'], 'user', 'key'])
  assert.deepEqual([claims.sid, claims.auth_time, claims.acr, claims.amr], Array(4).fill(undefined))
  const both = await make(['items:read', 'items:write'])
  assert.deepEqual(await ask(writes, both), user)
  await auth.users.changeRole(userId, 'reader')
  assert.equal((await refusalOf(ask(writes, both))).statusCode, 403)
  assert.equal((await ask(reads, both)).role, 'reader')
})

test('a key is no client, and no guard for clients lets it pass', async (t) => {
  const { guards, make } = await open(t)
  const key = await make(['items:read'])
  for (const guard of [guards.currentClient, guards.requireClient('items:read')]) {
    assert.ok((await refusalOf(ask(guard, key))) instanceof Forbidden)
  }
})

test('a key is refused at the next request once it is ended, expired, or its user is shut out (AC-113)', async (t) => {
  const { auth, guards, userId, make } = await open(t)
  const { activeUser } = guards
  const [ended, expired, kept] = [await make([]), await make([], 100), await make([])]
  for (const key of [ended, expired, kept]) assert.equal((await ask(activeUser, key)).id, userId)
  const [{ id = '' } = {}] = (await auth.apiKeys?.list(userId)) ?? []
  assert.equal(await auth.apiKeys?.end(userId, id), true)
  await assertInvalid(ask(activeUser, ended))
  auth.clock.advance(99)
  assert.equal((await ask(activeUser, expired)).id, userId)
  auth.clock.advance(1)
  await assertInvalid(ask(activeUser, expired))
  await auth.users.suspend(userId, auth.clock() + 10)
  for (const guard of [activeUser, guards.userEvenIfInactive]) {
    await assertInvalid(ask(guard, kept))
  }
  await assertInvalid(ask(guards.accessToken, kept))
  auth.clock.advance(10)
  assert.equal((await ask(activeUser, kept)).id, userId)
  await auth.users.deactivate(userId)
  await assertInvalid(ask(activeUser, kept))
  await auth.users.remove(userId)
  await assertInvalid(ask(activeUser, kept))
})

test('a mistyped key is refused without a read, and in the same words (AC-111)', async (t) => {
  const { guards, make, calls } = await open(t)
  const key = await make([])
  const unknown = await refusalOf(ask(guards.activeUser, newApiKey('pcat')))
  calls()
  for (let place = 0; place < key.length; place++) {
    const digit = key[place] === 'x' ? 'y' : 'x'
    const mistyped = key.slice(0, place) + digit + key.slice(place + 1)
    const refusal = await refusalOf(ask(guards.activeUser, mistyped))
    assert.deepEqual([refusal.message, refusal.headers], [unknown.message, unknown.headers])
  }
  for (const short of ['pcat_', key.slice(0, -1), `${key}0`, `${key}.${key}.${key}`]) {
    await assertInvalid(ask(guards.activeUser, short))
  }
  assert.deepEqual(calls(), [])
})

test('a request with a key is one read, and its use is noted once in 10 minutes (AC-112)', async (t) => {
  const { auth, guards, userId, make, calls, settle } = await open(t)
  const reads = guards.requirePermission('items:read')
  const key = await make(['items:read'])
  const lastUse = async () => (await auth.apiKeys?.list(userId))?.[0]?.lastUsedAt
  assert.equal(await lastUse(), null)
  calls()
  const first = auth.clock()
  await ask(reads, key)
  assert.deepEqual(calls(), ['apiKeys.findSubject'], 'the request waits for nothing else')
  await settle()
  assert.deepEqual(calls(), ['apiKeys.touch'])
  for (let request = 0; request < 50; request++) {
    await ask(reads, key)
    auth.clock.advance(12)
  }
  await settle()
  assert.deepEqual(calls(), Array(50).fill('apiKeys.findSubject'))
  assert.equal(await lastUse(), first)
  auth.clock.advance(1)
  await ask(reads, key)
  await settle()
  assert.equal(await lastUse(), first + 10 * minute + 1)
})

test('a use that cannot be noted does not refuse the request (AC-112)', async (t) => {
  const store = memory()
  const { apiKeys: keys } = store as Required<Store>
  const broken = { ...keys, touch: () => Promise.reject(new Error('the disk is full')) }
  const auth = await createTestAuth({ store: { ...store, apiKeys: broken }, apiKeys: true })
  t.after(() => auth.close())
  const { id: userId } = await auth.users.create(alice)
  const made = await auth.apiKeys?.create({ userId, name: 'key', scopes: [] })
  const { activeUser } = createGuards(auth)
  assert.equal((await ask(activeUser, made?.key ?? '')).id, userId)
  await auth[internals].apiKeys?.settle()
})

test('a request with a JWT costs what it costs without API keys (AC-112)', async (t) => {
  const costs = await Promise.all(
    [false, true].map(async (apiKeys) => {
      const { auth, guards, calls } = await open(t, apiKeys)
      const { authorization } = await auth.actAs('alice')
      const guard = guards.requirePermission('items:read')
      await guard({ headers: { authorization } })
      calls()
      await guard({ headers: { authorization } })
      return calls()
    }),
  )
  assert.deepEqual(costs, [['findSubject'], ['findSubject']])
})

test('what needs a login refuses a key in words, with 403 (AC-114)', async (t) => {
  const { auth, guards, make } = await open(t)
  const key = await make(['items:read'])
  const { authorization } = await auth.actAs('alice')
  for (const guard of [guards.loggedInUser, guards.requireRecentLogin()]) {
    const refusal = await refusalOf(ask(guard, key))
    assert.equal(refusal.statusCode, 403)
    assert.match(refusal.message, /needs a login: an API key/)
    assert.equal((await guard({ headers: { authorization } })).username, 'alice')
    assert.equal(guard.documentation.refusesApiKeys, true)
  }
  assert.equal(guards.activeUser.documentation.refusesApiKeys, undefined)
})

test('without the option a key is refused as any other text, and the guards are as they were', async (t) => {
  const store = memory()
  const on = await createTestAuth({ store, apiKeys: true })
  const off = await createTestAuth({ store })
  t.after(() => off.close())
  const { id: userId } = await on.users.create(alice)
  const { key = '' } = (await on.apiKeys?.create({ userId, name: 'key', scopes: [] })) ?? {}
  assert.equal((await ask(createGuards(on).activeUser, key)).id, userId)
  const guards = createGuards(off)
  await assertInvalid(ask(guards.activeUser, key))
  assert.equal(off.apiKeys, null)
  assert.equal(guards.loggedInUser, guards.activeUser)
  assert.deepEqual(guards.requireRecentLogin().documentation.conditions, ['an active user'])
})

test('a prefix of one’s own is used, and keys of another one are none', async (t) => {
  const { auth, guards, make, userId } = await open(t, { prefix: 'acme' })
  const key = await make([])
  assert.match(key, /^acme_/)
  assert.equal((await ask(guards.activeUser, key)).id, userId)
  await assertInvalid(ask(guards.activeUser, newApiKey('pcat')))
  assert.equal(auth[internals].apiKeys?.isKey(newApiKey('pcat')), false)
})

test('a key lives for 90 days, as long as it says, or as the options say (AC-115)', async (t) => {
  const { auth, make, userId } = await open(t)
  await make([])
  await make([], 366 * day)
  const ends = (await auth.apiKeys?.list(userId))?.map((key) => key.expiresAt - key.createdAt)
  assert.deepEqual(ends, [90 * day, 366 * day])
  for (const lifetime of [366 * day + 1, 59, 0, -1, 1.5, Number.NaN]) {
    await assert.rejects(make([], lifetime), { code: 'api_key_invalid' })
  }
  const short = await open(t, { maxLifetime: 30 * day })
  await short.make([])
  const [{ createdAt = 0, expiresAt = 0 } = {}] =
    (await short.auth.apiKeys?.list(short.userId)) ?? []
  assert.equal(expiresAt - createdAt, 30 * day)
  await assert.rejects(short.make([], 30 * day + 1), { code: 'api_key_invalid' })
})

test('options that cannot be used are refused, each with a sentence', async () => {
  for (const apiKeys of [
    ...[{ prefix: '' }, { prefix: 'eyj' }, { prefix: 'prt' }, { prefix: 'A_b' }, { prefix: 'ab' }],
    ...[{ maxLifetime: 367 * day }, { maxLifetime: 1 }, { maxLifetime: 1.5 }],
    ...[{ defaultLifetime: 367 * day }, { maxLifetime: 100, defaultLifetime: 101 }],
    ...[{ lifetime: 100 }, 'yes', 1],
  ]) {
    const opening = createTestAuth({ apiKeys: apiKeys as ApiKeyOptions })
    await assert.rejects(opening, (error) => error instanceof ConfigError, JSON.stringify(apiKeys))
  }
})

test('no keys begin as another secret does, and all that others begin with is named', async () => {
  const secrets = ['pot', 'prt', 'pbs', 'pac', 'pmt', 'pcs']
  for (const prefix of secrets) {
    const says = `nor be one of ${secrets.join(', ')}.`
    await assert.rejects(
      createTestAuth({ apiKeys: { prefix } }),
      (error) => error instanceof ConfigError && error.message.includes(says),
      prefix,
    )
  }
})

test('a store without a place for keys is told so at once', async () => {
  const { apiKeys: _none, ...store } = memory()
  await assert.rejects(createTestAuth({ store, apiKeys: true }), /no place for API keys/)
  await (await createTestAuth({ store })).close()
})
