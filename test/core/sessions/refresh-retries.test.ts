import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Auth } from '../../../src/core/auth.ts'
import type { AuthEvent } from '../../../src/core/events/event-store.ts'
import { internals } from '../../../src/core/internals.ts'
import type { OpenSession } from '../../../src/core/sessions/session-calls.ts'
import type { User } from '../../../src/core/users/user.ts'
import { createTestAuth, createTestClock, type TestClock } from '../../fixtures.ts'

const clientId = 'first-party'
const day = 24 * 60 * 60

let clock: TestClock
let auth: Auth
let user: User
let heard: AuthEvent[]

async function start(sessions = {}): Promise<void> {
  clock = createTestClock()
  auth = await createTestAuth({ clock, sessions })
  user = await auth.users.create({ username: 'alice', password: null })
  heard = []
  auth.events.subscribe((event) => heard.push(event))
}

beforeEach(() => start())

async function open(): Promise<OpenSession> {
  const opened = await auth.sessions.open(user, { clientId, scopes: ['a'] })
  assert.ok(opened)
  heard.length = 0
  return opened
}

async function refresh(token: string): Promise<string> {
  return (await auth.sessions.refresh(token, clientId)).refreshToken
}

async function assertRefused(token: string, client = clientId): Promise<void> {
  await assert.rejects(auth.sessions.refresh(token, client), { code: 'invalid_grant' })
}

async function isEnded(id: string): Promise<boolean> {
  return (await auth[internals].store.sessions.find(id))?.revokedAt !== null
}

const types = (): readonly string[] => heard.map(({ type }) => type)

test('a client that lost the answer goes on after the grace, as long as a session lives unused (SR-14)', async () => {
  for (const seconds of [11, 20, 3600, 14 * day - 1]) {
    await start()
    const { session, refreshToken } = await open()
    const lost = await refresh(refreshToken)
    clock.advance(seconds)
    const next = await refresh(refreshToken)
    assert.notEqual(next, lost)
    assert.equal((await auth.sessions.refresh(next, clientId)).session.id, session.id)
    assert.equal(await isEnded(session.id), false)
  }
})

test('a client that loses one answer after another goes on with the token that it has', async () => {
  const { refreshToken } = await open()
  const lost = new Set([await refresh(refreshToken)])
  for (let outage = 0; outage < 5; outage++) {
    clock.advance(3600)
    lost.add(await refresh(refreshToken))
  }
  assert.equal(lost.size, 6)
  const newest = [...lost].at(-1) ?? ''
  await refresh(await refresh(newest))
})

test('a retry is an event of its own, stored, and no more than a refresh is (LA-01)', async () => {
  const { session, refreshToken } = await open()
  await refresh(refreshToken)
  clock.advance(11)
  await auth.sessions.refresh(refreshToken, clientId, { address: '192.0.2.9' })
  assert.deepEqual(types(), ['authn_token_created', 'authn_token_retried'])
  const [stored] = await auth.events.list({ type: 'authn_token_retried', limit: 9 })
  assert.deepEqual(stored, heard[1])
  const { outcome, userId, sessionId, address } = stored as AuthEvent
  assert.deepEqual(
    [outcome, userId, sessionId, address],
    ['success', user.id, session.id, '192.0.2.9'],
  )
  assert.doesNotMatch(JSON.stringify(stored), /prt_/)
})

test('within the grace of a retry the same token yields the same successor', async () => {
  const { refreshToken } = await open()
  await refresh(refreshToken)
  clock.advance(11)
  const next = await refresh(refreshToken)
  clock.advance(10)
  assert.equal(await refresh(refreshToken), next)
  assert.equal(types().at(-1), 'authn_token_repeated')
})

test('a thief’s retry is found out when the owner uses the token that it ended (SR-06, SR-14)', async () => {
  const { session, refreshToken: copied } = await open()
  const owners = await refresh(copied)
  clock.advance(11)
  const thiefs = await refresh(copied)
  await assertRefused(owners)
  assert.equal(types().at(-1), 'authn_token_reuse')
  assert.ok(await isEnded(session.id))
  await assertRefused(thiefs)
})

