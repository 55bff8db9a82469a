// The second factor of a login by browser: a page after the password, and no session before it.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { UserError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { hostedPages } from '../../../src/hosted-login/index.ts'
import { assertAbsent } from '../../canaries.ts'
import { goodPassword } from '../../fixtures.ts'
import { type Device, deviceOf } from '../../server/factors/device.ts'
import { type Arrival, type TestBrowser, wordsOf } from './browser.ts'
import { assertAnswer, assertPage, issuer, type LoginSite, openLoginSite } from './login-site.ts'
import { createRelyingParty } from './relying-party.ts'

const sessionCookie = '__Host-portcullis_session'

let site: LoginSite
let browser: TestBrowser
let device: Device
let codes: readonly string[]
beforeEach(async () => {
  site = await openLoginSite({ auth: { factors: { required: ['admin'] } } })
  browser = site.browser()
  ;({ device, codes } = await enrol('alice'))
})
afterEach(() => site.close())

async function idOf(username: string): Promise<string> {
  return (await site.auth.users.findByUsername(username))?.id ?? assert.fail()
}

/** Sets an app up in the place of its user. */
async function enrol(username: string): Promise<{ device: Device; codes: readonly string[] }> {
  const userId = await idOf(username)
  const { factors, sessions } = site.auth
  const opened = await sessions.open((await site.auth.users.find(userId)) ?? assert.fail(), {
    clientId: 'first-party',
    scopes: [],
  })
  const begun = (await factors?.beginTotp({ userId })) ?? assert.fail()
  const made = deviceOf(site, begun)
  const confirmed = await factors?.confirmTotp({
    ...{ userId, id: begun.id, otp: made.code() },
    sessionId: opened?.session.id ?? '',
  })
  site.clock.advance(30)
  return { device: made, codes: confirmed?.recoveryCodes ?? [] }
}

const browserSessions = async (username: string) =>
  (await site.auth.sessions.list(await idOf(username))).filter(({ kind }) => kind === 'browser')

const isNeeded = (error: unknown): boolean =>
  error instanceof UserError && error.code === 'factor_needed'

const type = (page: Arrival, code: string) => browser.send(page, { code })

test('after the password comes the code, and no session before it (AC-77, OP-66)', async () => {
  const page = await site.logIn(browser, site.authorize('web'))
  assertPage(page, 'second-factor')
  assert.equal(browser.cookies.has(sessionCookie), false)
  assert.deepEqual(await browserSessions('alice'), [])
  assert.match(
    page.html,
    /<input id="code" name="code" type="text" required autocomplete="one-time-code"/,
  )
  const arrival = await type(page, device.code())
  assertAnswer(arrival, null)
  const { token, id } = await site.exchange('web', arrival)
  for (const claims of [token, id]) {
    assert.deepEqual([claims.acr, claims.amr], ['2fa', ['pwd', 'otp', 'mfa']])
  }
})

test('a wrong code is asked for again, and five end the login (AC-78, OP-66)', async () => {
  let page = await site.logIn(browser, site.authorize('web'))
  for (let tries = 0; tries < 5; tries++) {
    page = await type(page, device.wrong())
    assertPage(page, 'second-factor', 400)
    assert.match(wordsOf(page), /The code is not right/)
  }
  const ended = await type(page, device.code())
  assertPage(ended, 'login', 403)
  assert.match(wordsOf(ended), /This login has ended\. Log in again\./)
  assert.equal(ended.forms[0]?.fields.username, 'alice')
  assert.equal(browser.cookies.has(sessionCookie), false)
})

test('the page is good for five minutes, once, and in its own browser (AC-78, OP-66)', async () => {
  const page = await site.logIn(browser, site.authorize('web'))
  const stranger = site.browser()
  await stranger.open(site.authorize('web'))
  const foreign = await stranger.send(page, { code: device.code() })
  assertPage(foreign, 'login', 403)
  assert.equal(foreign.forms[0]?.fields.username, '')
  const late = await site.logIn(site.browser(), site.authorize('web'))
  assertAnswer(await type(page, device.code()), null)
  browser.cookies.delete(sessionCookie)
  site.clock.advance(30)
  assertPage(await type(page, device.code()), 'login', 403)
  site.clock.advance(270)
  assertPage(await type(late, device.code()), 'login', 403)
  assert.equal((await browserSessions('alice')).length, 1)
})

test('a recovery code stands in for the app, once (AC-73, AC-76)', async () => {
  const page = await site.logIn(browser, site.authorize('web'))
  assertAnswer(await type(page, codes[0]?.toUpperCase() ?? ''), null)
  assert.equal(await site.auth.factors?.recoveryCodesLeft(await idOf('alice')), 7)
  const other = await site.logIn(site.browser(), site.authorize('web'))
  assertPage(await type(other, codes[0] ?? ''), 'login', 403)
})

