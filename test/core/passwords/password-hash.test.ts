import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as argon2 from '@node-rs/argon2'
import * as bcrypt from '@node-rs/bcrypt'
import { ConfigError, UnavailableError } from '../../../src/core/errors.ts'
import { createFailurePace, type FailurePace } from '../../../src/core/passwords/failure-pace.ts'
import { argon2Text } from '../../../src/core/passwords/formats/argon2.ts'
import { createHashPool } from '../../../src/core/passwords/hash-pool.ts'
import {
  argon2Problem,
  createPasswordHasher,
  defaultArgon2Parameters,
  type PasswordHasher,
} from '../../../src/core/passwords/password-hash.ts'
import { unthrottledAdmission } from '../../../src/core/throttle/throttle.ts'
import { cheapHashing, createCountingPool } from '../../fixtures.ts'

/** Answers failures at once: here nobody measures how long they take. */
const noPace = (): FailurePace => createFailurePace(async () => {})
const hasher = await createPasswordHasher(cheapHashing, noPace())
const cheapBcrypt = 4
/** FastAPI's tutorial prints it; it is the hash of "secret". */
const fastapiHash = '$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW'

function verify(by: PasswordHasher, password: string, hash: string | null): Promise<boolean> {
  return by.verify(password, hash, unthrottledAdmission)
}

async function assertOnlyVerifies(right: string, wrong: string): Promise<void> {
  const hash = await hasher.hash(right)
  assert.equal(await verify(hasher, right, hash), true)
  assert.equal(await verify(hasher, wrong, hash), false)
}

test('a new hash is a PHC string of argon2id at the default cost, with a 16-byte salt (PW-01)', async () => {
  const hash = await (await createPasswordHasher()).hash('secret')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.deepEqual(defaultArgon2Parameters, { memory: 19456, time: 2, parallelism: 1 })
})

test('a configured cost is the cost of new hashes, and each has its own salt (PW-01)', async () => {
  const { hash } = await createPasswordHasher({
    argon2: { memory: 32, time: 3, parallelism: 2 },
    allowWeakHashes: true,
  })
  const first = await hash('secret')
  assert.match(first, /^\$argon2id\$v=19\$m=32,t=3,p=2\$/)
  assert.notEqual(await hash('secret'), first)
})

test('a password verifies against its own hash only', async () => {
  await assertOnlyVerifies('three green tractors sing', 'three green tractors sin')
  await assertOnlyVerifies('Password', 'password')
  await assertOnlyVerifies(' padded ', 'padded')
  await assertOnlyVerifies('', ' ')
})

test('the same password in another Unicode composition verifies (PW-08)', async () => {
  const hash = await hasher.hash('caf\u00e9 au lait')
  assert.equal(await verify(hasher, 'cafe\u0301 au lait', hash), true)
  assert.equal(
    await verify(hasher, 'caf\u00e9 au lait', await hasher.hash('cafe\u0301 au lait')),
    true,
  )
  assert.equal(await verify(hasher, 'cafe au lait', hash), false)
})

test('compatibility characters stay what they are: NFC, not NFKC (PW-08)', async () => {
  await assertOnlyVerifies('\ufb01sh', 'fish')
  await assertOnlyVerifies('ａ', 'a')
})

test('every byte counts, however long the password (PW-05, Okta 2024)', async () => {
  for (const position of [64, 73, 500, 1024]) {
    const shared = 'x'.repeat(position - 1)
    await assertOnlyVerifies(`${shared}a`, `${shared}b`)
    await assertOnlyVerifies(`${shared}a`, shared)
  }
})

test('a NUL does not end a password (PW-05)', async () => {
  await assertOnlyVerifies('a\0b', 'a\0c')
  await assertOnlyVerifies('a\0b', 'a')
  const imported = await bcrypt.hash('a\0b', cheapBcrypt)
  assert.equal(await verify(hasher, 'a\0b', imported), true)
  assert.equal(await verify(hasher, 'a\0c', imported), false)
  assert.equal(await verify(hasher, 'a', imported), false)
})

