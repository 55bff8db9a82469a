// Sessions of browsers and their cookies: what makes one, what ends one, and what ends with it.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import type {
  BrowserSession,
  OpenBrowserSession,
} from '../../../src/core/authorization/authorization.ts'
import { createBrowserSessions } from '../../../src/core/authorization/browser-sessions.ts'
import { internals } from '../../../src/core/internals.ts'
import { createRefreshTokens } from '../../../src/core/sessions/refresh-token.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { createTestClock, goodPassword, type TestClock } from '../../fixtures.ts'
import { createRelyingParty, type RelyingParty } from '../../http/authorization/relying-party.ts'

const hour = 3600
const day = 24 * hour
const address = '192.0.2.7'
const factors = { acr: '2fa', amr: ['pwd', 'otp'] }

let clock: TestClock
let party: RelyingParty
let alice: UserRecord

beforeEach(async () => {
  clock = createTestClock()
  party = await createRelyingParty({ clock })
  alice = await userOf('alice')
})

async function userOf(username: string): Promise<UserRecord> {
  return (await party.auth[internals].store.users.findByUsername(username)) ?? assert.fail()
}

const sessions = () => party.authorization.browserSessions

async function open(user = alice, replaces?: string): Promise<OpenBrowserSession> {
  return (await sessions().open(user, { address, replaces })) ?? assert.fail()
}

async function read({ cookie }: OpenBrowserSession): Promise<BrowserSession> {
  return (await sessions().read(cookie)) ?? assert.fail()
}

async function isLive(cookie: string): Promise<boolean> {
  return (await sessions().read(cookie)) !== null
}

async function newestEvents(count: number) {
  const events = await party.auth.events.list({ limit: count })
  return events.map(({ type, userId, sessionId }) => ({ type, userId, sessionId }))
}

test('a login opens a session of the browser, whose cookie says who it is', async () => {
  const opened = await open()
  assert.match(opened.cookie, /^pbs_[0-9a-f-]{36}\.0\.[\w-]{43}$/)
  const { session, user, isNewest } = await read(opened)
  assert.deepEqual([user, isNewest], [alice, true])
  assert.deepEqual(session, opened.session)
  assert.deepEqual(
    [session.kind, session.clientId, session.scopes, session.parentId, session.address],
    ['browser', 'portcullis:browser', [], null, address],
  )
  assert.ok(!('securityStamp' in session))
  const { id: sessionId, userId } = session
  assert.deepEqual(await newestEvents(1), [{ type: 'authn_login_success', userId, sessionId }])
})

test('another cookie of the same login makes a copy of the one before worthless (OP-53, OP-54)', async () => {
  const opened = await open()
  clock.advance(11)
  const renewed = (await sessions().renew(await read(opened))) ?? assert.fail()
  assert.equal(await isLive(opened.cookie), false)
  const { session, isNewest } = await read(renewed)
  assert.equal(isNewest, true)
  const { authenticatedAt, acr, amr } = opened.session
  assert.deepEqual([session.authenticatedAt, session.acr, session.amr], [authenticatedAt, acr, amr])
  assert.equal(session.rotatedAt, clock())
  const browser = await read(renewed)
  const two = await Promise.all([sessions().renew(browser), sessions().renew(browser)])
  const third = two.filter((each) => each !== null)
  assert.equal(third.length, 1)
  assert.equal(await sessions().renew(browser), null, 'it has another cookie by now')
  const newest = await read(third[0] ?? assert.fail())
  await sessions().end(session.id)
  assert.equal(await sessions().renew(newest), null)
})

test('a cookie of before is worth the first login alone, and is not renewed (OP-53, OP-54)', async () => {
  const opened = await open()
  const { authenticatedAt } = opened.session
  clock.advance(hour)
  const strong = { authenticatedAt: clock(), acr: 'phr', amr: ['hwk', 'user', 'mfa'] }
  const again = await sessions().reauthenticate(await read(opened), strong)
  clock.advance(9)
  const copied = await read(opened)
  const { session, isNewest } = copied
  assert.equal(isNewest, false)
  assert.deepEqual(
    [session.authenticatedAt, session.acr, session.amr],
    [authenticatedAt, '1fa', []],
  )
  assert.equal(await sessions().renew(copied), null)
  assert.equal((await read(again ?? assert.fail())).session.acr, 'phr')
})

