import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { decodeJwt } from 'jose'
import type { Auth } from '../../../src/core/auth.ts'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import type { AuthEvent } from '../../../src/core/events/event-store.ts'
import { internals } from '../../../src/core/internals.ts'
import { stepUpEndpoint } from '../../../src/http/endpoints/step-up.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { type OAuthHandler, oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../../fixtures.ts'
import { deviceOf } from '../../server/factors/device.ts'

const origin = 'http://localhost'
const address = '192.0.2.1'

let clock: TestClock
let auth: Auth
let handle: OAuthHandler
let events: AuthEvent[]

beforeEach(async () => {
  clock = createTestClock()
  auth = await createTestAuth({
    ...{ clock, accounts: {} },
    roles: { member: ['a', 'b'], admin: ['*'] },
  })
  handle = oauthEndpoints(auth)
  await auth.users.create({ username: 'alice', password: goodPassword, role: 'member' })
  events = []
  auth.events.subscribe((event) => events.push(event))
})

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const answer = await handle(new Request(origin + path, { method: 'POST', ...init }), address)
  assert.ok(answer)
  return answer
}

async function grant(fields: Readonly<Record<string, string>>): Promise<Tokens> {
  const answer = await send('/auth/token', { body: new URLSearchParams(fields) })
  assert.equal(answer.status, 200)
  return await answer.json()
}

const login = (scope = ''): Promise<Tokens> =>
  grant({ username: 'alice', password: goodPassword, ...(scope && { scope }) })

async function stepUp(token: string, password = goodPassword): Promise<Response> {
  return await send('/auth/step-up', {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ password }),
  })
}

async function isRecent(token: string): Promise<boolean> {
  const request = { headers: { authorization: `Bearer ${token}` } }
  return await createGuards(auth)
    .requireRecentLogin()(request)
    .then(
      () => true,
      (error) => {
        assert.equal(error.code, 'insufficient_user_authentication')
        return false
      },
    )
}

test('the document has every status that a step-up is refused with', async () => {
  const documented = (of: Auth): readonly string[] => {
    const { response } = stepUpEndpoint.document(of) as { response: object }
    return Object.keys(response)
  }
  assert.ok(!documented(auth).includes('422'), 'no code is asked for here')
  auth = await createTestAuth({ clock, accounts: {}, factors: {} })
  handle = oauthEndpoints(auth)
  const { id: userId } = await auth.users.create({ username: 'alice', password: goodPassword })
  const { access_token } = await login()
  const ask = async (body: object, token = access_token): Promise<number> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    return (await send('/auth/step-up', { headers, body: JSON.stringify(body) })).status
  }
  const statuses = [
    await ask({}),
    await ask({ password: 'wrong' }),
    await ask({ password: goodPassword }, 'x'),
    await ask({ otp: '123456' }),
  ]
  const begun = (await auth.factors?.beginTotp({ userId })) ?? assert.fail()
  const device = deviceOf({ clock }, begun)
  const sessionId = String(decodeJwt(access_token).sid)
  const confirmation = { userId, id: begun.id, otp: device.code(), sessionId }
  await auth.factors?.confirmTotp(confirmation)
  statuses.push(await ask({ password: goodPassword }), await ask({ otp: device.wrong() }))
  assert.deepEqual(statuses, [400, 400, 401, 403, 403, 422])
  for (const status of statuses) assert.ok(documented(auth).includes(String(status)), `${status}`)
})

