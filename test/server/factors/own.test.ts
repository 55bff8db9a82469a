// What users do with their second factors, and what becomes of their sessions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { internals } from '../../../src/core/internals.ts'
import { goodPassword } from '../../fixtures.ts'
import { onEveryEngine, type Site, type SiteOptions } from '../accounts/site.ts'
import { assertProblem } from '../fixtures.ts'
import {
  begin,
  claimsOf,
  confirm,
  type Device,
  enrol,
  errorOf,
  grant,
  logInWithBoth,
  mfaToken,
  showOtp,
  showRecovery,
} from './device.ts'

const on: SiteOptions = { auth: { factors: {} } }

const names = async (site: Site, userId: string) =>
  (await site.auth.factors?.list(userId))?.map(({ name }) => name)
const stepUp = (site: Site, token: string, body: object) =>
  site.call('POST', '/auth/step-up', body, { token })

/** Every change of factors, as requests. */
const changes = ({ id }: Device): readonly (readonly [string, string, object?])[] => [
  ['POST', '/me/factors/totp', {}],
  ['PATCH', `/me/factors/${id}`, { name: 'new' }],
  ['DELETE', `/me/factors/${id}`],
  ['POST', '/me/recovery-codes'],
]

onEveryEngine((open) => {
  test('the first factor ends all other sessions, on every process, and raises its own (AC-82)', async () => {
    const site = await open(on)
    const twin = await site.twin()
    const userId = await site.user('alice')
    const token = await site.login('alice')
    const other = (await grant(site, { username: 'alice', password: goodPassword })).json()
    const me = (at: Site, bearer: string) => at.call('GET', '/me', undefined, { token: bearer })
    for (const at of [site, twin]) {
      for (const each of [token, other.access_token]) {
        assert.equal((await me(at, each)).statusCode, 200)
      }
    }
    const device = await begin(site, token)
    assert.equal((await confirm(site, token, device, device.code())).statusCode, 200)
    for (const at of [twin, site]) {
      assertProblem(await me(at, other.access_token), 401)
      assert.equal((await me(at, token)).statusCode, 200)
      const refreshed = await refresh(at, other.refresh_token)
      assert.equal(errorOf(refreshed), '400 invalid_grant')
    }
    const [session] = await site.auth.sessions.list(userId)
    assert.deepEqual([session?.acr, session?.amr], ['2fa', ['pwd', 'otp', 'mfa']])
    const mails = await site.sent()
    assert.ok(mails.some(({ kind }) => kind === 'factor_added'))
  })

  test('a first factor ends the session whose newest token may be another’s (AC-82, SR-06)', async () => {
    const site = await open(on)
    await site.user('alice')
    const copied = (await grant(site, { username: 'alice', password: goodPassword })).json()
    site.clock.advance(60)
    const { access_token: token } = (await refresh(site, copied.refresh_token)).json()
    site.clock.advance(11)
    const thiefs = (await refresh(site, copied.refresh_token)).json()
    const device = await begin(site, token)
    assert.equal((await confirm(site, token, device, device.code())).statusCode, 200)
    assert.equal(errorOf(await refresh(site, thiefs.refresh_token)), '400 invalid_grant')
    for (const each of [token, thiefs.access_token]) {
      const me = await site.call('GET', '/me', undefined, { token: each })
      assertProblem(me, 401)
    }
  })

  test('nobody sets a factor up in a session that has been idle for too long (SR-10)', async () => {
    const site = await open({ auth: { factors: {}, sessions: { idleLifetime: 100 } } })
    await site.user('alice')
    const token = await site.login('alice')
    const device = await begin(site, token)
    site.clock.advance(100)
    assertProblem(await confirm(site, token, device, device.code()), 404)
    const { sid, sub = '' } = claimsOf(token)
    const session = await site.auth[internals].store.sessions.find(String(sid))
    assert.equal(session?.acr, '1fa')
    assert.deepEqual(await names(site, sub), [])
  })

  test('the codes of a first factor are shown though its session cannot be raised', async () => {
    const site = await open(on)
    await site.user('alice')
    const token = await site.login('alice')
    const device = await begin(site, token)
    const { sessions } = site.auth[internals].store
    Object.assign(sessions, { reauthenticate: () => Promise.reject(new Error('no connection')) })
    const answer = await confirm(site, token, device, device.code())
    assert.equal(answer.statusCode, 200, answer.body)
    const [code] = answer.json().recovery_codes
    site.clock.advance(30)
    assert.equal((await showRecovery(site, await mfaToken(site, 'alice'), code)).statusCode, 200)
  })

  test('a second factor ends nothing, and brings no codes (AC-82)', async () => {
    const site = await open(on)
    const { device, userId } = await enrol(site, 'alice')
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const other = await logInWithBoth(site, 'alice', device)
    const another = await begin(site, token, 'tablet')
    const answer = await confirm(site, token, another, another.code())
    assert.deepEqual([answer.statusCode, answer.json()], [200, {}])
    assert.deepEqual(await names(site, userId), ['phone', 'tablet'])
    const me = await site.call('GET', '/me', undefined, { token: other.access_token })
    assert.equal(me.statusCode, 200)
    site.clock.advance(30)
    for (const each of [device, another]) await logInWithBoth(site, 'alice', each)
  })

  test('the tenth factor is the last one, whatever was begun before it', async () => {
    const site = await open(on)
    const { device, userId } = await enrol(site, 'alice')
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const another = await begin(site, token, 'tablet')
    const { factors } = site.auth[internals].store
    const [sample] = (await factors?.listByUser(userId)) ?? []
    for (let each = 0; each < 9; each++) {
      await factors?.begin({ ...(sample ?? assert.fail()), id: uuidv7() })
    }
    assertProblem(await confirm(site, token, another, another.code()), 422, /10 .* already/)
    assert.equal((await names(site, userId))?.length, 10)
    const removed = await site.call('DELETE', `/me/factors/${device.id}`, undefined, { token })
    assert.equal(removed.statusCode, 204)
    assert.equal((await confirm(site, token, another, another.code())).statusCode, 200)
  })

  test('a change of factors needs a recent login with a factor that is there (AC-70)', async () => {
    const site = await open(on)
    const { device, userId, token: enrolling } = await enrol(site, 'alice')
    // A token from before the first factor says one, however recent it is.
    for (const [method, url, body] of changes(device)) {
      const refused = await site.call(method, url, body, { token: enrolling })
      assertProblem(refused, 401, 'A second factor is needed')
      assert.equal(
        refused.headers['www-authenticate'],
        'Bearer error="insufficient_user_authentication", error_description="A second factor is needed", acr_values="2fa"',
      )
    }
    const { access_token: old } = await logInWithBoth(site, 'alice', device)
    site.clock.advance(301)
    for (const [method, url, body] of changes(device)) {
      const refused = await site.call(method, url, body, { token: old })
      assertProblem(refused, 401)
      assert.match(String(refused.headers['www-authenticate']), /max_age="300"/)
    }
    assertProblem(await stepUp(site, old, { password: goodPassword }), 403, /not enough/)
    const stepped = await stepUp(site, old, { otp: device.code() })
    assert.equal(stepped.statusCode, 200, stepped.body)
    const token = stepped.json().access_token
    const [, rename, , renew] = changes(device)
    for (const each of [rename, renew]) {
      const [method = '', url = '', body] = each ?? []
      const done = await site.call(method, url, body, { token })
      assert.ok(done.statusCode < 300, done.body)
    }
    assert.deepEqual(await names(site, userId), ['new'])
    const removed = await site.call('DELETE', `/me/factors/${device.id}`, undefined, { token })
    assert.equal(removed.statusCode, 204)
    assert.equal(typeof (await site.login('alice')), 'string', 'the password is enough again')
  })

  test('what needs a recent login needs the factor that is there, a new API key too (AC-70, AC-84)', async () => {
    const auth = { factors: {}, apiKeys: true }
    const site = await open({ auth, accounts: { deletion: true } })
    const { device, token: before } = await enrol(site, 'alice')
    await site.user('root', { role: 'admin' })
    const dangerous = [
      ['POST', '/me/keys', { name: 'backup', scope: '' }],
      ['PUT', '/me/email', { email: 'alice@example.org' }],
      ['DELETE', '/me/email'],
      ['DELETE', '/me'],
    ] as const
    for (const [method, url, body] of dangerous) {
      const refused = await site.call(method, url, body, { token: before })
      assertProblem(refused, 401, 'A second factor is needed')
    }
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const [[method, url, body]] = dangerous
    const made = await site.call(method, url, body, { token })
    assert.equal(made.statusCode, 201, made.body)
    // A key is none, whatever it was made with.
    const { key } = made.json()
    for (const [method, url, body] of [...dangerous, ...changes(device)]) {
      assertProblem(await site.call(method, url, body, { token: key }), 403)
    }
    assertProblem(await stepUp(site, key, { otp: device.code() }), 403)
  })

  test('nobody sees, renames or removes what is another’s (AC-105)', async () => {
    const site = await open(on)
    const alice = await enrol(site, 'alice')
    const bob = await enrol(site, 'bob')
    const { access_token: token } = await logInWithBoth(site, 'bob', bob.device)
    for (const [method, url, body] of changes(alice.device).slice(1, 3)) {
      assertProblem(await site.call(method, url, body, { token }), 404)
    }
    assert.deepEqual(await names(site, alice.userId), ['phone'])
    const pending = await begin(
      site,
      (await logInWithBoth(site, 'alice', alice.device)).access_token,
    )
    assertProblem(await confirm(site, token, pending, pending.code()), 404)
  })

  test('new recovery codes end the older, and so does the end of the last factor (AC-75)', async () => {
    const site = await open(on)
    const { device, recoveryCodes, userId } = await enrol(site, 'alice')
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const made = await site.call('POST', '/me/recovery-codes', undefined, { token })
    assert.equal(made.statusCode, 201)
    const fresh: readonly string[] = made.json().recovery_codes
    assert.equal(fresh.filter((code) => recoveryCodes.includes(code)).length, 0)
    const show = async (code = '') =>
      errorOf(await showRecovery(site, await mfaToken(site, 'alice'), code))
    assert.equal(await show(recoveryCodes[0]), '400 invalid_grant')
    assert.equal(await show(fresh[0]?.toUpperCase().replaceAll('-', ' ')), '200 OK')
    const removed = await site.call('DELETE', `/me/factors/${device.id}`, undefined, { token })
    assert.equal(removed.statusCode, 204)
    assert.equal(await site.auth.factors?.recoveryCodesLeft(userId), 0)
    const again = await site.login('alice')
    const another = await begin(site, again)
    await confirm(site, again, another, another.code())
    assert.equal(await show(fresh[1]), '400 invalid_grant')
    const kinds = (await site.sent()).map(({ kind }) => kind)
    assert.ok(kinds.includes('recovery_codes_made') && kinds.includes('factor_removed'))
  })

  test('a refresh keeps how and when somebody logged in (AC-81)', async () => {
    const site = await open(on)
    const { device } = await enrol(site, 'alice')
    const both = await logInWithBoth(site, 'alice', device)
    const before = claimsOf(both.access_token)
    site.clock.advance(1000)
    const after = claimsOf((await refresh(site, both.refresh_token)).json().access_token)
    for (const name of ['acr', 'amr', 'auth_time']) assert.deepEqual(after[name], before[name])
    await site.user('bob')
    const bob = (await grant(site, { username: 'bob', password: goodPassword })).json()
    const { acr, amr } = claimsOf((await refresh(site, bob.refresh_token)).json().access_token)
    assert.deepEqual([acr, amr], ['1fa', ['pwd']])
  })

  test('a step-up takes a code or a recovery code, once each, and raises this session alone (AC-93, AC-94)', async () => {
    const site = await open(on)
    const { device, recoveryCodes } = await enrol(site, 'alice')
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const otp = device.code()
    site.clock.advance(10)
    const stepped = await stepUp(site, token, { otp })
    const { acr, amr, auth_time } = claimsOf(stepped.json().access_token)
    assert.deepEqual([acr, amr, auth_time], ['2fa', ['pwd', 'otp', 'mfa'], site.clock()])
    assertProblem(await stepUp(site, token, { otp }), 422)
    assert.equal(
      errorOf(await showOtp(site, await mfaToken(site, 'alice'), otp)),
      '400 invalid_grant',
    )
    const recovery = { recovery_code: recoveryCodes[0] }
    assert.equal((await stepUp(site, token, recovery)).statusCode, 200)
    assertProblem(await stepUp(site, token, recovery), 422)
    for (const each of [{}, { otp: 5 }, { code: otp }]) {
      assertProblem(await stepUp(site, token, each), 400)
    }
    const right = { otp: device.code(1), password: goodPassword }
    assertProblem(await stepUp(site, token, { ...right, password: 'wrong' }), 400)
    assert.equal((await stepUp(site, token, right)).statusCode, 200)
    // Wrong ones count with those of logins.
    for (let each = 0; each < 4; each++) await stepUp(site, token, { otp: device.wrong() })
    const last = await showOtp(site, await mfaToken(site, 'alice'), device.wrong())
    assert.equal(errorOf(last), '400 invalid_grant')
    await stepUp(site, token, { otp: device.wrong() })
    assert.equal((await stepUp(site, token, { otp: device.code(1) })).statusCode, 429)
  })

  test('every change of factors is an event that says who made it', async () => {
    const site = await open(on)
    const { device, userId } = await enrol(site, 'alice')
    const { access_token: token } = await logInWithBoth(site, 'alice', device)
    const [, rename, remove, renew] = changes(device)
    for (const each of [rename, renew, remove]) {
      const [method = '', url = '', body] = each ?? []
      await site.call(method, url, body, { token })
    }
    const events = await site.auth.events.list({ userId })
    const told = events.filter(({ type }) => /^(factor|recovery)/.test(type)).reverse()
    assert.deepEqual(
      told.map(({ type, actor }) => [type, actor]),
      ['factor_added', 'factor_renamed', 'recovery_codes_made', 'factor_removed'].map((type) => [
        type,
        `user:${userId}`,
      ]),
    )
  })
})

const refresh = (site: Site, token: string) =>
  grant(site, { grant_type: 'refresh_token', refresh_token: token })
