import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Auth } from '../../../src/core/auth.ts'
import { ConfigError, OAuthError, UnavailableError } from '../../../src/core/errors.ts'
import type { AuthEvent } from '../../../src/core/events/event-store.ts'
import { internals } from '../../../src/core/internals.ts'
import type { OpenSession } from '../../../src/core/sessions/session-calls.ts'
import { checkSessionOptions } from '../../../src/core/sessions/session-options.ts'
import { toUser } from '../../../src/core/users/user.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import {
  changePassword,
  createTestAuth,
  createTestClock,
  goodPassword,
  type TestClock,
} from '../../fixtures.ts'

const clientId = 'first-party'
const day = 24 * 60 * 60

let clock: TestClock
let auth: Auth
let user: UserRecord

async function start(sessions = {}): Promise<void> {
  clock = createTestClock()
  auth = await createTestAuth({ clock, sessions })
  const { id } = await auth.users.create({ username: 'alice', password: goodPassword })
  user = (await auth[internals].store.users.findById(id)) as UserRecord
}

beforeEach(() => start())

async function open(): Promise<OpenSession> {
  const opened = await auth.sessions.open(user, { clientId, scopes: ['a', 'b'] })
  assert.ok(opened)
  return opened
}

const isRefused = (error: unknown): boolean =>
  error instanceof OAuthError && error.code === 'invalid_grant'

async function assertRefused(token: string, client = clientId): Promise<void> {
  await assert.rejects(auth.sessions.refresh(token, client), isRefused)
}

async function isEnded(id: string): Promise<boolean> {
  return (await auth[internals].store.sessions.find(id))?.revokedAt !== null
}

test('a refresh yields a new token, and the session goes on', async () => {
  const { session, refreshToken } = await open()
  const refreshed = await auth.sessions.refresh(refreshToken, clientId)
  assert.equal(refreshed.session.id, session.id)
  assert.notEqual(refreshed.refreshToken, refreshToken)
  const again = await auth.sessions.refresh(refreshed.refreshToken, clientId)
  assert.equal(again.session.generation, 2)
  assert.deepEqual(again.session.scopes, ['a', 'b'])
})

test('presented again within the grace, a token yields the identical successor (SR-05)', async () => {
  const { refreshToken } = await open()
  const first = await auth.sessions.refresh(refreshToken, clientId)
  clock.advance(10)
  const second = await auth.sessions.refresh(refreshToken, clientId)
  assert.equal(second.refreshToken, first.refreshToken)
  assert.equal(second.session.generation, 1)
})

test('presented again after its successor was used, a token ends its session, stored before the refusal (SR-06, SR-07)', async () => {
  const { session, refreshToken } = await open()
  const { refreshToken: successor } = await auth.sessions.refresh(refreshToken, clientId)
  const { refreshToken: newest } = await auth.sessions.refresh(successor, clientId)
  clock.advance(11)
  await assertRefused(refreshToken)
  assert.ok(await isEnded(session.id))
  for (const token of [successor, newest]) await assertRefused(token)
})

test('an older generation ends the session even within one second (SR-06, SR-08, keycloak 50999)', async () => {
  const { session, refreshToken: zero } = await open()
  const { refreshToken: one } = await auth.sessions.refresh(zero, clientId)
  const { refreshToken: two } = await auth.sessions.refresh(one, clientId)
  await assertRefused(zero)
  assert.ok(await isEnded(session.id))
  await assertRefused(two)
})

test('with a grace of 0, the second presentation ends the session', async () => {
  await start({ refreshGrace: 0 })
  const { session, refreshToken } = await open()
  await auth.sessions.refresh(refreshToken, clientId)
  await assertRefused(refreshToken)
  assert.ok(await isEnded(session.id))
})

test('of 50 presentations at once all get the same successor, one generation on (SR-04, CVE-2026-1035, GHSA-392p-2q2v-4372)', async () => {
  const { session, refreshToken } = await open()
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => auth.sessions.refresh(refreshToken, clientId)),
  )
  assert.equal(new Set(answers.map((answer) => answer.refreshToken)).size, 1)
  assert.equal((await auth[internals].store.sessions.find(session.id))?.generation, 1)
})

