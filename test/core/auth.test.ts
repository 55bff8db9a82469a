import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as jose from 'jose'
import {
  type AuthOptions,
  createAccessToken,
  createAuth,
  firstPartyClientId,
} from '../../src/core/auth.ts'
import { systemClock } from '../../src/core/clock.ts'
import { ConfigError } from '../../src/core/errors.ts'
import type { Store } from '../../src/core/store.ts'
import { memory } from '../../src/stores/memory.ts'
import { cheapHashing, createTestAuth, createTestClock, goodPassword } from '../fixtures.ts'

const secretKey = 'b7e151628aed2a6abf7158809cf4f3c7'

/** A store that tells how often it was opened and closed. */
function countedStore(store: Store = memory()): Store & { opened: number; closed: number } {
  const counted = {
    ...store,
    opened: 0,
    closed: 0,
    async open() {
      counted.opened++
      await store.open()
    },
    async close() {
      counted.closed++
      await store.close()
    },
  }
  return counted
}

async function problemsOf(options: Partial<AuthOptions>): Promise<readonly string[]> {
  const store = countedStore(options.store)
  try {
    await createTestAuth({ ...options, store })
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    assert.equal(store.opened, store.closed)
    return error.problems
  }
}

test('without options there is a short-lived ES256 token of localhost, an admin and a member', async () => {
  const auth = await createAuth({ store: memory(), passwordHash: cheapHashing })
  assert.equal(auth.issuer, 'http://localhost')
  assert.equal(auth.audience, 'http://localhost')
  assert.equal(auth.accessTokens.lifetime, 900)
  assert.equal(auth.keys.current.algorithm, 'ES256')
  assert.equal(auth.passwordPolicy.minLength, 15)
  assert.deepEqual(auth.roles.names, ['admin', 'member'])
  assert.equal(auth.clock, systemClock)
  const user = await auth.accounts.create({ username: 'alice', password: goodPassword })
  assert.equal(user.role, 'member')
})

test('the wall clock tells whole seconds', () => {
  assert.ok(Number.isSafeInteger(systemClock()))
  assert.ok(Math.abs(systemClock() * 1000 - Date.now()) < 2000)
})