test('what the database holds makes no cookie, and a refresh token is none (OP-54)', async () => {
  const { session, cookie } = await open()
  const { store, events } = party.auth[internals]
  const codes = store.authorizationCodes ?? assert.fail()
  const make = (secret: Uint8Array, previousSecrets: readonly Uint8Array[] = []) =>
    createBrowserSessions({
      ...{ store, codes, events, sessions: party.auth.sessions, clock, secret, previousSecrets },
      sessionOptions: {
        idleLifetime: day,
        lifetime: day,
        refreshGrace: 10,
        refreshRetryWindow: day,
      },
    })
  const [secret, another] = [randomBytes(32), randomBytes(32)]
  assert.equal(await make(secret).read(cookie), null)
  const own = await make(secret).open(alice, {})
  assert.ok(await make(secret).read(own?.cookie ?? ''))
  assert.ok(await make(another, [secret]).read(own?.cookie ?? ''), 'of a secret of before')
  assert.equal(await make(another).read(own?.cookie ?? ''), null)
  const { id } = own?.session ?? session
  const refreshToken = createRefreshTokens(secret).format(id, 0)
  assert.equal(await make(secret).read(refreshToken), null)
  assert.equal(await make(secret).read(refreshToken.replace('prt_', 'pbs_')), null)
  const asRefreshToken = cookie.replace('pbs_', 'prt_')
  await assert.rejects(party.auth.sessions.refresh(asRefreshToken, 'portcullis:browser'), {
    code: 'invalid_grant',
  })
})

test('the token of another kind of session is no cookie, though the MAC is right', async () => {
  const opened = await party.auth.sessions.open(alice, { clientId: 'spa', scopes: [] })
  const { id, generation } = opened?.session ?? assert.fail()
  const { store } = party.auth[internals]
  const { cookie } = await open()
  const record = (await store.sessions.find(id)) ?? assert.fail()
  assert.equal(record.kind, 'login')
  assert.equal(generation, 0)
  assert.equal(await sessions().read(cookie.replace(/[0-9a-f-]{36}/, id)), null)
})

for (const [name, end] of Object.entries<(opened: OpenBrowserSession) => Promise<unknown>>({
  'a log-out': ({ session }) => sessions().end(session.id),
  'a log-out everywhere': () => party.auth.users.endSessions(alice.id),
  'a new password': () => party.auth.users.setPassword(alice.id, `${goodPassword} 2`),
  'a deactivation': () => party.auth.users.deactivate(alice.id),
  'a suspension': () => party.auth.users.suspend(alice.id, clock() + day),
  'the end of the user': () => party.auth.users.remove(alice.id),
  'the end of everything': () => party.auth[internals].store.revokeAll('new', clock()),
})) {
  test(`a cookie that was stolen dies with ${name} (OP-54, OP-81)`, async () => {
    const opened = await open()
    const browser = await read(opened)
    const code = await party.code({ browser })
    await end(opened)
    assert.equal(await isLive(opened.cookie), false)
    assert.equal((await party.exchange(code)).status, 400)
    assert.equal(
      await sessions().reauthenticate(browser, { authenticatedAt: clock(), ...factors }),
      null,
    )
  })
}

test('who authenticates again gets another cookie, and that of before is good for 10 seconds (OP-53)', async () => {
  const opened = await open()
  clock.advance(hour)
  const authentication = { authenticatedAt: clock(), ...factors }
  const browser = await read(opened)
  const again = await sessions().reauthenticate(browser, authentication, { address })
  assert.ok(again)
  assert.notEqual(again.cookie, opened.cookie)
  assert.equal(again.session.id, opened.session.id)
  assert.equal((await read(again)).session.authenticatedAt, clock())
  assert.deepEqual((await read(again)).session.amr, ['pwd', 'otp'])
  const { id: sessionId, userId } = opened.session
  assert.deepEqual(await newestEvents(1), [{ type: 'step_up', userId, sessionId }])
  clock.advance(10)
  assert.equal((await read(opened)).isNewest, false)
  clock.advance(1)
  assert.equal(await isLive(opened.cookie), false)
  assert.equal((await read(again)).isNewest, true)
  clock.advance(-50)
  assert.equal(await isLive(opened.cookie), false, 'nor is it by a clock that was set back')
})