test('what the page holds passes nowhere else, and nothing else passes for it (AC-78)', async () => {
  const page = await site.logIn(browser, site.authorize('web'))
  const held = page.forms[0]?.fields.factor ?? assert.fail()
  const body = new URLSearchParams({
    ...{ grant_type: 'urn:portcullis:grant-type:mfa-otp', mfa_token: held, otp: device.code() },
  })
  const answer = await site.fetch('/auth/token', { method: 'POST', body })
  assert.deepEqual(
    [answer.status, ((await answer.json()) as { error: string }).error],
    [400, 'expired_token'],
  )
  const password = new URLSearchParams({ username: 'alice', password: goodPassword })
  const asked = await site.fetch('/auth/token', { method: 'POST', body: password })
  const { mfa_token: token } = (await asked.json()) as { readonly mfa_token: string }
  // Not even with the right proof, which nobody can make.
  const { second } = site.auth[internals]
  assert.equal((await second?.tokens.find(token))?.purpose, 'challenge')
  assertPage(await browser.send(page, { code: device.code(), factor: token }), 'login', 403)
})

test('wrong codes here count with those of the token endpoint (AC-66)', async () => {
  let page = await site.logIn(browser, site.authorize('web'))
  for (let tries = 0; tries < 4; tries++) page = await type(page, device.wrong())
  const second = await site.logIn(browser, site.authorize('web'))
  await type(await type(second, device.wrong()), device.wrong())
  const third = await site.logIn(browser, site.authorize('web'))
  const throttled = await type(third, device.code())
  assertPage(throttled, 'second-factor', 429)
  assert.equal(throttled.headers.get('retry-after'), '1')
  site.clock.advance(30)
  assertAnswer(await type(throttled, device.code()), null)
})

test('whose role demands a factor sets one up on the way, in one go (AC-85)', async () => {
  await site.auth.users.changeRole(await idOf('bob'), 'admin')
  const page = await site.logIn(browser, site.authorize('web'), 'bob')
  assertPage(page, 'second-factor-set-up')
  assert.equal(browser.cookies.has(sessionCookie), false)
  const { secret = '', enrolment = '' } = page.forms[0]?.fields ?? {}
  assert.ok(page.html.includes('<svg '))
  const bobs = deviceOf(site, { id: enrolment, secret })
  const again = await type(page, bobs.wrong())
  assertPage(again, 'second-factor-set-up', 400)
  assert.equal(again.forms[0]?.fields.secret, secret)
  const kept = await type(again, bobs.code())
  assertPage(kept, 'recovery-codes')
  assert.equal(
    kept.html.match(/<li><code data-secret>([a-z2-7]{4}-){5}[a-z2-7]{4}<\/code>/g)?.length,
    8,
  )
  const [, onward = ''] = /<a href="([^"]*auth.authorize[^"]*)"/.exec(kept.html) ?? []
  const arrival = await browser.open(onward.replaceAll('&#38;', '&'))
  assertAnswer(arrival, null)
  assert.equal((await site.exchange('web', arrival)).token.acr, '2fa')
})

test('a promotion asks for a factor at the next request of a client (AC-85)', async () => {
  assertAnswer(await site.logIn(browser, site.authorize('web'), 'bob'), null)
  assertAnswer(await browser.open(site.authorize('web')), null)
  await site.auth.users.changeRole(await idOf('bob'), 'admin')
  assertAnswer(await browser.open(site.authorize('web', { prompt: 'none' })), 'login_required')
  const page = await site.logIn(browser, site.authorize('web'), 'bob')
  assertPage(page, 'second-factor-set-up')
})

test('a promotion closes userinfo and introspection to a login with one factor (AC-85)', async () => {
  const party = await createRelyingParty({ factors: { required: ['admin'] } })
  try {
    const { access_token: token } = await party.tokens({ client: 'web' })
    assert.equal((await party.userinfo(token)).status, 200)
    assert.equal((await party.introspect(token)).active, true)
    const alice = await party.auth.users.findByUsername('alice')
    await party.auth.users.changeRole(alice?.id ?? '', 'admin')
    const refused = await party.userinfo(token)
    assert.equal(refused.status, 401)
    assert.match(String(refused.headers.get('www-authenticate')), /acr_values="2fa"/)
    assert.deepEqual(await party.introspect(token), { active: false })
  } finally {
    await party.auth.close()
  }
})