test('while the clock is set back the grace is no longer than it is: reuse ends the session (SR-06)', async () => {
  for (const [back, isReuse] of [
    [3600, true],
    [31, true],
    [30, false],
  ] as const) {
    await start()
    const { session, refreshToken } = await open()
    const { refreshToken: successor } = await auth.sessions.refresh(refreshToken, clientId)
    clock.advance(-back)
    if (isReuse) await assertRefused(refreshToken)
    else assert.equal((await auth.sessions.refresh(refreshToken, clientId)).refreshToken, successor)
    assert.equal(await isEnded(session.id), isReuse, `${back} seconds back`)
  }
})

test('a machine whose clock is far behind sees the reuse of what another one rotated (SR-06)', async () => {
  const store = memory()
  const secretKey = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
  const [ahead, behind] = [createTestClock(), createTestClock()]
  const here = await createTestAuth({ store, secretKey, clock: ahead })
  const there = await createTestAuth({ store, secretKey, clock: behind })
  const alice = await here.users.create({ username: 'alice', password: goodPassword })
  for (const [seconds, isReuse] of [
    [20, false],
    [120, true],
  ] as const) {
    ahead.advance(seconds - (ahead() - behind()))
    const opened = await here.sessions.open(alice, { clientId, scopes: [] })
    assert.ok(opened)
    const { refreshToken } = await here.sessions.refresh(opened.refreshToken, clientId)
    const again = there.sessions.refresh(opened.refreshToken, clientId)
    if (isReuse) await assert.rejects(again, isRefused)
    else assert.equal((await again).refreshToken, refreshToken)
    assert.equal((await here.sessions.list(alice.id)).length, 1)
  }
})

test('a token that is presented again within the grace is an event, which is not stored (LA-01)', async () => {
  const { session, refreshToken } = await open()
  await auth.sessions.refresh(refreshToken, clientId)
  const heard: AuthEvent[] = []
  auth.events.subscribe((event) => heard.push(event))
  await auth.sessions.refresh(refreshToken, clientId, { address: '192.0.2.9' })
  const [{ type, sessionId, address, userId } = {} as AuthEvent] = heard
  assert.deepEqual(
    [heard.length, type, sessionId, address, userId],
    [1, 'authn_token_repeated', session.id, '192.0.2.9', user.id],
  )
  assert.deepEqual(await auth.events.list({ type: 'authn_token_repeated', limit: 10 }), [])
})

test('reuse ends the session even if its event cannot be stored, and the error shows (SR-07)', async () => {
  await start({ refreshRetryWindow: 0 })
  const { session, refreshToken } = await open()
  await auth.sessions.refresh(refreshToken, clientId)
  clock.advance(11)
  const { sessions } = auth[internals].store
  const { revoke } = sessions
  const outage = new UnavailableError('The disk is full', 2)
  const revoked: unknown[] = []
  Object.assign(sessions, {
    revoke: async (...parameters: Parameters<typeof revoke>) => {
      const event = parameters.at(-1)
      revoked.push(event)
      if (typeof event === 'object') throw outage
      return await revoke(...parameters)
    },
  })
  await assert.rejects(auth.sessions.refresh(refreshToken, clientId), outage)
  assert.equal(revoked.length, 2)
  assert.ok(await isEnded(session.id))
})

test('a login waits until the sessions beyond the bound are gone', async () => {
  const outage = new UnavailableError('The database cannot be used now', 2)
  Object.assign(auth[internals].store.sessions, { trim: () => Promise.reject(outage) })
  await assert.rejects(auth.sessions.open(user, { clientId, scopes: [] }), outage)
})

test('an ended session is kept for a day for those who look into the database, and no longer', async () => {
  const { session } = await open()
  await auth.sessions.end(session.id)
  clock.advance(day)
  assert.equal(await auth.sessions.prune(), 0)
  assert.equal(auth.sessions.pruned, 0)
  clock.advance(1)
  assert.equal(await auth.sessions.prune(), 1)
  assert.equal(auth.sessions.pruned, 1)
})

test('a token of another client is refused and stays good (SR-02, GHSA-pw9m-5jxm-xr6h)', async () => {
  const { session, refreshToken } = await open()
  await assertRefused(refreshToken, 'another')
  assert.equal(await isEnded(session.id), false)
  await auth.sessions.refresh(refreshToken, clientId)
})