test('a cookie of two logins before is good for nothing at once', async () => {
  const opened = await open()
  const next = async (from: OpenBrowserSession) =>
    (await sessions().reauthenticate(await read(from), {
      authenticatedAt: clock(),
      ...factors,
    })) ?? assert.fail()
  const third = await next(await next(opened))
  assert.equal(third.session.generation, 2)
  assert.equal(await isLive(opened.cookie), false)
})

test('a form that was sent twice logs in twice, and the later cookie lasts (OP-60)', async () => {
  const browser = await read(await open())
  const authentication = { authenticatedAt: clock(), ...factors }
  const results = await Promise.all(
    [1, 2].map(() => sessions().reauthenticate(browser, authentication)),
  )
  const generations = results.map((each) => each?.session.generation).toSorted()
  assert.deepEqual(generations, [1, 2])
  for (const each of results) assert.ok(await isLive(each?.cookie ?? ''))
  assert.equal((await party.auth.sessions.list(alice.id)).length, 1)
})

test('a session in use is noted once an hour at most, and an idle one ends', async () => {
  const opened = await open()
  const usedAt = async () =>
    (await party.auth[internals].store.sessions.find(opened.session.id))?.rotatedAt
  const start = clock()
  clock.advance(hour - 1)
  await read(opened)
  assert.equal(await usedAt(), start)
  clock.advance(1)
  assert.equal((await read(opened)).session.rotatedAt, start + hour)
  assert.equal(await usedAt(), start + hour)
  clock.advance(14 * day - 1)
  assert.ok(await isLive(opened.cookie))
  clock.advance(14 * day)
  assert.equal(await isLive(opened.cookie), false)
})

test('a session ends however it is used', async () => {
  const opened = await open()
  for (let days = 0; days < 90; days += 10) {
    assert.ok(await isLive(opened.cookie))
    clock.advance(10 * day)
  }
  assert.equal(await isLive(opened.cookie), false)
})

test('of two users one after the other, the second gets nothing of the first (OP-55)', async () => {
  const first = await open()
  const browser = await read(first)
  const { access_token: token } = await party.tokens({ browser })
  const code = await party.code({ browser })
  const second = await open(await userOf('bob'), first.session.id)
  assert.notEqual(second.session.id, first.session.id)
  assert.equal(await isLive(first.cookie), false)
  assert.equal((await read(second)).user.username, 'bob')
  assert.equal((await party.userinfo(token)).status, 401)
  const { status, body } = await party.exchange(code)
  assert.deepEqual([status, body.error], [400, 'invalid_grant'])
  assert.deepEqual(await party.auth.sessions.list(alice.id), [])
  const { id: sessionId } = first.session
  assert.deepEqual((await newestEvents(1))[0], {
    type: 'session_ended',
    ...{ userId: alice.id, sessionId },
  })
})

test('who may not log in leaves the session of before as it is (OP-65)', async () => {
  const first = await open()
  const bob = await userOf('bob')
  await party.auth.users.deactivate(bob.id)
  for (const user of [await userOf('bob'), bob]) {
    assert.equal(await sessions().open(user, { replaces: first.session.id }), null)
  }
  assert.ok(await isLive(first.cookie))
})

test('what was opened through a session ends with it, but for what is offline (OP-72)', async () => {
  const browser = await read(await open())
  const online = await party.tokens({ browser })
  const offline = await party.tokens({ browser, scopes: ['openid', 'offline_access'] })
  assert.equal(await sessions().end(browser.session.id), true)
  assert.equal(await sessions().end(browser.session.id), false)
  assert.equal((await party.userinfo(online.access_token)).status, 401)
  assert.equal((await party.userinfo(offline.access_token)).status, 200)
  assert.equal((await party.refresh('spa', online.refresh_token ?? '')).status, 400)
  assert.equal((await party.refresh('spa', offline.refresh_token ?? '')).status, 200)
})
