import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AuthOptions } from '../../../src/core/auth-options.ts'
import { ConfigError, UserError } from '../../../src/core/errors.ts'
import {
  type BreachedPasswords,
  breachCheckLimit,
  createBreachCheck,
  createBreachLookup,
} from '../../../src/core/passwords/breach-check.ts'
import { createPasswordPolicy } from '../../../src/core/passwords/password-policy.ts'
import { authenticate, changePassword, createTestAuth, goodPassword } from '../../fixtures.ts'
import { type BreachServer, rangeLine, startBreachServer } from './breach-server.ts'

let server: BreachServer
before(async () => {
  server = await startBreachServer()
})
after(() => server.close())

const stolen = 'seven quiet otters juggle'
const sentence = 'The password is in a list of stolen passwords: choose another one.'

/** What a function of the application comes to: the answer, and why there was none. */
async function judge(breached: (password: string) => unknown): Promise<readonly unknown[]> {
  const failures: string[] = []
  // Whatever JavaScript returns.
  const lookUp = createBreachLookup(breached as () => boolean)
  const answer = await createBreachCheck(lookUp, (reason) => failures.push(reason))(stolen)
  return [answer, ...failures]
}

test('a function of the application decides, at once or later', async () => {
  const seen: string[] = []
  const remember = (password: string): boolean => seen.push(password) > 0
  assert.deepEqual(await judge(remember), [true])
  assert.deepEqual(seen, [stolen])
  assert.deepEqual(await judge(async () => true), [true])
  assert.deepEqual(await judge(() => false), [false])
})

test('a function that fails or returns no boolean lets the password pass, and does not repeat it', async () => {
  const failed = [false, 'The function passwordPolicy.breached has failed.']
  const thrower = (password: string): never => {
    throw new Error(password)
  }
  assert.deepEqual(await judge(thrower), failed)
  assert.deepEqual(await judge(async (password) => thrower(password)), failed)
  for (const answer of [undefined, null, 1, 'true']) {
    assert.deepEqual(await judge(() => answer), [
      false,
      'The function passwordPolicy.breached must return true or false.',
    ])
  }
})

test('a look-up that goes wrong in a way that nobody foresaw lets the password pass, too', async () => {
  const failures: string[] = []
  const check = createBreachCheck(
    (password) => {
      throw new TypeError(password)
    },
    (reason) => failures.push(reason),
  )
  assert.equal(await check(stolen), false)
  assert.deepEqual(failures, ['The list could not be used.'])
})

test('the limit is 2 seconds, and holds for a function that never answers', async () => {
  assert.equal(breachCheckLimit, 2000)
  const failures: string[] = []
  const lookUp = createBreachLookup(() => new Promise<never>(() => undefined))
  const check = createBreachCheck(lookUp, (reason) => failures.push(reason), 20)
  assert.equal(await check(stolen), false)
  assert.deepEqual(failures, ['The list did not answer within 0.02 s.'])
})

test('the policy looks up what it would accept, composed, and nothing else', async () => {
  const seen: string[] = []
  const breached = (password: string): boolean => {
    seen.push(password)
    return true
  }
  const policy = createPasswordPolicy({ breached, refuseSamples: true })
  assert.deepEqual(await policy.problemsOf(`${stolen} e\u0301`, 'bob'), [sentence])
  assert.deepEqual(seen, [`${stolen} \u00e9`])
  for (const refused of [
    'short',
    'passwordpassword',
    'three green tractors sing',
    `${stolen}\n`,
    'correct horse battery staple',
    'x'.repeat(2000),
    'a very long username of bob',
  ]) {
    const problems = await policy.problemsOf(refused, 'a very long username of bob')
    assert.ok(problems.length > 0 && !problems.includes(sentence), refused)
  }
  assert.equal(seen.length, 1)
})

const withList = (breached: BreachedPasswords): Partial<AuthOptions> => ({
  passwordPolicy: { breached },
})

const isRefused = (error: unknown): boolean =>
  error instanceof UserError &&
  error.code === 'password_refused' &&
  error.problems.join() === sentence