test('a predecessor within the grace is no way in for another client', async () => {
  const { session, refreshToken } = await open()
  await auth.sessions.refresh(refreshToken, clientId)
  await assertRefused(refreshToken, 'another')
  assert.equal(await isEnded(session.id), false)
})

test('a session ends when it was not used for its idle lifetime (SR-10)', async () => {
  const { refreshToken } = await open()
  clock.advance(14 * day - 1)
  const { refreshToken: next } = await auth.sessions.refresh(refreshToken, clientId)
  clock.advance(14 * day)
  await assertRefused(next)
})

test('a session ends at its absolute end, however it is used (SR-10)', async () => {
  let { refreshToken } = await open()
  for (let used = 0; used < 8; used++) {
    clock.advance(11 * day)
    refreshToken = (await auth.sessions.refresh(refreshToken, clientId)).refreshToken
  }
  clock.advance(2 * day)
  await assertRefused(refreshToken)
})

test('the newest token that comes too late is refused, and is no reuse', async () => {
  const { session, refreshToken } = await open()
  clock.advance(14 * day)
  await assertRefused(refreshToken)
  assert.equal(await isEnded(session.id), false)
  assert.deepEqual(await auth.events.list({ type: 'authn_token_reuse', limit: 1 }), [])
})

test('what is no refresh token is refused as one that is not good', async () => {
  for (const text of ['', 'x', 'prt_', 'prt_x.0.y']) await assertRefused(text)
})

test('a session that there is not is not ended', async () => {
  assert.equal(await auth.sessions.end('00000000-0000-7000-8000-000000000000'), false)
})

test('an ended session refreshes no more (SR-09)', async () => {
  const { session, refreshToken } = await open()
  assert.equal(await auth.sessions.end(session.id), true)
  assert.equal(await auth.sessions.end(session.id), false)
  await assertRefused(refreshToken)
})

test('a session is ended only for its own user (SR-12)', async () => {
  const { session } = await open()
  assert.equal(await auth.sessions.end(session.id, { userId: 'somebody else' }), false)
  assert.equal(await isEnded(session.id), false)
  assert.equal(await auth.sessions.end(session.id, { userId: user.id }), true)
})

for (const [event, happen] of [
  ['a deactivation', () => auth.users.deactivate(user.id)],
  ['a deletion', () => auth.users.remove(user.id)],
  ['a password set by somebody else', () => auth.users.setPassword(user.id, `${goodPassword}!`)],
  ['a log-out everywhere', () => auth.users.endSessions(user.id)],
] as const) {
  test(`${event} ends all sessions, also those within the grace (AZ-08, SR-11)`, async () => {
    const one = await open()
    const other = await open()
    const { refreshToken } = await auth.sessions.refresh(other.refreshToken, clientId)
    await happen()
    await assertRefused(one.refreshToken)
    await assertRefused(other.refreshToken)
    await assertRefused(refreshToken)
    assert.deepEqual(await auth.sessions.list(user.id), [])
  })
}

test('a reactivated user does not get old sessions back', async () => {
  const { refreshToken } = await open()
  await auth.users.deactivate(user.id)
  await auth.users.reactivate(user.id)
  await assertRefused(refreshToken)
})

test('a change of password keeps the session it was made in, and no other (SR-11)', async () => {
  const mine = await open()
  const other = await open()
  await changePassword(auth, user.id, goodPassword, `${goodPassword}!`, mine.session.id)
  await auth.sessions.refresh(mine.refreshToken, clientId)
  await assertRefused(other.refreshToken)
  assert.deepEqual(
    (await auth.sessions.list(user.id)).map(({ id }) => id),
    [mine.session.id],
  )
})

test('a change of password keeps no session of somebody else', async () => {
  const mallory = await auth.users.create({ username: 'mallory', password: goodPassword })
  const { session, refreshToken } = await open()
  await auth.users.deactivate(user.id)
  await auth.users.reactivate(user.id)
  await changePassword(auth, mallory.id, goodPassword, `${goodPassword}!`, session.id)
  await assertRefused(refreshToken)
})

test('a user deactivated between the hash and the session gets none (AZ-08)', async () => {
  await auth.users.deactivate(user.id)
  assert.equal(await auth.sessions.open(user, { clientId, scopes: [] }), null)
})

test('a user whose password changed between the hash and the session gets none (AZ-08)', async () => {
  await auth.users.setPassword(user.id, `${goodPassword}!`)
  assert.equal(await auth.sessions.open(user, { clientId, scopes: [] }), null)
})

