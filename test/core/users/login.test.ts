import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import * as bcrypt from '@node-rs/bcrypt'
import type { Auth } from '../../../src/core/auth.ts'
import { ThrottledError, UnavailableError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { createHashPool, type HashPool } from '../../../src/core/passwords/hash-pool.ts'
import { createPasswordHasher } from '../../../src/core/passwords/password-hash.ts'
import { createLogin } from '../../../src/core/users/login.ts'
import { bareAccount } from '../../../src/core/users/user.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import {
  authenticate,
  type CountingPool,
  cheapHashing,
  createCountingPool,
  createTestAuth,
  goodPassword,
} from '../../fixtures.ts'

let pool: CountingPool
let auth: Auth

beforeEach(async () => {
  pool = createCountingPool()
  auth = await createTestAuth({ passwordHash: { ...cheapHashing, pool } })
  await auth.users.create({ username: 'alice', password: goodPassword })
})

/** A user whose hash another program made. */
async function importUser(username: string, passwordHash: string | null): Promise<UserRecord> {
  const user: UserRecord = {
    ...{ id: `id-of-${username}`, username, passwordHash, role: 'member', active: true },
    ...{ createdAt: 0, securityStamp: 'stamp' },
    ...bareAccount,
  }
  await auth[internals].store.users.create(user)
  return user
}

async function hashOf(username: string): Promise<string | null | undefined> {
  return (await auth[internals].store.users.findByUsername(username))?.passwordHash
}

async function countHashes(attempt: () => Promise<unknown>): Promise<number> {
  const before = pool.hashes
  await attempt()
  return pool.hashes - before
}

test('the right password gives the record, under every spelling of the name (AZ-01)', async () => {
  for (const name of ['alice', 'ALICE', 'Ａlice']) {
    const user = await authenticate(auth, name, goodPassword)
    assert.equal(user?.username, 'alice')
  }
})

test('a wrong password, an unknown name and a missing password are one answer (TH-01)', async () => {
  await importUser('sso', null)
  const attempts = [
    ['alice', `${goodPassword} `],
    ['alice', ''],
    ['nobody', goodPassword],
    ['', goodPassword],
    ['not a username', goodPassword],
    ['sso', ''],
    ['sso', goodPassword],
    ['sso', 'null'],
  ] as const
  for (const [name, password] of attempts) {
    assert.equal(await authenticate(auth, name, password), null, name)
  }
})

test('every kind of attempt costs one hash (TH-01)', async () => {
  await importUser('sso', null)
  const inactive = await auth.users.create({ username: 'inactive', password: goodPassword })
  await auth.users.deactivate(inactive.id)
  const attempts = [
    ['a good login', 'alice', goodPassword],
    ['a wrong password', 'alice', 'wrong'],
    ['an unknown user', 'nobody', goodPassword],
    ['a name that nobody can have', 'not a username', goodPassword],
    ['an overlong name', 'a'.repeat(100_000), goodPassword],
    ['a user without a password', 'sso', goodPassword],
    ['an inactive user', 'inactive', goodPassword],
    ['an inactive user with a wrong password', 'inactive', 'wrong'],
  ] as const
  for (const [kind, name, password] of attempts) {
    const hashes = await countHashes(() => authenticate(auth, name, password))
    assert.equal(hashes, 1, kind)
  }
})

test('a password over the longest length costs no hash, for any username (PW-07)', async () => {
  for (const name of ['alice', 'nobody', 'not a username']) {
    for (const password of ['x'.repeat(1025), 'é'.repeat(513)]) {
      let answer: unknown
      const hashes = await countHashes(async () => {
        answer = await authenticate(auth, name, password)
      })
      assert.equal(answer, null)
      assert.equal(hashes, 0)
    }
    assert.equal(await countHashes(() => authenticate(auth, name, 'x'.repeat(1024))), 1)
  }
})

test('an inactive user is authenticated too: the caller decides what follows', async () => {
  const { id } = await auth.users.create({ username: 'inactive', password: goodPassword })
  await auth.users.deactivate(id)
  const user = await authenticate(auth, 'inactive', goodPassword)
  assert.equal(user?.id, id)
  assert.equal(user?.active, false)
})

test('a good login replaces a bcrypt hash by argon2id, and then still works (PW-03)', async () => {
  await importUser('bob', await bcrypt.hash('secret', 4))
  const user = await authenticate(auth, 'bob', 'secret')
  const stored = await hashOf('bob')
  assert.match(stored ?? '', /^\$argon2id\$/)
  assert.equal(user?.passwordHash, stored)
  assert.equal(user?.securityStamp, 'stamp')
  assert.ok(await authenticate(auth, 'bob', 'secret'))
  assert.equal(await hashOf('bob'), stored)
})

test('after the new hash, what bcrypt left out of a password counts (PW-05)', async () => {
  const password = `${'x'.repeat(72)} and more`
  await importUser('bob', await bcrypt.hash(password, 4))
  assert.ok(await authenticate(auth, 'bob', password))
  assert.equal(await authenticate(auth, 'bob', `${'x'.repeat(72)} and less`), null)
})

test('a wrong password leaves an old hash as it is (PW-03)', async () => {
  const old = await bcrypt.hash('secret', 4)
  await importUser('bob', old)
  assert.equal(await authenticate(auth, 'bob', 'wrong'), null)
  assert.equal(await hashOf('bob'), old)
})