test('the owner’s retry is found out as theft when the thief uses what it got (SR-06, SR-14)', async () => {
  const { session, refreshToken: copied } = await open()
  const thiefs = await refresh(copied)
  clock.advance(900)
  const owners = await refresh(copied)
  await assertRefused(thiefs)
  assert.ok(await isEnded(session.id))
  await assertRefused(owners)
})

test('the token that a retry ended is no retry of the next one, even within the grace (SR-06)', async () => {
  const { session, refreshToken } = await open()
  const ended = await refresh(refreshToken)
  clock.advance(11)
  await refresh(refreshToken)
  // One generation before the newest, in the second of the rotation.
  await assertRefused(ended)
  assert.ok(await isEnded(session.id))
})

test('after its retry was used, a token ends the session, and so does what is older (SR-06)', async () => {
  for (const generation of [0, 1]) {
    await start()
    const { session, refreshToken } = await open()
    const presented = await refresh(refreshToken)
    await refresh(presented)
    clock.advance(11)
    const retried = await refresh(presented)
    await refresh(retried)
    clock.advance(11)
    await assertRefused([refreshToken, presented][generation] ?? '')
    assert.ok(await isEnded(session.id))
  }
})

test('after a retry was used, the token that was retried with is the one before the newest again', async () => {
  const { refreshToken } = await open()
  await refresh(refreshToken)
  clock.advance(11)
  const retried = await refresh(refreshToken)
  await refresh(retried)
  clock.advance(11)
  await refresh(await refresh(retried))
})

test('of 50 retries at once all get the same successor (SR-04)', async () => {
  const { session, refreshToken } = await open()
  await refresh(refreshToken)
  clock.advance(11)
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)))
  assert.equal(new Set(answers).size, 1)
  assert.equal((await auth[internals].store.sessions.find(session.id))?.generation, 2)
  await refresh(answers[0] ?? '')
})

test('retries at once with a use of the successor end the session: two hold its tokens (SR-06)', async () => {
  for (const order of [1, -1]) {
    await start()
    const { session, refreshToken } = await open()
    const successor = await refresh(refreshToken)
    clock.advance(11)
    const presented = [...Array<string>(49).fill(refreshToken), successor]
    if (order < 0) presented.reverse()
    const answers = await Promise.allSettled(presented.map(refresh))
    assert.ok(await isEnded(session.id))
    for (const answer of answers) {
      if (answer.status === 'fulfilled') await assertRefused(answer.value)
    }
  }
})

test('after the retry window a token ends its session; with a window of 0 right after the grace (SR-06)', async () => {
  for (const refreshRetryWindow of [60, 0]) {
    await start({ refreshRetryWindow })
    const { session, refreshToken } = await open()
    await refresh(refreshToken)
    if (refreshRetryWindow > 0) {
      clock.advance(refreshRetryWindow)
      await refresh(refreshToken)
    }
    clock.advance(Math.max(refreshRetryWindow, 10) + 1)
    await assertRefused(refreshToken)
    assert.equal(types().at(-1), 'authn_token_reuse')
    assert.ok(await isEnded(session.id))
  }
})

test('with no grace and a window a lost answer is retried, and the lost one ended', async () => {
  await start({ refreshGrace: 0, refreshRetryWindow: 60 })
  const { session, refreshToken } = await open()
  const lost = await refresh(refreshToken)
  const next = await refresh(refreshToken)
  assert.notEqual(next, lost)
  await assertRefused(lost)
  assert.ok(await isEnded(session.id))
})

