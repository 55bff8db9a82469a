// Roles that demand a second factor, and what administrators do for who has lost one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { keycloak } from '../../../src/issuers/keycloak.ts'
import { goodPassword } from '../../fixtures.ts'
import { onEveryEngine, type Site, type SiteOptions } from '../accounts/site.ts'
import { assertProblem } from '../fixtures.ts'
import {
  begin,
  claimsOf,
  confirm,
  deviceOf,
  enrol,
  errorOf,
  grant,
  logInWithBoth,
  mfaToken,
  password,
  showOtp,
} from './device.ts'

const demanding: SiteOptions = { auth: { factors: { required: ['admin'] } } }
const me = (site: Site, token: string) => site.call('GET', '/me', undefined, { token })

/** Sets a device up within a login, and returns the answer to its first code. */
async function enrolWithin(site: Site, token: string) {
  const begun = await site.call('POST', '/me/factors/totp', {}, { token })
  assert.equal(begun.statusCode, 201, begun.body)
  const device = deviceOf(site, begun.json())
  const answer = await confirm(site, token, device, device.code())
  return { device, answer }
}

onEveryEngine((open) => {
  test('a login of a role that demands a factor leads to one, and on to tokens in one go (AC-85)', async () => {
    const site = await open(demanding)
    const id = await site.user('root', { role: 'admin' })
    const asked = await password(site, 'root', { scope: 'users:read' })
    const { mfa_token: token, mfa_requirements } = asked.json()
    assert.deepEqual([asked.statusCode, mfa_requirements], [403, { enroll: [{ type: 'otp' }] }])
    assert.deepEqual(await site.auth.sessions.list(id), [])
    for (const url of ['/me', '/me/factors', '/me/sessions', '/admin/users']) {
      assertProblem(await site.call('GET', url, undefined, { token }), 401)
    }
    assert.equal(errorOf(await showOtp(site, token, '123456')), '400 expired_token')
    const { device, answer } = await enrolWithin(site, token)
    assert.equal(answer.statusCode, 200, answer.body)
    const { recovery_codes, access_token, refresh_token, scope } = answer.json()
    assert.deepEqual([recovery_codes.length, scope], [8, 'users:read'])
    assert.equal(claimsOf(access_token).acr, '2fa')
    const users = await site.call('GET', '/admin/users', undefined, { token: access_token })
    assert.equal(users.statusCode, 200)
    assert.equal(
      (await grant(site, { grant_type: 'refresh_token', refresh_token })).statusCode,
      200,
    )
    // Once.
    assertProblem(await site.call('POST', '/me/factors/totp', {}, { token }), 401)
    assertProblem(await confirm(site, token, device, device.code(1)), 401)
    site.clock.advance(30)
    await logInWithBoth(site, 'root', device)
    // Whose role demands none is not asked.
    await site.user('bob')
    assert.equal((await password(site, 'bob')).statusCode, 200)
  })

  test('of two who set a factor up with one token one gets in (AC-85, AC-109)', async () => {
    const site = await open(demanding)
    await site.user('root', { role: 'admin' })
    const twin = await site.twin()
    const token = (await password(site, 'root')).json().mfa_token
    const begun = await site.call('POST', '/me/factors/totp', {}, { token })
    const device = deviceOf(site, begun.json())
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        confirm(index % 2 ? site : twin, token, device, device.code()),
      ),
    )
    assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  })

  test('a promotion counts from the next request, and a step-up or a login satisfies it (AC-85)', async () => {
    const site = await open(demanding)
    const twin = await site.twin()
    const bob = await site.user('bob')
    const carol = await enrol(site, 'carol')
    const token = await site.login('bob')
    const both = await logInWithBoth(site, 'carol', carol.device)
    assert.equal((await me(twin, token)).statusCode, 200)
    for (const id of [bob, carol.userId]) await site.auth.users.changeRole(id, 'admin')
    for (const at of [twin, site]) {
      const refused = await me(at, token)
      assertProblem(refused, 401)
      assert.match(String(refused.headers['www-authenticate']), /acr_values="2fa"/)
      assert.equal((await me(at, both.access_token)).statusCode, 200)
    }
    const stepped = await site.call('POST', '/auth/step-up', { password: goodPassword }, { token })
    assertProblem(stepped, 403, /set one up/)
    const asked = await password(site, 'bob')
    const { answer } = await enrolWithin(site, asked.json().mfa_token)
    assert.equal((await me(site, answer.json().access_token)).statusCode, 200)
  })

  test('introspection calls nothing active that every guard refuses for want of a factor (AC-85, RI-07)', async () => {
    const site = await open({ auth: { ...demanding.auth, apiKeys: {} } })
    const secret = await site.auth.clients.register({
      ...{ id: 'api', introspect: true, grants: [], confidential: true },
    })
    const headers = {
      authorization: `Basic ${Buffer.from(`api:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    }
    const ask = async (token: string) =>
      (await site.call('POST', '/auth/introspect', `token=${token}`, { headers })).json()
    const { userId, device } = await enrol(site, 'bob')
    const { access_token: both } = await logInWithBoth(site, 'bob', device)
    const carol = await site.user('carol')
    const one = await site.login('carol')
    const keys = await Promise.all(
      [userId, carol].map((id) =>
        site.auth.apiKeys?.create({ userId: id, name: 'key', scopes: [] }),
      ),
    )
    const asked = [one, both, ...keys.map((each) => each?.key ?? '')]
    for (const token of asked) {
      assert.deepEqual([(await ask(token)).active, (await me(site, token)).statusCode], [true, 200])
    }
    for (const id of [userId, carol]) await site.auth.users.changeRole(id, 'admin')
    for (const token of asked) {
      const status = (await me(site, token)).statusCode
      assert.equal(status, token === both ? 200 : 401)
      const { active, ...rest } = await ask(token)
      assert.equal(active, token === both)
      assert.equal(Object.keys(rest).length > 0, token === both)
    }
  })

  test('there is a grace until an instant, by the clock of the server, which nothing renews (AC-86)', async () => {
    const site = await open()
    const requiredFrom = site.clock() + 1000
    const graced = await site.twin({ factors: { required: ['admin'], requiredFrom } })
    const id = await site.user('root', { role: 'admin' })
    const token = await graced.login('root')
    assert.equal((await me(graced, token)).statusCode, 200)
    site.clock.advance(500)
    await graced.auth.users.setPassword(id, goodPassword)
    const again = await graced.login('root')
    site.clock.advance(499)
    assert.equal((await me(graced, again)).statusCode, 200)
    site.clock.advance(1)
    assertProblem(await me(graced, again), 401)
    assert.equal(errorOf(await password(graced, 'root')), '403 mfa_required')
  })

  test('the last factor stays where the role demands one (AC-87)', async () => {
    const site = await open(demanding)
    const { device, userId } = await enrol(await plain(site), 'root', 'admin')
    const { access_token: token } = await logInWithBoth(site, 'root', device)
    const own = await site.call('DELETE', `/me/factors/${device.id}`, undefined, { token })
    assertProblem(own, 409, /add another one first/)
    for (const url of [
      `/admin/users/${userId}/factors`,
      `/admin/users/${userId}/factors/${device.id}`,
    ]) {
      assertProblem(await site.call('DELETE', url, undefined, { token }), 409)
    }
    const another = await begin(site, token, 'tablet')
    await confirm(site, token, another, another.code())
    const removed = await site.call('DELETE', `/me/factors/${device.id}`, undefined, { token })
    assert.equal(removed.statusCode, 204)
  })

  test('an administrator ends factors of others, with a recent login, and sees no secret (AC-87)', async () => {
    const site = await open(demanding)
    const root = await enrol(await plain(site), 'root', 'admin')
    const { access_token: admin } = await logInWithBoth(site, 'root', root.device)
    const { userId, device } = await enrol(site, 'alice')
    const both = await logInWithBoth(site, 'alice', device)
    const url = `/admin/users/${userId}/factors`
    const listed = await site.call('GET', url, undefined, { token: admin })
    const [factor] = listed.json().factors
    assert.deepEqual([factor.name, listed.json().recovery_codes_left], ['phone', 8])
    assert.deepEqual(Object.keys(factor).sort(), [
      'created_at',
      'id',
      'kind',
      'last_used_at',
      'name',
    ])
    assertProblem(await site.call('DELETE', url, undefined, { token: both.access_token }), 403)
    await site.sent()
    site.clock.advance(301)
    assertProblem(await site.call('DELETE', url, undefined, { token: admin }), 401)
    const otp = root.device.code()
    const recent = (await site.call('POST', '/auth/step-up', { otp }, { token: admin })).json()
    const ended = await site.call('DELETE', url, undefined, { token: recent.access_token })
    assert.equal(ended.statusCode, 204, ended.body)
    assertProblem(await me(site, both.access_token), 401)
    const [mail] = await site.sent()
    assert.deepEqual([mail?.kind, mail?.to], ['factor_removed', 'alice@example.com'])
    const [event] = await site.auth.events.list({ userId, type: 'factor_removed' })
    assert.deepEqual([event?.actor, event?.details], [`user:${root.userId}`, { all: true }])
    assert.equal((await password(site, 'alice')).statusCode, 200)
    assertProblem(await site.call('DELETE', url, undefined, { token: recent.access_token }), 404)
  })

  test('an administrator who has a factor shows it for what needs a recent login (AC-70, AC-87)', async () => {
    const identity = { issuer: 'https://other.example', subject: 'mallory' }
    const other = keycloak({ issuer: identity.issuer, audience: 'api', users: 'link' })
    const site = await open({
      auth: { factors: {}, issuers: [other] },
      accounts: { registration: 'invited' },
    })
    const { device, token: before } = await enrol(site, 'root', 'admin')
    const { userId } = await enrol(site, 'alice')
    const user = `/admin/users/${userId}`
    const dangerous = [
      ['DELETE', `${user}/factors`],
      ['DELETE', `${user}/factors/none`],
      ['PUT', `${user}/email`, { email: 'mallory@example.org', verified: true }],
      ['DELETE', `${user}/email`],
      ['POST', `${user}/password-reset`, {}],
      ['PUT', `${user}/password`, { password: 'another good passphrase' }],
      ['DELETE', `${user}/identities?${new URLSearchParams(identity)}`],
      ['POST', `${user}/identities`, identity],
      ['POST', '/admin/invitations', { email: 'mallory@example.org', role: 'admin' }],
    ] as const
    for (const [method, url, body] of dangerous) {
      const refused = await site.call(method, url, body, { token: before })
      assertProblem(refused, 401, 'A second factor is needed')
    }
    const { access_token: token } = await logInWithBoth(site, 'root', device)
    for (const [method, url, body] of dangerous.toReversed()) {
      const answer = await site.call(method, url, body, { token })
      assert.equal(answer.statusCode < 300, !url.endsWith('none'), answer.body)
    }
  })

  test('an administrator who unlocks a user ends the waits of second factors, and their lock', async () => {
    const site = await open({ auth: { factors: {} } })
    const { userId, device, recoveryCodes } = await enrol(site, 'alice')
    await site.user('root', { role: 'admin' })
    const right = async () =>
      (await showOtp(site, await mfaToken(site, 'alice'), device.code())).statusCode
    const shown = { address: '192.0.2.1', purpose: 'login' } as const
    const { second, store } = site.auth[internals]
    const record = await store.users.findById(userId)
    assert.ok(record && second)
    const wrong = () => second.verify(record, { otp: device.wrong() }, shown)
    const wrongCode = () => second.verify(record, { recoveryCode: 'wrong' }, shown)
    for (const attempt of [wrong, wrongCode]) {
      for (let each = 0; each < 5; each++) assert.equal(await attempt(), null)
      await attempt()
      await assert.rejects(attempt, { code: 'throttled' })
      assert.equal(await right(), 429)
      const token = await site.login('root')
      const url = `/admin/users/${userId}/unlock`
      assert.equal((await site.call('POST', url, undefined, { token })).statusCode, 200)
      assert.equal(await right(), 200)
      site.clock.advance(30)
    }
    assert.equal(recoveryCodes.length, 8)
  })

  test('what no id of a factor has is refused before a store is asked', async () => {
    const site = await open(demanding)
    const { device, userId } = await enrol(await plain(site), 'root', 'admin')
    const { access_token: token } = await logInWithBoth(site, 'root', device)
    const url = `/admin/users/${userId}/factors`
    assertProblem(await site.call('DELETE', `${url}/%00`, undefined, { token }), 400)
    assertProblem(await site.call('DELETE', `${url}/none`, undefined, { token }), 404)
  })
})

/** The same site as its users see it before a role demands anything. */
const plain = (site: Site): Promise<Site> => site.twin({ factors: {} })