test('no way to set a password lets a stolen one pass (AC-43)', async () => {
  server.answerLines(rangeLine(stolen))
  const auth = await createTestAuth(withList({ url: server.url }))
  const first = { username: 'alice', role: 'admin' }
  await assert.rejects(auth.users.createFirst({ ...first, password: stolen }), isRefused)
  const alice = await auth.users.createFirst({ ...first, password: goodPassword })
  assert.ok(alice)
  await assert.rejects(auth.users.create({ username: 'bob', password: stolen }), isRefused)
  await assert.rejects(auth.users.setPassword(alice.id, stolen), isRefused)
  await assert.rejects(changePassword(auth, alice.id, goodPassword, stolen), isRefused)
  assert.deepEqual(await auth.events.list({ type: 'breach_check_failed' }), [])
  assert.ok(await authenticate(auth, 'alice', goodPassword))
})

test('a login looks nothing up, right or wrong, nor does a hash of the application (AC-43)', async () => {
  const auth = await createTestAuth(withList({ url: server.url }))
  const passwordHash = await auth.passwords.hash(stolen)
  await auth.users.create({ username: 'alice', passwordHash })
  const before = server.requests.length
  assert.ok(await authenticate(auth, 'alice', stolen))
  assert.equal(await authenticate(auth, 'alice', goodPassword), null)
  assert.equal(await authenticate(auth, 'nobody', stolen), null)
  assert.equal(await auth.passwords.verify(stolen, passwordHash), true)
  assert.equal(server.requests.length, before)
})

test('without the option nothing is looked up', async () => {
  const before = server.requests.length
  const auth = await createTestAuth()
  await auth.users.create({ username: 'alice', password: stolen })
  assert.equal(server.requests.length, before)
})

test('a list that fails lets the password pass, with an event that says why and nothing of it (AC-118)', async () => {
  server.answer((response) => response.writeHead(503).end())
  const auth = await createTestAuth(withList({ url: server.url }))
  const heard: string[] = []
  auth.events.subscribe(({ type }) => heard.push(type))
  await auth.users.create({ username: 'alice', password: stolen })
  assert.deepEqual(heard, ['breach_check_failed', 'user_created'])
  const [event, ...more] = await auth.events.list({ type: 'breach_check_failed' })
  assert.deepEqual(more, [])
  const { id: _id, at: _at, ...rest } = event ?? {}
  assert.deepEqual(rest, {
    type: 'breach_check_failed',
    outcome: 'failure',
    actor: 'system',
    reason: `${server.url} answered 503, not 200.`,
  })
})

test('a flood of failures fills no disk (AC-118)', async () => {
  const failing = (): never => {
    throw new Error()
  }
  const auth = await createTestAuth(withList(failing))
  const asked = Array.from({ length: 1005 }, () => auth.passwordPolicy.problemsOf(stolen, 'bob'))
  await Promise.all(asked)
  const stored = await auth.events.list({ type: 'breach_check_failed', limit: 2000 })
  assert.equal(stored.length, 1000)
})

test('a list that cannot be used is a problem of the configuration, beside all others', async () => {
  const wrong: readonly unknown[] = [
    'offline',
    '',
    true,
    null,
    {},
    { url: 1 },
    { path: './pwned.txt' },
    { url: server.url, file: './pwned.txt' },
    [server.url],
  ]
  const problemsOf = async (breached: unknown): Promise<string> => {
    const passwordPolicy = { minLength: 7, breached: breached as BreachedPasswords }
    const error = await createTestAuth({ passwordPolicy }).catch((each: unknown) => each)
    assert.ok(error instanceof ConfigError, String(breached))
    assert.equal(error.problems.length, 2)
    return error.problems.join('\n')
  }
  for (const breached of wrong) {
    assert.match(await problemsOf(breached), /passwordPolicy\.breached .* must be 'online', /)
    assert.throws(() => createBreachLookup(breached as BreachedPasswords), ConfigError)
  }
  assert.match(await problemsOf({ url: 'http://pwned.example/' }), /must be https/)
  assert.match(await problemsOf({ file: './nothing.txt' }), /nothing\.txt cannot be read/)
})