test('a promotion closes the page of the applications until a factor is shown (AC-85)', async () => {
  const bob = site.browser()
  const third = site.authorize('third', { scope: 'items:read' })
  await bob.send(await site.logIn(bob, third, 'bob'), {}, { button: 'allow' })
  const apps = await bob.open('/account/apps')
  assertPage(apps, 'apps')
  await site.auth.users.changeRole(await idOf('bob'), 'admin')

  assertPage(await bob.send(apps), 'login')
  const grants = await site.auth[internals].hosted?.authorization.consents.list(await idOf('bob'))
  assert.deepEqual(
    grants?.map(({ clientId }) => clientId),
    ['third'],
  )
  const login = await bob.open('/account/apps')
  assertPage(login, 'login')
  assert.match(login.html, /<input id="username"[^>]* value="bob"/)
  const page = await bob.send(login, { username: 'bob', password: goodPassword })
  assertPage(page, 'second-factor-set-up')
  const { secret = '', enrolment = '' } = page.forms[0]?.fields ?? {}
  const kept = await bob.send(page, { code: deviceOf(site, { id: enrolment, secret }).code() })
  assertPage(kept, 'recovery-codes')
  assertPage(await bob.open('/account/apps'), 'apps')
})

test('a promotion closes what currentUser guards until a factor is shown (AC-85)', async () => {
  const { currentUser } = hostedPages(site.auth)
  const ask = async (): Promise<string> => {
    const cookie = `${sessionCookie}=${browser.cookies.get(sessionCookie)}`
    const user = await currentUser(new Request(issuer, { headers: { cookie } }))
    return user.username
  }
  await site.logIn(browser, site.authorize('web'), 'bob')
  assert.equal(await ask(), 'bob')
  await site.auth.users.changeRole(await idOf('bob'), 'admin')
  await assert.rejects(ask(), {
    statusCode: 401,
    headers: {
      'www-authenticate':
        'Bearer error="insufficient_user_authentication", error_description="A second factor is needed", acr_values="2fa"',
    },
  })
  await site.auth.users.changeRole(await idOf('alice'), 'admin')
  await type(await site.logIn(browser, site.authorize('web', { prompt: 'login' })), device.code())
  assert.equal(await ask(), 'alice')
})

test('a page of the application goes no way around a factor (AC-83)', async () => {
  const pages = hostedPages(site.auth)
  const user = (await site.auth.users.findByUsername('alice')) ?? assert.fail()
  const request = {
    ...{ method: 'POST', url: '/login?continue=/' },
    headers: { 'sec-fetch-site': 'same-origin', origin: issuer },
  }
  await assert.rejects(pages.complete(request, user), isNeeded)
  await assert.rejects(pages.complete(request, user, { acr: 'of our own' }), isNeeded)
  const done = await pages.complete(request, user, { acr: '2fa', amr: ['pwd', 'otp', 'mfa'] })
  assert.equal(done.status, 200)
})

test('nothing of the page is in the database (AC-68)', async () => {
  await site.auth.users.changeRole(await idOf('bob'), 'admin')
  const page = await site.logIn(browser, site.authorize('web'), 'bob')
  const { secret = '', factor = '' } = page.forms[0]?.fields ?? {}
  const { store } = site.auth[internals]
  const rest = JSON.stringify([
    await store.factors?.listByUser(await idOf('bob')),
    await store.oneTimeTokens?.list({ kind: 'mfa', limit: 99 }),
  ])
  assertAbsent(rest, { secret, factor })
})

test('a login that an application has counted as more than two factors is not asked for one (OP-67)', async () => {
  const done = await hostedPages(site.auth).complete(
    {
      ...{ method: 'POST', url: '/login?continue=/' },
      headers: { 'sec-fetch-site': 'same-origin', origin: issuer },
    },
    (await site.auth.users.findByUsername('alice')) ?? assert.fail(),
    { acr: 'phr', amr: ['hwk', 'user'] },
  )
  const [, value = ''] = /=([^;]*)/.exec(done.cookies[0] ?? '') ?? []
  browser.cookies.set(sessionCookie, value)
  const wanted = { acr_values: '2fa', prompt: 'none' }
  assertAnswer(await browser.open(site.authorize('web', wanted)), null)
})

test('a client that wants a second factor has the missing step asked alone (OP-67)', async () => {
  const bob = site.browser()
  assertAnswer(await site.logIn(bob, site.authorize('web'), 'bob'), null)
  const wanted = site.authorize('web', { acr_values: '2fa' })
  const silent = site.authorize('web', { acr_values: '2fa', prompt: 'none' })
  assertAnswer(await bob.open(silent), 'interaction_required')
  assertAnswer(await bob.open(site.authorize('web', { acr_values: '2fa 1fa' })), null)

  const page = await bob.open(wanted)
  assertPage(page, 'second-factor-set-up')
  assert.doesNotMatch(page.html, /type="password"/)
  const { secret = '', enrolment = '' } = page.forms[0]?.fields ?? {}
  const kept = await bob.send(page, { code: deviceOf(site, { id: enrolment, secret }).code() })
  assertPage(kept, 'recovery-codes')
  const [, onward = ''] = /<a href="([^"]*auth.authorize[^"]*)"/.exec(kept.html) ?? []
  const arrival = await bob.open(onward.replaceAll('&#38;', '&'))
  assertAnswer(arrival, null)
  assert.equal((await site.exchange('web', arrival)).token.acr, '2fa')
  assertAnswer(await bob.open(silent), null)
})