test('the bcrypt hash of the FastAPI tutorial verifies (PW-03)', async () => {
  assert.equal(await verify(hasher, 'secret', fastapiHash), true)
  assert.equal(await verify(hasher, 'Secret', fastapiHash), false)
})

test('bcrypt verifies under each of its names (PW-03)', async () => {
  const imported = await bcrypt.hash('secret', cheapBcrypt)
  for (const name of ['$2a$', '$2b$', '$2y$']) {
    const stored = name + imported.slice(4)
    assert.equal(await verify(hasher, 'secret', stored), true, name)
    assert.equal(await verify(hasher, 'Secret', stored), false, name)
  }
})

test('the argon2 hashes of other programs verify (PW-02)', async () => {
  for (const algorithm of [0, 1, 2]) {
    const options = { algorithm, memoryCost: 64, timeCost: 1, parallelism: 2, outputLen: 16 }
    const stored = await argon2.hash('secret', options)
    assert.equal(await verify(hasher, 'secret', stored), true, stored)
    assert.equal(await verify(hasher, 'Secret', stored), false, stored)
  }
})

test('the hashes that argon2 and argon2-cffi print in their documents verify (PW-02)', async () => {
  const printed = [
    ['password', '$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG'],
    [
      'correct horse battery staple',
      '$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg',
    ],
  ] as const
  for (const [password, stored] of printed) {
    assert.equal(await verify(hasher, password, stored), true, stored)
    assert.equal(await verify(hasher, `${password} `, stored), false, stored)
  }
})

test('a text that is no hash that can be read never verifies', async () => {
  const unreadable = [
    ...['', 'secret', '$', '$2b$', '$2b$12$short', '$argon2id$', '$argon2id$v=19$m=8,t=1,p=1$$'],
    ...['$argon2x$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA', '$6$salt$hash', '$scrypt$ln=16$a$b'],
    ...['pbkdf2_sha256$1000$salt$hash', '5ebe2294ecd0e0f08eab7690d2a6ee69', '!', '*'],
    ...[` ${fastapiHash}`, fastapiHash.replace('$2b$', '$2z$'), fastapiHash.replace('$12', '$0a')],
  ]
  for (const stored of unreadable) {
    assert.equal(await verify(hasher, 'secret', stored), false, stored)
    assert.equal(await verify(hasher, stored, stored), false, stored)
  }
})

test('a hash that is missing never verifies', async () => {
  for (const password of ['', 'secret', 'null']) {
    assert.equal(await verify(hasher, password, null), false)
  }
})

test('what an unknown user is verified against is read as a new hash is, and no password is right (TH-01)', async () => {
  const salted = argon2Text(defaultArgon2Parameters, new Uint8Array(16), new Uint8Array(32))
  const real = await (await createPasswordHasher({}, noPace())).hash('secret')
  assert.equal(salted.length, real.length)
  assert.deepEqual(argon2.parseOptions(salted), argon2.parseOptions(real))
  assert.equal(await argon2.verify(salted, 'secret'), false)
})

test('no hash, a good one, a foreign one and an unreadable one cost one hash each (TH-01)', async () => {
  const pool = createCountingPool()
  const counted = await createPasswordHasher({ ...cheapHashing, pool }, noPace())
  const stored = [null, await hasher.hash('secret'), await bcrypt.hash('secret', cheapBcrypt)]
  for (const hash of [
    ...stored,
    'garbage',
    '',
    '$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$AAAA',
  ]) {
    const before = pool.hashes
    await verify(counted, 'a wrong password', hash)
    assert.equal(pool.hashes, before + 1, String(hash))
  }
})

