import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { test } from 'node:test'
import * as argon2 from '@node-rs/argon2'
import * as bcrypt from '@node-rs/bcrypt'
import type { Auth } from '../../../src/core/auth.ts'
import { ConfigError, UnavailableError, UserError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import {
  createPasswordHasher,
  type PasswordHasher,
} from '../../../src/core/passwords/password-hash.ts'
import { createPepper, type PepperOptions } from '../../../src/core/passwords/peppers.ts'
import type { Store } from '../../../src/core/store.ts'
import { unthrottledAdmission } from '../../../src/core/throttle/throttle.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { assertAbsent } from '../../canaries.ts'
import {
  authenticate,
  cheapHashing,
  createCountingPool,
  createTestAuth,
  goodPassword,
} from '../../fixtures.ts'

const one = '6f2c1e8a94b7d3057ae9c64f18d2b0359e7a4c61'
const two = 'd84b0c73f51e29a6bc07d3e8925f41a60c8b7e3d'
const idOf = (pepper: string): string => createPepper(pepper).id

const createHasher = (options: PepperOptions = {}): Promise<PasswordHasher> =>
  createPasswordHasher({ ...cheapHashing, ...options })
const verify = (by: PasswordHasher, password: string, hash: string | null): Promise<boolean> =>
  by.verify(password, hash, unthrottledAdmission)

/** An application on this store, with these peppers. */
const open = (store: Store, peppers: PepperOptions = {}): Promise<Auth> =>
  createTestAuth({ store, passwordHash: { ...cheapHashing, ...peppers } })

async function hashOf(store: Store, username: string): Promise<string> {
  return (await store.users.findByUsername(username))?.passwordHash ?? ''
}

/** Fails unless the hash of a user is under this pepper, or none. */
async function assertUnder(store: Store, username: string, pepper?: string): Promise<void> {
  const parameters = (await hashOf(store, username)).split('$')[3]
  const keyId = pepper === undefined ? '' : `,keyid=${idOf(pepper)}`
  assert.equal(parameters, `m=8,t=1,p=1${keyId}`)
}

/** Fails unless a start on this store with these peppers is refused, because one is missing. */
async function assertRefused(store: Store, peppers: PepperOptions, missing: string): Promise<void> {
  await assert.rejects(open(store, peppers), (error) => {
    assert.ok(error instanceof ConfigError)
    assert.deepEqual(error.problems, [
      `Password hashes are stored under the pepper ${idOf(missing)}, which is not configured: put it back, as the pepper or as a previous one.`,
    ])
    assertAbsent(`${error.stack} ${JSON.stringify(error)}`, { one, two })
    return true
  })
}

test('a pepper is the secret value of argon2, as another implementation has it (PW-11)', async () => {
  const hash = await (await createHasher({ pepper: one })).hash('secret')
  const [, kind, version, parameters, salt = '', output] = hash.split('$')
  assert.deepEqual(
    [kind, version, parameters],
    ['argon2id', 'v=19', `m=8,t=1,p=1,keyid=${idOf(one)}`],
  )
  const again = (secret: string): string =>
    argon2Sync('argon2id', {
      message: 'secret',
      nonce: Buffer.from(salt, 'base64'),
      ...{ memory: 8, passes: 1, parallelism: 1, tagLength: 32, secret },
    }).toString('base64')
  assert.equal(again(one), `${output}=`)
  assert.notEqual(again(two), `${output}=`)
  assert.notEqual(again(''), `${output}=`)
  // With the hash alone, an attacker cannot try a password.
  assert.equal(await argon2.verify(hash, 'secret'), false)
})

test('its id is made of it, fits into a PHC string, and tells nothing (PW-11)', () => {
  assert.equal(idOf(one), idOf(one))
  assert.notEqual(idOf(one), idOf(two))
  assert.match(idOf(one), /^[A-Za-z0-9+/]{8}$/)
  assertAbsent(JSON.stringify(idOf(one)), { one })
})

test('a pepper that can be guessed, or that is there twice, is refused (PW-11, KM-10)', async () => {
  for (const [options, pattern] of [
    [{ pepper: 'short' }, /^The pepper must have at least 32 bytes; make one with: /],
    [{ previousPeppers: [one, 'ab'.repeat(40)] }, /^A previous pepper repeats too few characters/],
    [{ pepper: one, previousPeppers: [one] }, /^The secret key, the pepper and each previous one/],
  ] as const) {
    await assert.rejects(open(memory(), options), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.problems[0] ?? '', pattern)
      assertAbsent(error.message, { one })
      return true
    })
  }
  const secretKey = one
  await assert.rejects(
    createTestAuth({ secretKey, passwordHash: { ...cheapHashing, pepper: one } }),
    /must differ/,
  )
})

test('introduced: earlier hashes verify, and a good login puts them under it (PW-11)', async () => {
  const store = memory()
  const before = await open(store)
  await before.users.create({ username: 'alice', password: goodPassword })
  const passwordHash = await bcrypt.hash(goodPassword, 4)
  await before.users.create({ username: 'imported', passwordHash })

  const after = await open(store, { pepper: one })
  await after.users.create({ username: 'new', password: goodPassword })
  for (const username of ['alice', 'imported', 'new']) {
    assert.equal(await authenticate(after, username, 'wrong'), null)
    assert.ok(await authenticate(after, username, goodPassword), username)
    await assertUnder(store, username, one)
    const hash = await hashOf(store, username)
    assert.ok(await authenticate(after, username, goodPassword), 'and again')
    assert.equal(await hashOf(store, username), hash, 'once')
  }
})