test('the label of a session is one line of at most 200 characters (LA-03)', async () => {
  const opened = await auth.sessions.open(user, {
    clientId,
    scopes: [],
    userAgent: `a\r\nb\u001b${'x'.repeat(500)}`,
    address: '192.0.2.1',
  })
  assert.match(opened?.session.label ?? '', /^a {2}b x+$/)
  assert.equal(opened?.session.label.length, 200)
  assert.equal(opened?.session.address, '192.0.2.1')
})

test('sessions that ended a day ago are deleted, live ones stay (RI-12)', async () => {
  const ended = await open()
  await auth.sessions.end(ended.session.id)
  const live = await open()
  clock.advance(day + 1)
  assert.equal(await auth.sessions.prune(), 1)
  assert.equal(await auth[internals].store.sessions.find(ended.session.id), null)
  assert.ok(await auth[internals].store.sessions.find(live.session.id))
  clock.advance(90 * day)
  assert.equal(await auth.sessions.prune(), 1)
})

test('lifetimes and the grace are whole numbers in their bounds, every mistake told', () => {
  const bad = { idleLifetime: 0, lifetime: 1.5, refreshGrace: 301, refreshRetryWindow: -1 }
  assert.throws(
    () => checkSessionOptions(bad),
    (error) => error instanceof ConfigError && error.problems.length === 4,
  )
  assert.throws(() => checkSessionOptions({ refreshGrace: -1 }), ConfigError)
  assert.throws(() => checkSessionOptions({ lifetime: Number.POSITIVE_INFINITY }), ConfigError)
})

test('a predecessor is no way past the absolute end, within the grace (SR-10)', async () => {
  await start({ lifetime: 100 })
  const { refreshToken } = await open()
  clock.advance(95)
  await auth.sessions.refresh(refreshToken, clientId)
  clock.advance(5)
  await assertRefused(refreshToken)
})

test('an idle session is not listed, and deleted a day later (RI-12)', async () => {
  const { session } = await open()
  clock.advance(14 * day)
  assert.deepEqual(await auth.sessions.list(user.id), [])
  assert.equal(await auth.sessions.prune(), 0)
  clock.advance(day + 1)
  assert.equal(await auth.sessions.prune(), 1)
  assert.equal(await auth[internals].store.sessions.find(session.id), null)
})

test('pruning stops after the batch in which it is told to', { timeout: 60_000 }, async () => {
  const stop = new AbortController()
  const store = memory()
  let batches = 0
  // There is always more to prune.
  const sessions = {
    ...store.sessions,
    async prune(_endedBefore: number, _lastUsedBefore: number, limit: number) {
      if (++batches === 3) stop.abort()
      return { deleted: limit, seen: limit }
    },
  }
  const { sessions: pruning } = await createTestAuth({ store: { ...store, sessions } })
  assert.ok((await pruning.prune(stop.signal)) > 0)
  assert.equal(batches, 3)
})

test('a user has at most 100 sessions; the least recently used goes first (SR-13)', async () => {
  const first = await open()
  const second = await open()
  clock.advance(1)
  const { refreshToken } = await auth.sessions.refresh(first.refreshToken, clientId)
  for (let opened = 2; opened < 101; opened++) {
    clock.advance(1)
    await open()
  }
  assert.equal((await auth.sessions.list(user.id)).length, 100)
  await assertRefused(second.refreshToken)
  await auth.sessions.refresh(refreshToken, clientId)
})