test('a retry is no way past the idle time, the absolute end or a deactivation (SR-10, AZ-08)', async () => {
  for (const happen of [
    () => clock.advance(40),
    () => clock.advance(100),
    () => auth.users.deactivate(user.id),
    () => auth.users.endSessions(user.id),
  ]) {
    await start({ lifetime: 100, idleLifetime: 40, refreshRetryWindow: 1000 })
    const { refreshToken } = await open()
    await refresh(refreshToken)
    clock.advance(11)
    await happen()
    const generation = async () => (await auth.sessions.find(refreshToken))?.generation
    const before = await generation()
    await assertRefused(refreshToken)
    assert.equal(await generation(), before)
    assert.deepEqual(await auth.events.list({ type: 'authn_token_reuse', limit: 9 }), [])
  }
})

test('a repetition is no way past the idle time, where that is shorter than the grace (SR-10)', async () => {
  await start({ idleLifetime: 5, refreshGrace: 10 })
  const { session, refreshToken } = await open()
  await refresh(refreshToken)
  clock.advance(4)
  await refresh(refreshToken)
  clock.advance(1)
  await assertRefused(refreshToken)
  assert.equal(await isEnded(session.id), false)
})

test('a step-up is no way past the idle time (SR-10, AC-93)', async () => {
  await start({ idleLifetime: 40 })
  const { session } = await open()
  const { authenticatedAt } = session
  for (const [seconds, isDone] of [
    [39, true],
    [1, false],
  ] as const) {
    clock.advance(seconds)
    // Of before the last refresh, and so one that raises no session.
    const token = { issuedAt: session.rotatedAt - 1, authenticatedAt }
    for (const options of [{ token }, { token: { ...token, issuedAt: clock() } }, {}]) {
      heard.length = 0
      const authentication = twoFactors()
      const stepped = await auth.sessions.reauthenticate(user, session.id, {
        ...{ authentication, ...options },
      })
      assert.equal(stepped !== null, isDone)
      assert.deepEqual(types(), isDone ? ['step_up'] : [])
    }
  }
})

test('a retry is no way in for another client', async () => {
  const { session, refreshToken } = await open()
  const successor = await refresh(refreshToken)
  clock.advance(11)
  await assertRefused(refreshToken, 'another')
  assert.equal(await isEnded(session.id), false)
  await refresh(successor)
})

test('a refresh with the newest token costs no more statements than before there were retries', async () => {
  const { refreshToken } = await open()
  const calls: string[] = []
  const { sessions } = auth[internals].store
  for (const name of ['find', 'rotate', 'revoke'] as const) {
    const call = sessions[name] as (...parameters: unknown[]) => Promise<never>
    Object.assign(sessions, {
      [name]: (...parameters: unknown[]) => {
        calls.push(name)
        return call(...parameters)
      },
    })
  }
  await refresh(refreshToken)
  assert.deepEqual(calls, ['rotate'])
  clock.advance(11)
  await refresh(refreshToken)
  assert.deepEqual(calls.slice(1), ['rotate', 'find', 'rotate'])
})

/** How a user authenticates who shows two factors now. */
const twoFactors = () => ({ authenticatedAt: clock(), acr: '2fa', amr: ['pwd', 'otp', 'mfa'] })

/** What a session says of its login. */
async function strengthOf(id: string): Promise<readonly unknown[]> {
  const session = await auth[internals].store.sessions.find(id)
  return [session?.acr, session?.authenticatedAt]
}

test('who held the token before gains nothing by what the user proves later (SR-14, AC-93)', async () => {
  for (const minutes of [0, 5]) {
    await start()
    const { session, refreshToken: copied } = await open()
    clock.advance(600)
    await refresh(copied)
    const token = { issuedAt: clock(), authenticatedAt: session.authenticatedAt }
    clock.advance(60 * minutes)
    const authentication = twoFactors()
    assert.ok(await auth.sessions.reauthenticate(user, session.id, { authentication, token }))
    assert.deepEqual(await strengthOf(session.id), ['2fa', clock()])
    clock.advance(11)
    await assertRefused(copied)
    assert.equal(types().at(-1), 'authn_token_reuse')
    assert.ok(await isEnded(session.id))
  }
})