test('new hashes have the default cost, unless another is configured (PW-01)', async () => {
  const auth = await createAuth({ store: memory() })
  assert.match(await auth.passwords.hash('x'), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
})

test('the audience is the issuer, unless it is configured', async () => {
  const auth = await createTestAuth({ issuer: 'https://a.example' })
  assert.equal(auth.audience, 'https://a.example')
  const other = await createTestAuth({ issuer: 'https://a.example', audience: 'b' })
  assert.equal(other.audience, 'b')
})

test('every problem of the options is told at once, before the store is opened', async () => {
  const store = countedStore()
  const options = {
    store,
    secretKey: 'short',
    signingAlgorithm: 'HS512' as never,
    keyEncryptionKey: randomBytes(16),
    accessTokenLifetime: 0,
    issuer: '',
    audience: '',
    roles: { 'a b': [] },
    passwordHash: { argon2: { time: 0 } },
    passwordPolicy: { minLength: 7 },
    sessions: { lifetime: 0, refreshGrace: 301 },
  }
  const causes = [
    ...[/secret key .*32 bytes/, /secret key .*few characters/, /signing algorithm/],
    ...[/key-encryption key/, /access token lifetime/, /issuer/, /audience/, /"a b"/],
    ...[/argon2 time/, /password length/, /session lifetime/, /refresh grace/],
  ]
  await assert.rejects(createAuth(options), (error) => {
    assert.ok(error instanceof ConfigError)
    for (const cause of causes) {
      assert.ok(
        error.problems.some((problem) => cause.test(problem)),
        String(cause),
      )
    }
    assert.equal(error.problems.length, causes.length)
    return true
  })
  assert.equal(store.opened, 0)
})

test('a lifetime is a whole number of seconds up to an hour, or more only when allowed', async () => {
  assert.deepEqual(await problemsOf({ accessTokenLifetime: 1 }), [])
  assert.deepEqual(await problemsOf({ accessTokenLifetime: 3600 }), [])
  assert.equal((await problemsOf({ accessTokenLifetime: 3601 })).length, 1)
  const long = { accessTokenLifetime: 86400, allowLongAccessTokens: true }
  assert.deepEqual(await problemsOf(long), [])
  for (const accessTokenLifetime of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const options = { accessTokenLifetime, allowLongAccessTokens: true }
    assert.equal((await problemsOf(options)).length, 1, String(accessTokenLifetime))
  }
})

test('a configured lifetime is the lifetime of new tokens', async () => {
  const clock = createTestClock()
  const auth = await createTestAuth({ accessTokenLifetime: 60, clock })
  const { id } = await auth.accounts.create({ username: 'alice', password: goodPassword })
  const token = (await createAccessToken(auth, id)) ?? ''
  assert.equal(jose.decodeJwt(token).exp, clock() + 60)
})

test('a secret key of less than 32 bytes is refused, a random one of 32 signs HS256 (JW-05)', async () => {
  assert.equal((await problemsOf({ secretKey: secretKey.slice(1) })).length, 1)
  assert.equal((await problemsOf({ secretKey: '' })).length > 0, true)
  const store = memory()
  const auth = await createTestAuth({ secretKey, store })
  assert.equal(auth.keys.current.algorithm, 'HS256')
  assert.deepEqual(auth.keys.publicJwks, { keys: [] })
  assert.deepEqual(await store.signingKeys.list(), [])
})

test('tokens outlive a restart, with a secret key and with a managed one', async () => {
  const shared = memory()
  const clock = createTestClock()
  for (const options of [{ secretKey, store: shared }, { store: shared }]) {
    const before = await createTestAuth({ ...options, clock })
    const user = { username: `u${Object.keys(options).length}`, password: null }
    const { id } = await before.accounts.create(user)
    const token = (await createAccessToken(before, id)) ?? ''
    const after = await createTestAuth({ ...options, clock })
    assert.equal((await after.accessTokens.verify(token))?.claims.sub, id)
  }
})

test('the default role is member, or the last one, or the one that is configured', async () => {
  const roleOf = async (options: Partial<AuthOptions>): Promise<string> => {
    const { accounts } = await createTestAuth(options)
    return (await accounts.create({ username: 'alice', password: null })).role
  }
  assert.equal(await roleOf({ roles: { member: [], admin: ['*'] } }), 'member')
  assert.equal(await roleOf({ roles: { admin: ['*'], reader: ['read'] } }), 'reader')
  assert.equal(await roleOf({ defaultRole: 'admin' }), 'admin')
  assert.equal((await problemsOf({ defaultRole: 'gone' })).length, 1)
  assert.equal((await problemsOf({ defaultRole: '' })).length, 1)
})

test('permissions come from descriptions and roles', async () => {
  const auth = await createTestAuth({
    permissions: { 'items:read': 'Read items' },
    roles: { admin: ['*'], editor: ['items:read', 'items:write'] },
  })
  assert.deepEqual(auth.permissions.describe(), { 'items:read': 'Read items', 'items:write': '' })
})

test('a store without a place for a key needs one configured, or a secret key', async () => {
  const { keyEncryptionKey: _, ...store } = memory()
  assert.equal((await problemsOf({ store })).length, 1)
  assert.deepEqual(await problemsOf({ store, secretKey }), [])
  assert.deepEqual(await problemsOf({ store, keyEncryptionKey: randomBytes(32) }), [])
  for (const length of [0, 31, 33]) {
    assert.equal((await problemsOf({ keyEncryptionKey: randomBytes(length) })).length, 1)
  }
})

test('a configured key-encryption key is used instead of the one of the store', async () => {
  const store = memory()
  const keyEncryptionKey = randomBytes(32)
  await createTestAuth({ store, keyEncryptionKey })
  await createTestAuth({ store, keyEncryptionKey })
  assert.equal((await problemsOf({ store })).length, 1)
})

test('a start that fails after the store was opened closes it', async () => {
  const store = countedStore()
  await createTestAuth({ store, keyEncryptionKey: randomBytes(32) })
  await assert.rejects(createTestAuth({ store }), ConfigError)
  assert.deepEqual([store.opened, store.closed], [2, 1])
})

test('closing closes the store', async () => {
  const store = countedStore()
  const auth = await createTestAuth({ store })
  await auth.close()
  assert.equal(store.closed, 1)
})

test('an access token made without a password delegates what the role grants', async () => {
  const auth = await createTestAuth({ roles: { admin: ['*'], editor: ['a', 'b'] } })
  const user = await auth.accounts.create({ username: 'alice', password: null, role: 'editor' })
  const verified = await auth.accessTokens.verify((await createAccessToken(auth, user.id)) ?? '')
  assert.deepEqual(verified?.scopes, ['a', 'b'])
  assert.deepEqual(verified?.claims.roles, ['editor'])
  assert.equal(verified?.claims.sub, user.id)
  assert.equal(verified?.claims.client_id, firstPartyClientId)
  const narrow = await auth.accessTokens.verify(
    (await createAccessToken(auth, user.id, ['a'])) ?? '',
  )
  assert.deepEqual(narrow?.scopes, ['a'])
  assert.equal(await createAccessToken(auth, 'nobody'), null)
})