describe('a step-up', () => {
  test('elevates the new token, not the one before, nor another session (AC-93)', async () => {
    const mine = await login('a')
    const another = await login()
    clock.advance(600)
    const answer = await stepUp(mine.access_token)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    const { access_token, ...rest } = await answer.json()
    assert.deepEqual(rest, { token_type: 'bearer', expires_in: 900 })
    assert.equal(await isRecent(access_token), true)
    assert.equal(await isRecent(mine.access_token), false)
    assert.equal(await isRecent(another.access_token), false)
    const { sid, scope, auth_time, acr, amr } = decodeJwt(access_token)
    assert.equal(sid, decodeJwt(mine.access_token).sid)
    assert.deepEqual(
      { scope, auth_time, acr, amr },
      { scope: 'a', auth_time: clock(), acr: '1fa', amr: ['pwd'] },
    )
  })

  test('holds for what the session is refreshed to, which never raises it (AC-93)', async () => {
    const mine = await login()
    const at = clock()
    clock.advance(200)
    const refresh = ({ refresh_token }: Tokens): Promise<Tokens> =>
      grant({ grant_type: 'refresh_token', refresh_token })
    const refreshed = await refresh(mine)
    assert.equal(decodeJwt(refreshed.access_token).auth_time, at)
    await stepUp(refreshed.access_token)
    const steppedUpAt = clock()
    clock.advance(200)
    const again = await refresh(refreshed)
    const { auth_time, acr, amr } = decodeJwt(again.access_token)
    assert.deepEqual({ auth_time, acr, amr }, { auth_time: steppedUpAt, acr: '1fa', amr: ['pwd'] })
  })

  test('by a token that says more than its session raises nothing either (AC-93, SR-06)', async () => {
    const copied = await login()
    const at = clock()
    const refresh = ({ refresh_token }: Tokens): Promise<Tokens> =>
      grant({ grant_type: 'refresh_token', refresh_token })
    clock.advance(60)
    const mine = await refresh(copied)
    clock.advance(11)
    const thiefs = await refresh(copied)
    let { access_token } = mine
    for (let times = 0; times < 3; times++) {
      clock.advance(5)
      const answer = await stepUp(access_token)
      assert.equal(answer.status, 200)
      access_token = (await answer.json()).access_token
      assert.equal(decodeJwt(access_token).auth_time, clock())
    }
    assert.equal(decodeJwt((await refresh(thiefs)).access_token).auth_time, at)
  })

  test('by a token of before another step-up raises its session', async () => {
    const { access_token, refresh_token } = await login()
    for (let times = 0; times < 2; times++) {
      clock.advance(60)
      await stepUp(access_token)
    }
    const refreshed = await grant({ grant_type: 'refresh_token', refresh_token })
    assert.equal(decodeJwt(refreshed.access_token).auth_time, clock())
  })

  test('is an event, and so is a refused one', async () => {
    const { access_token } = await login()
    const { sub, sid } = decodeJwt(access_token)
    const wrong = await stepUp(access_token, 'a wrong password')
    assert.equal(wrong.status, 400)
    const { code, detail } = await wrong.json()
    assert.equal(code, 'password_incorrect')
    assert.equal(detail, 'The password is not right.')
    await stepUp(access_token)
    const told = events
      .slice(1)
      .map(({ type, userId, sessionId, details }) => [
        ...[type, userId, sessionId, details?.purpose],
      ])
    assert.deepEqual(told, [
      ['authn_login_fail', sub, undefined, 'step-up'],
      ['step_up', sub, sid, undefined],
    ])
    assert.doesNotMatch(JSON.stringify(events), /a wrong password|vivid/)
  })

  test('counts its wrong passwords with those of logins (AC-94)', async () => {
    const { access_token } = await login()
    const statuses: number[] = []
    for (let tries = 0; tries < 30 && !statuses.includes(429); tries++) {
      statuses.push((await stepUp(access_token, 'a wrong password')).status)
    }
    assert.equal(statuses.at(-1), 429)
    const fields = { username: 'alice', password: goodPassword }
    const waiting = await send('/auth/token', { body: new URLSearchParams(fields) })
    assert.equal(waiting.status, 429)
    const right = await stepUp(access_token)
    assert.equal(right.status, 429)
    assert.ok(Number(right.headers.get('retry-after')) > 0)
  })

  test('needs a session that is live, of this user', async () => {
    const { access_token } = await login()
    const { sub = '', sid } = decodeJwt(access_token)
    await auth.sessions.end(String(sid))
    assert.equal((await stepUp(access_token)).status, 401)
    const withoutSession = await createAccessToken(auth, sub)
    assert.equal((await stepUp(String(withoutSession))).status, 403)
    const next = await login()
    await auth.users.deactivate(sub)
    assert.equal((await stepUp(next.access_token)).status, 403)
  })

  test('that was begun before a log-out everywhere changes nothing', async () => {
    const { access_token } = await login()
    const { sub = '', sid = '' } = decodeJwt<{ sid: string }>(access_token)
    // As the password was checked with it.
    const before = await auth[internals].store.users.findById(sub)
    assert.ok(before)
    assert.ok(await auth.sessions.reauthenticate(before, sid))
    await auth.users.endSessions(sub)
    assert.equal(await auth.sessions.reauthenticate(before, sid), null)
    const bob = await auth.users.create({ username: 'bob', password: null })
    const [mine] = await auth.sessions.list(decodeJwt((await login()).access_token).sub ?? '')
    assert.equal(await auth.sessions.reauthenticate(bob, mine?.id ?? ''), null)
  })
})