test('rotated: old logins work, and go over to the new pepper (PW-11)', async () => {
  const store = memory()
  const before = await open(store, { pepper: one })
  for (const username of ['alice', 'bob']) {
    await before.users.create({ username, password: goodPassword })
  }
  const after = await open(store, { pepper: two, previousPeppers: [one] })
  assert.equal(await authenticate(after, 'alice', 'wrong'), null)
  assert.ok(await authenticate(after, 'alice', goodPassword))
  await assertUnder(store, 'alice', two)
  await assertUnder(store, 'bob', one)

  // Not before the last one has gone over.
  await assertRefused(store, { pepper: two }, one)
  assert.ok(await authenticate(after, 'bob', goodPassword))
  const later = await open(store, { pepper: two })
  assert.ok(await authenticate(later, 'bob', goodPassword))
})

test('a process that still makes hashes with the old pepper is understood meanwhile (PW-11)', async () => {
  const store = memory()
  // First everybody knows the new one, then it is used.
  const old = await open(store, { pepper: one, previousPeppers: [two] })
  const current = await open(store, { pepper: two, previousPeppers: [one] })
  await old.users.create({ username: 'alice', password: goodPassword })
  for (const [auth, pepper] of [
    [current, two],
    [old, one],
    [current, two],
  ] as const) {
    assert.ok(await authenticate(auth, 'alice', goodPassword))
    await assertUnder(store, 'alice', pepper)
  }
})

test('without its key nothing starts, and no other key takes its place (PW-11)', async () => {
  const store = memory()
  const auth = await open(store, { pepper: one })
  const { id } = await auth.users.create({ username: 'alice', password: goodPassword })
  await assertRefused(store, {}, one)
  await assertRefused(store, { pepper: two }, one)
  await assertRefused(store, { previousPeppers: [two] }, one)
  await open(store, { pepper: two, previousPeppers: [one] })
  await auth.users.remove(id)
  await open(store)
})

test('given up: what is under it goes back to none, and then the key may go (PW-11)', async () => {
  const store = memory()
  const before = await open(store, { pepper: one })
  await before.users.create({ username: 'alice', password: goodPassword })
  const after = await open(store, { previousPeppers: [one] })
  assert.ok(await authenticate(after, 'alice', goodPassword))
  await assertUnder(store, 'alice')
  assert.ok(await authenticate(await open(store), 'alice', goodPassword))
})

test('a pepper that a running process does not know is no wrong password, and not counted (PW-11)', async () => {
  const store = memory()
  const early = await open(store)
  const late = await open(store, { pepper: one })
  await late.users.create({ username: 'alice', password: goodPassword })
  for (let attempt = 0; attempt < 10; attempt++) {
    await assert.rejects(authenticate(early, 'alice', goodPassword), (error) => {
      assert.ok(error instanceof UnavailableError)
      assert.equal(error.message, 'Logins cannot be checked now, try again later')
      assert.match((error.cause as Error).message, new RegExp(`pepper ${idOf(one)}, which is not`))
      return true
    })
  }
  assert.deepEqual(early[internals].login.counts, {
    succeeded: 0,
    failed: 0,
    throttled: 0,
    unavailable: 10,
  })
  assert.ok(await authenticate(late, 'alice', goodPassword), 'nobody has to wait')
  await assertUnder(store, 'alice', one)
})

test('an unknown pepper never lets anybody in, whatever the hash is (PW-11)', async () => {
  const without = await createHasher()
  // Somebody who writes to the database, and would have it verified without a key.
  const forged = (await without.hash('secret')).replace(',p=1', ',p=1,keyid=AAAAAAAA')
  for (const hasher of [without, await createHasher({ pepper: one })]) {
    await assert.rejects(verify(hasher, 'secret', forged), UnavailableError)
    await assert.rejects(verify(hasher, 'wrong', forged), UnavailableError)
  }
  const moved = (await without.hash('secret')).replace(',p=1', `,p=1,keyid=${idOf(one)}`)
  assert.equal(await verify(await createHasher({ pepper: one }), 'secret', moved), false)
})

test('with a pepper, too, every failure is one hash of work (TH-01, PW-11)', async () => {
  const pool = createCountingPool()
  const options = { ...cheapHashing, pool, pepper: two, previousPeppers: [one] }
  const counted = await createPasswordHasher(options)
  const unknown = (await counted.hash('secret')).replace(/keyid=[^$]+/, 'keyid=AAAAAAAA')
  const stored = [
    ...[await counted.hash('secret'), await (await createHasher({ pepper: one })).hash('secret')],
    ...[await (await createHasher()).hash('secret'), await bcrypt.hash('secret', 4), unknown],
  ]
  for (const hash of [null, 'garbage', ...stored]) {
    const before = pool.hashes
    await verify(counted, 'wrong', hash).catch((error) => assert.equal(hash, unknown, error))
    assert.equal(pool.hashes, before + 1, String(hash))
  }
})

test('a hash under a pepper that is not known is not imported, one under a known is (PW-11)', async () => {
  const hash = await (await createHasher({ pepper: one })).hash(goodPassword)
  const users = [{ line: 1, user: { username: 'alice', passwordHash: hash } }]
  const problem = `The password hash is under the pepper ${idOf(one)}, which is not configured here.`

  const without = await open(memory())
  const refused: string[] = []
  await without.users.importUsers(users, { onRefused: (entry) => refused.push(entry.problem) })
  assert.deepEqual(refused, [problem])
  await assert.rejects(
    without.users.create({ username: 'alice', passwordHash: hash }),
    (error) => error instanceof UserError && error.problems[0] === problem,
  )

  const store = memory()
  const moved = await open(store, { previousPeppers: [one] })
  assert.equal((await moved.users.importUsers(users)).created, 1)
  await assertRefused(store, {}, one)
  assert.ok(await authenticate(moved, 'alice', goodPassword))
})