test('a good login with a hash of the cost of today leaves it as it is', async () => {
  const before = await hashOf('alice')
  await authenticate(auth, 'alice', goodPassword)
  assert.equal(await hashOf('alice'), before)
})

/** Logs bob in, whose old hash must be renewed; `meanwhile` happens between the check and that. */
async function loginWhile(meanwhile: () => Promise<unknown>): Promise<UserRecord | null> {
  let jobs = 0
  const interrupted: HashPool = {
    ...createHashPool({ concurrency: 1 }),
    async run(job) {
      jobs++
      if (jobs === 2) await meanwhile()
      return await job()
    },
  }
  const hasher = await createPasswordHasher({ ...cheapHashing, pool: interrupted })
  const user = await createLogin({
    ...auth[internals],
    hasher,
    digest: (name) => name,
  }).authenticate({
    username: 'bob',
    password: 'secret',
    address: undefined,
  })
  assert.equal(jobs, 2)
  return user
}

test('a password that is changed during the login stays changed (PW-04)', async () => {
  const old = await bcrypt.hash('secret', 4)
  const { id } = await importUser('bob', old)
  const user = await loginWhile(() => auth.users.setPassword(id, goodPassword))
  assert.equal(user?.passwordHash, old, 'the one that was checked, not one that was never stored')
  // The password was right when it was checked; the stamp that it is worth is the old one.
  assert.equal(user?.securityStamp, 'stamp')
  assert.ok(await authenticate(auth, 'bob', goodPassword))
  assert.equal(await authenticate(auth, 'bob', 'secret'), null)
})

test('a login that cannot renew a hash now is still a login', async () => {
  const old = await bcrypt.hash('secret', 4)
  await importUser('bob', old)
  const user = await loginWhile(async () => {
    throw new UnavailableError('full', 1)
  })
  assert.equal(user?.username, 'bob')
  assert.equal(await hashOf('bob'), old)
})

test('a fault while a hash is renewed is not hidden', async () => {
  await importUser('bob', await bcrypt.hash('secret', 4))
  const fault = new Error('a fault')
  await assert.rejects(
    loginWhile(async () => {
      throw fault
    }),
    fault,
  )
})

test('a login that cannot be looked at now is refused before it is counted, by the source it came from (PW-13)', async () => {
  const asked: unknown[] = []
  const full: HashPool = {
    ...createHashPool({ concurrency: 1 }),
    checkCapacity(source) {
      asked.push(source)
      throw new UnavailableError('full', 1)
    },
  }
  const hasher = await createPasswordHasher({ ...cheapHashing, pool: full })
  const login = createLogin({ ...auth[internals], hasher, digest: (name) => name })
  const credentials = { username: 'alice', password: goodPassword, address: '2001:db8::1' }
  let counts = 0
  const { count } = auth[internals].store.throttle
  Object.assign(auth[internals].store.throttle, {
    count: (each: Parameters<typeof count>[0]) => {
      counts++
      return count(each)
    },
  })
  await assert.rejects(login.authenticate(credentials), UnavailableError)
  assert.deepEqual(asked, ['2001:db8:0:0::/64'])
  assert.equal(counts, 0)
  assert.equal(login.counts.unavailable, 1)
})

test('a refusal is an event of what was refused: a login, or a change of the password (LA-01)', async () => {
  const credentials = { username: 'alice', password: 'wrong', address: '192.0.2.1' }
  await auth[internals].login.authenticate(credentials)
  await auth[internals].login.authenticate({ ...credentials, purpose: 'login' })
  await auth[internals].login.authenticate({ ...credentials, purpose: 'password change' })
  const types = (await auth.events.list({ limit: 3 })).map(({ type }) => type)
  assert.deepEqual(types.toReversed(), [
    'authn_login_fail',
    'authn_login_fail',
    'authn_password_change_fail',
  ])
})

test('an unlock is for the account, under every spelling of its name', async () => {
  const attempt = () => authenticate(auth, 'alice', 'wrong', '198.51.100.7')
  for (let tries = 0; tries < 6; tries++) assert.equal(await attempt(), null)
  await assert.rejects(attempt(), ThrottledError)
  await auth[internals].login.unlock('ＡLICE')
  assert.equal(await attempt(), null)
})

test('a password typed decomposed, and longer for it, is the one that was set composed (PW-07, PW-08)', async () => {
  const password = `${goodPassword} ${'é'.repeat(400)}`
  await auth.users.create({ username: 'renee', password })
  assert.ok(Buffer.byteLength(password.normalize('NFD')) > 1024)
  assert.equal((await authenticate(auth, 'renee', password.normalize('NFD')))?.username, 'renee')
})

test('what is no text is the name and the password of nobody', async () => {
  const auth = await createTestAuth({})
  await auth.users.create({ username: 'alice', password: goodPassword })
  for (const [username, password] of [
    [undefined, undefined],
    [5, goodPassword],
    ['alice', 5],
    ['alice', null],
    [{}, []],
  ]) {
    const credentials = { username, password, address: '192.0.2.1' } as never
    assert.equal(await auth.authenticate(credentials), null)
  }
})