test('reuse and log-out are events, once each, without the token (LA-01)', async () => {
  await start({ refreshRetryWindow: 0 })
  const heard: AuthEvent[] = []
  const unsubscribe = auth.events.subscribe((event) => heard.push(event))
  const { session, refreshToken } = await open()
  await auth.sessions.refresh(refreshToken, clientId)
  clock.advance(11)
  await assertRefused(refreshToken)
  await assertRefused(refreshToken)
  const other = await open()
  assert.equal(await auth.sessions.end(other.session.id, { userId: user.id }), true)
  assert.equal(await auth.sessions.end(other.session.id, { userId: user.id }), false)
  const told = heard.map(({ type, outcome, sessionId }) => [type, outcome, sessionId])
  assert.deepEqual(told, [
    ['authn_login_success', 'success', session.id],
    ['authn_token_created', 'success', session.id],
    ['authn_token_reuse', 'failure', session.id],
    ['authn_login_success', 'success', other.session.id],
    ['session_ended', 'success', other.session.id],
  ])
  for (const event of heard) {
    assert.equal(event.userId, user.id)
    assert.equal(event.clientId, clientId)
  }
  assert.deepEqual(
    (await auth.events.list({ limit: 10 })).filter(({ type }) => type !== 'user_created'),
    heard
      .filter(({ type }) => type !== 'authn_token_created')
      .sort((a, b) => (a.id < b.id ? 1 : -1)),
  )
  assert.doesNotMatch(JSON.stringify(heard), /prt_/)
  unsubscribe()
  await auth.sessions.end((await open()).session.id)
  assert.equal(heard.length, 5)
})

test("another client's use of a token is an event, and the session goes on (SR-02)", async () => {
  const heard: AuthEvent[] = []
  const { session, refreshToken } = await open()
  auth.events.subscribe((event) => heard.push(event))
  await assertRefused(refreshToken, 'another')
  const { id: _id, ...event } = heard[0] as AuthEvent
  assert.deepEqual(event, {
    type: 'authn_token_wrong_client',
    at: clock(),
    outcome: 'failure',
    actor: 'client:another',
    userId: user.id,
    sessionId: session.id,
    clientId: 'another',
  })
  assert.equal(heard.length, 1)
  await auth.sessions.refresh(refreshToken, clientId)
})

test('a look at a token shows what its use would yield, and uses nothing', async () => {
  await start({ lifetime: 100, idleLifetime: 60 })
  const { session, refreshToken } = await open()
  const inspected = await auth.sessions.inspect(refreshToken)
  assert.deepEqual(inspected, { session, user: toUser(user), expiresAt: clock() + 60 })
  clock.advance(50)
  const next = await auth.sessions.refresh(refreshToken, clientId)
  const expiresAt = session.createdAt + 100
  assert.equal((await auth.sessions.inspect(next.refreshToken))?.expiresAt, expiresAt)
})

test('a look shows nothing of a token that is used or refused, and ends no session', async () => {
  await start({ idleLifetime: 60 })
  const { session, refreshToken } = await open()
  const { refreshToken: next } = await auth.sessions.refresh(refreshToken, clientId)
  clock.advance(11)
  for (const token of [refreshToken, 'garbage', next.replace(/^prt_/, ''), `${next}x`]) {
    assert.equal(await auth.sessions.inspect(token), null)
  }
  assert.equal(await isEnded(session.id), false)
  clock.advance(49)
  assert.equal(await auth.sessions.inspect(next), null, 'idle')
  const other = await open()
  await auth.users.deactivate(user.id)
  assert.equal(await auth.sessions.inspect(other.refreshToken), null, 'of an inactive user')
})

test('of what a proxy says the address is kept, without a port, and nothing else that a client can write', async () => {
  const auth = await createTestAuth({})
  const user = await auth.users.create({ username: 'roamer', password: null })
  for (const [said, kept] of [
    ['203.0.113.9:51234', '203.0.113.9'],
    ['"[2001:db8::7]:443"', '2001:db8::7'],
    ['<script>', 'unknown'],
    [undefined, undefined],
  ] as const) {
    const opened = await auth.sessions.open(user, { clientId: 'app', scopes: [], address: said })
    assert.equal(opened?.session.address, kept ?? '')
    const [event] = await auth.events.list({ type: 'authn_login_success', limit: 1 })
    assert.equal(event?.address, kept)
  }
})

test('a misspelt owner ends no session', async () => {
  const auth = await createTestAuth({})
  const user = await auth.users.create({ username: 'owner', password: null })
  const opened = await auth.sessions.open(user, { clientId: 'app', scopes: [] })
  const id = opened?.session.id ?? ''
  const end = auth.sessions.end as (...args: unknown[]) => Promise<boolean>
  for (const options of [{ userid: 'another' }, { userId: 5 }, 'another', null]) {
    await assert.rejects(end(id, options), { code: 'config_invalid' })
  }
  assert.equal(await auth.sessions.end(id, { userId: 'another' }), false)
  assert.equal(await auth.sessions.end(id, { userId: user.id }), true)
})