test('a stored hash that would cost too much is refused before it costs anything (PW-12)', async () => {
  const salt = 'c2FsdHNhbHRzYWx0'
  const output = Buffer.alloc(32, 1).toString('base64').replace(/=+$/, '')
  const long = Buffer.alloc(129, 1).toString('base64').replace(/=+$/, '')
  const expensive = [
    `$argon2id$v=19$m=4194304,t=1,p=1$${salt}$${output}`,
    `$argon2id$v=19$m=262145,t=1,p=1$${salt}$${output}`,
    `$argon2id$v=19$m=64,t=17,p=1$${salt}$${output}`,
    `$argon2id$v=19$m=128,t=1,p=9$${salt}$${output}`,
    `$argon2id$v=19$m=8,t=1,p=1$${salt}$${long}`,
    `$argon2i$v=19$m=8,t=4294967295,p=1$${salt}$${output}`,
    fastapiHash.replace('$12$', '$16$'),
    fastapiHash.replace('$12$', '$31$'),
  ]
  for (const stored of expensive) {
    assert.equal(await verify(hasher, 'secret', stored), false, stored)
    assert.equal(hasher.needsRehash(stored), true, stored)
  }
  // The same parameters, verified for real, would say that the password is right.
  const tooManyPasses = { algorithm: 2, memoryCost: 8, timeCost: 17, parallelism: 1 }
  assert.equal(await verify(hasher, 'secret', await argon2.hash('secret', tooManyPasses)), false)
  const atTheCeiling = { ...tooManyPasses, memoryCost: 64, timeCost: 16, parallelism: 8 }
  assert.equal(await verify(hasher, 'secret', await argon2.hash('secret', atTheCeiling)), true)
})

test('another algorithm or a lower cost asks for a new hash, a higher cost does not (PW-03)', async () => {
  const today = await createPasswordHasher({
    argon2: { memory: 64, time: 2, parallelism: 1 },
    allowWeakHashes: true,
  })
  const hashWith = (options: Partial<argon2.Options>): Promise<string> =>
    argon2.hash('secret', { algorithm: 2, memoryCost: 64, timeCost: 2, parallelism: 1, ...options })
  assert.equal(today.needsRehash(await today.hash('secret')), false)
  assert.equal(today.needsRehash(await hashWith({ memoryCost: 128 })), false)
  assert.equal(today.needsRehash(await hashWith({ timeCost: 3 })), false)
  assert.equal(today.needsRehash(await hashWith({ memoryCost: 63 })), true)
  assert.equal(today.needsRehash(await hashWith({ timeCost: 1 })), true)
  assert.equal(today.needsRehash(await hashWith({ algorithm: 1 })), true)
  assert.equal(today.needsRehash(fastapiHash), true)
  assert.equal(today.needsRehash('garbage'), true)
})

test("a cost below OWASP's table is refused, unless weak hashes are allowed (PW-01)", async () => {
  const rows = [
    { memory: 47104, time: 1 },
    { memory: 19456, time: 2 },
    { memory: 12288, time: 3 },
    { memory: 9216, time: 4 },
    { memory: 7168, time: 5 },
  ]
  for (const { memory, time } of rows) {
    assert.equal(argon2Problem({ memory, time, parallelism: 1 }), null)
    assert.notEqual(argon2Problem({ memory: memory - 1, time, parallelism: 1 }), null)
    assert.equal(argon2Problem({ memory: memory - 1, time, parallelism: 1 }, true), null)
  }
  await assert.rejects(createPasswordHasher({ argon2: { memory: 19455 } }), ConfigError)
  await assert.rejects(createPasswordHasher({ argon2: { time: 1 } }), ConfigError)
})

test('a cost that is not a number, or that would not be read back, is never allowed (PW-12)', async () => {
  const impossible = [
    ...[{ memory: 0 }, { time: 0 }, { parallelism: 0 }, { memory: 1.5 }, { time: -1 }],
    ...[
      { time: Number.NaN },
      { memory: Number.POSITIVE_INFINITY },
      { memory: 262145 },
      { time: 17 },
    ],
    ...[{ parallelism: 9 }, { memory: 15, parallelism: 2 }],
  ]
  for (const cost of impossible) {
    await assert.rejects(
      createPasswordHasher({ argon2: cost, allowWeakHashes: true }),
      (error) => error instanceof ConfigError && error.problems.length === 1,
      JSON.stringify(cost),
    )
  }
})

test('too many hashes at once are refused, not counted as a wrong password (PW-13)', async () => {
  const pool = createHashPool({ concurrency: 1, maxWaiting: 0 })
  const busy = await createPasswordHasher({ ...cheapHashing, pool })
  const job = Promise.withResolvers<void>()
  const running = pool.run(() => job.promise)
  await assert.rejects(verify(busy, 'secret', null), UnavailableError)
  await assert.rejects(busy.hash('secret'), UnavailableError)
  job.resolve()
  await running
  assert.equal(await verify(busy, 'secret', await busy.hash('secret')), true)
})