test('the token that a retry ended yields nothing of what the user proves after it (SR-06, AC-93)', async () => {
  const proves: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    'a step-up': (id) =>
      auth.sessions.reauthenticate(user, id, {
        authentication: twoFactors(),
        token: { issuedAt: clock(), authenticatedAt: clock() - 11 },
      }),
    'a new stamp': (id) => auth.users.endSessions(user.id, {}, id),
    both: async (id) => {
      user = await auth.users.endSessions(user.id, {}, id)
      return await auth.sessions.reauthenticate(user, id, { authentication: twoFactors() })
    },
  }
  for (const [name, prove] of Object.entries(proves)) {
    await start()
    const { session, refreshToken } = await open()
    const lost = await refresh(refreshToken)
    clock.advance(11)
    const owners = await refresh(refreshToken)
    assert.ok(await prove(session.id), name)
    // Within the grace of the retry.
    await assertRefused(lost)
    assert.equal(types().at(-1), 'authn_token_reuse', name)
    assert.ok(await isEnded(session.id), name)
    await assertRefused(owners)
  }
})

test('a raise that keeps the time of the login is nothing for the token before (AC-93)', async () => {
  const authentication = twoFactors()
  const opened = await auth.sessions.open(user, { clientId, scopes: [], authentication })
  const { session, refreshToken: copied } = opened ?? assert.fail()
  clock.advance(60)
  await refresh(copied)
  const { authenticatedAt } = authentication
  const raised = { authenticatedAt, acr: 'phr', amr: ['pwd', 'otp', 'hwk', 'user', 'mfa'] }
  assert.ok(await auth.sessions.reauthenticate(user, session.id, { authentication: raised }))
  clock.advance(11)
  await assertRefused(copied)
  assert.ok(await isEnded(session.id))
})

test('an answer that is lost in the second of a step-up ends no session (SR-14)', async () => {
  const { session, refreshToken } = await open()
  clock.advance(60)
  const authentication = twoFactors()
  assert.ok(await auth.sessions.reauthenticate(user, session.id, { authentication }))
  await refresh(refreshToken)
  clock.advance(11)
  await refresh(refreshToken)
  assert.equal(types().at(-1), 'authn_token_retried')
  assert.equal(await isEnded(session.id), false)
})

test('a session that was refreshed after the token of a step-up was issued keeps its strength', async () => {
  const { session, refreshToken: copied } = await open()
  const before = await strengthOf(session.id)
  clock.advance(60)
  await refresh(copied)
  const token = { issuedAt: clock(), authenticatedAt: session.authenticatedAt }
  clock.advance(11)
  const thiefs = await refresh(await refresh(copied))
  const authentication = twoFactors()
  const raised = await auth.sessions.reauthenticate(user, session.id, {
    ...{ authentication, token },
  })
  assert.deepEqual([raised?.acr, raised?.authenticatedAt], ['2fa', clock()])
  assert.equal(types().at(-1), 'step_up')
  assert.deepEqual(await strengthOf(session.id), before)
  await refresh(thiefs)
  assert.deepEqual(await strengthOf(session.id), before)
  await auth.users.endSessions(user.id)
  assert.equal(
    await auth.sessions.reauthenticate(user, session.id, { authentication, token }),
    null,
  )
})

test('a session that outlives a new stamp has no token that is good for a retry (SR-14)', async () => {
  const { session, refreshToken: copied } = await open()
  const owners = await refresh(copied)
  await auth.users.endSessions(user.id, {}, session.id)
  clock.advance(11)
  const next = await refresh(owners)
  assert.equal(await isEnded(session.id), false)
  await auth.users.endSessions(user.id, {}, session.id)
  clock.advance(11)
  await assertRefused(owners)
  assert.ok(await isEnded(session.id))
  await assertRefused(next)
})