/** A hasher whose failures wait for nothing, and how long they should have. */
async function createPacedHasher(): Promise<{ hasher: PasswordHasher; waits: number[] }> {
  const waits: number[] = []
  const pool = createHashPool({ concurrency: 1 })
  const pace = createFailurePace(async (milliseconds) => {
    // A failure that waits takes no place in the pool.
    assert.deepEqual(pool.load, { running: 0, waiting: 0 })
    waits.push(milliseconds)
  })
  return { hasher: await createPasswordHasher({ ...cheapHashing, pool }, pace), waits }
}

const slowBcrypt = 9

test('failures wait for the slowest kind of hash there is, successes do not, and no core does (TH-01)', async () => {
  const { hasher, waits } = await createPacedHasher()
  const [argon2id, imported] = [await hasher.hash('right'), await bcrypt.hash('right', slowBcrypt)]
  for (const hash of [null, argon2id]) assert.equal(await verify(hasher, 'wrong', hash), false)
  await hasher.learnTimes([])
  assert.equal(await verify(hasher, 'wrong', argon2id), false)
  assert.deepEqual(waits, [])

  // Before the first attempt on such an account.
  await hasher.learnTimes([imported])
  for (const hash of [null, argon2id, 'not a hash']) {
    assert.equal(await verify(hasher, 'wrong', hash), false)
  }
  assert.equal(waits.length, 3)
  for (const hash of [argon2id, imported]) assert.equal(await verify(hasher, 'right', hash), true)
  assert.equal(waits.length, 3)

  // The last of them has become argon2id.
  await hasher.learnTimes([])
  assert.equal(await verify(hasher, 'wrong', argon2id), false)
  assert.equal(waits.length, 3)
})

test('a failure is answered when its wait is over, and not before (TH-01)', async () => {
  const asked = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const pace = createFailurePace(() => {
    asked.resolve()
    return over.promise
  })
  const hasher = await createPasswordHasher(cheapHashing, pace)
  await hasher.learnTimes([await bcrypt.hash('right', slowBcrypt)])
  let answer: boolean | undefined
  const answered = verify(hasher, 'wrong', null).then((right) => {
    answer = right
  })
  await asked.promise
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  assert.equal(answer, undefined)
  over.resolve()
  await answered
  assert.equal(answer, false)
})

test('a refusal waits for as long as a failure takes and more, whatever was looked at (TH-01)', async () => {
  const { hasher, waits } = await createPacedHasher()
  let hashes = 0
  hasher.pool.subscribe(() => void hashes++)
  // In a process that has verified nothing, it is learned how long a hash takes: once, for all who ask.
  await Promise.all([hasher.settleRefusal(0), hasher.settleRefusal(0)])
  assert.equal(hashes, 3)
  assert.equal(waits.length, 2)
  await hasher.settleRefusal(60_000)
  assert.equal(waits.length, 2, 'later than that already')
  assert.equal(hashes, 3)
})

test('a kind that nobody told of is known once it was verified (TH-01)', async () => {
  const { hasher, waits } = await createPacedHasher()
  const imported = await bcrypt.hash('right', slowBcrypt)
  assert.equal(await verify(hasher, 'right', imported), true)
  assert.equal(await verify(hasher, 'wrong', null), false)
  assert.equal(await verify(hasher, 'wrong', null), false)
  assert.ok(waits.length >= 1)
})

test('learning times stops when it is told to', async () => {
  const { hasher } = await createPacedHasher()
  let hashes = 0
  hasher.pool.subscribe(() => void hashes++)
  const imported = await bcrypt.hash('right', slowBcrypt)
  await hasher.learnTimes([imported], AbortSignal.abort())
  assert.equal(hashes, 0)
  await hasher.learnTimes([imported, imported])
  assert.equal(hashes, 6)
  await hasher.learnTimes([imported])
  assert.equal(hashes, 6)
})
