// A second factor that a session which is there is to show or to set up, for acr_values: what a copy of its cookie does.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { hostedPages } from '../../../src/hosted-login/index.ts'
import { goodPassword } from '../../fixtures.ts'
import {
  type Authenticator,
  makeAuthenticator,
  type PublicKey,
} from '../../server/factors/authenticator.ts'
import { deviceOf } from '../../server/factors/device.ts'
import type { Arrival, TestBrowser } from './browser.ts'
import { assertAnswer, assertPage, issuer, type LoginSite, openLoginSite } from './login-site.ts'
import { sendForm } from './own/own-site.ts'

const sessionCookie = '__Host-portcullis_session'
const wanted = { acr_values: '2fa' }

let site: LoginSite
let browser: TestBrowser
let key: Authenticator
beforeEach(async () => {
  site = await openLoginSite({ auth: { factors: { passkeys: true } } })
  browser = site.browser()
  key = makeAuthenticator({ origin: issuer })
})
afterEach(() => site.close())

async function aliceId(): Promise<string> {
  return (await site.auth.users.findByUsername('alice'))?.id ?? assert.fail()
}

const factorsOfAlice = async () => await site.auth.factors?.list(await aliceId())

/** The right code of the app that a page sets up. */
function codeOn(page: Arrival): string {
  const { secret = '', enrolment = '' } = page.forms[0]?.fields ?? {}
  return deviceOf(site, { id: enrolment, secret }).code()
}

/** What the page asks the browser with. */
function askedBy({ html }: Arrival): PublicKey {
  const [, data = ''] = /data-passkey="([^"]*)"/.exec(html) ?? assert.fail('asks for no passkey')
  return JSON.parse(data.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))).publicKey
}

async function goOn(codes: Arrival): Promise<Arrival> {
  assertPage(codes, 'recovery-codes')
  const [, onward = ''] = /<a href="([^"]*auth.authorize[^"]*)"/.exec(codes.html) ?? []
  return await browser.open(onward.replaceAll('&#38;', '&'))
}

/** Another browser with a copy of all cookies. */
function copyOf(original: TestBrowser): TestBrowser {
  const copy = site.browser()
  for (const [name, value] of original.cookies) copy.cookies.set(name, value)
  return copy
}

/** The password, where it is asked for. */
async function logInAgain(url: string): Promise<Arrival> {
  const page = await browser.open(url)
  assertPage(page, 'login')
  return await browser.send(page, { username: 'alice', password: goodPassword })
}

test('a first factor is set up after a recent login alone, and in one go with it (OP-67)', async () => {
  assertAnswer(await site.logIn(browser, site.authorize('web')), null)
  site.clock.advance(301)
  const login = await browser.open(site.authorize('web', wanted))
  assertPage(login, 'login')
  assert.match(login.html, /<input id="username"[^>]* value="alice"/)
  assertAnswer(
    await browser.open(site.authorize('web', { ...wanted, prompt: 'none' })),
    'interaction_required',
  )

  const page = await browser.send(login, { username: 'alice', password: goodPassword })
  assertPage(page, 'second-factor-set-up')
  const loggedInAt = site.clock()
  site.clock.advance(60)
  const arrival = await goOn(await browser.send(page, { code: codeOn(page) }))
  assertAnswer(arrival, null)
  const { token } = await site.exchange('web', arrival)
  assert.deepEqual([token.acr, token.amr], ['2fa', ['pwd', 'otp', 'mfa']])
  // The app is no second login.
  assert.equal(token.auth_time, loggedInAt)
})

test('a cookie that a login has overtaken sets nothing up, although it is good for some seconds (OP-67)', async () => {
  await site.logIn(browser, site.authorize('web'))
  const thief = copyOf(browser)
  assertAnswer(await logInAgain(site.authorize('web', { prompt: 'login' })), null)
  site.clock.advance(3)
  assertAnswer(await thief.open(site.authorize('web')), null)
  assertPage(await thief.open(site.authorize('web', wanted)), 'login')
})

test('a form to set a factor up is good in the session that it was shown in, until the next login (OP-67)', async () => {
  await site.logIn(browser, site.authorize('web'))
  const thief = copyOf(browser)
  const page = await thief.open(site.authorize('web', wanted))
  assertPage(page, 'second-factor-set-up')
  assertAnswer(await logInAgain(site.authorize('web', { prompt: 'login' })), null)
  for (const seconds of [0, 11]) {
    site.clock.advance(seconds)
    assertPage(await thief.send(page, { code: codeOn(page) }), 'login', 403)
  }
  // Not with the cookie of after that login either.
  thief.cookies.set(sessionCookie, browser.cookies.get(sessionCookie) ?? assert.fail())
  assertPage(await thief.send(page, { code: codeOn(page) }), 'login', 403)
  assert.deepEqual(await factorsOfAlice(), [])
})

test('a form to set a factor up ends with the session, for apps and for passkeys (OP-67)', async () => {
  await site.logIn(browser, site.authorize('web'))
  const page = await browser.open(site.authorize('web', wanted))
  const credential = JSON.stringify(key.create(askedBy(page)))
  for (const { id, kind } of await site.auth.sessions.list(await aliceId())) {
    if (kind === 'browser') await site.auth.sessions.end(id)
  }
  assertPage(await browser.send(page, { credential }), 'login', 403)
  assertPage(await browser.send(page, { code: codeOn(page) }), 'login', 403)
  assert.deepEqual(await factorsOfAlice(), [])
})

test('asking for a factor over and over stores one token of the session (OP-67)', async () => {
  await site.logIn(browser, site.authorize('web'))
  for (let times = 0; times < 5; times++) {
    assertPage(await browser.open(site.authorize('web', wanted)), 'second-factor-set-up')
  }
  const { oneTimeTokens } = site.auth[internals].store
  assert.equal((await oneTimeTokens?.list({ kind: 'mfa', limit: 99 }))?.length, 1)
})

/** Has a passkey, and is logged in by something else: on the application's page, which is two factors. */
async function logInOtherwise(): Promise<void> {
  const page = await site.logIn(browser, '/account/sign-in')
  const credential = JSON.stringify(key.create(askedBy(page)))
  assertPage(await sendForm(browser, page, 'addPasskey', { credential }), 'recovery-codes')
  const request = {
    ...{ method: 'POST', url: '/login?continue=/' },
    headers: { 'sec-fetch-site': 'same-origin', origin: issuer },
  }
  const user = (await site.auth.users.findByUsername('alice')) ?? assert.fail()
  const done = await hostedPages(site.auth).complete(request, user, { acr: '2fa', amr: ['sc'] })
  const [, value = ''] = /=([^;]*)/.exec(done.cookies[0] ?? '') ?? []
  browser = site.browser()
  browser.cookies.set(sessionCookie, value)
}

const show = (page: Arrival, from = browser): Promise<Arrival> =>
  from.send(page, { credential: JSON.stringify(key.get(askedBy(page))) })

test('a factor shown in an old session makes its login no younger, and says nothing of a password (OP-68)', async () => {
  await logInOtherwise()
  const loggedInAt = site.clock()
  site.clock.advance(3600)
  const arrival = await show(await browser.open(site.authorize('web', { acr_values: 'phr' })))
  assertAnswer(arrival, null)
  const { token, id } = await site.exchange('web', arrival)
  for (const claims of [token, id]) {
    assert.deepEqual([claims.acr, claims.auth_time], ['phr', loggedInAt])
    assert.deepEqual(claims.amr, ['sc', 'hwk', 'user', 'mfa'])
  }
  assertPage(await browser.open('/account/sign-in'), 'login')
})

test('a factor shown in a session is no login for max_age, and keeps what was done before it (OP-68)', async () => {
  await logInOtherwise()
  site.clock.advance(50)
  const page = await browser.open(site.authorize('web', { acr_values: 'phr', max_age: '60' }))
  assertPage(page, 'second-factor')
  site.clock.advance(20)
  assertPage(await show(page), 'login')

  const bob = site.browser()
  const asked = { ...wanted, prompt: 'login' }
  const setUp = await site.logIn(bob, site.authorize('web', asked), 'bob')
  assertPage(setUp, 'second-factor-set-up')
  const again = await bob.send(setUp, { code: '000' })
  browser = bob
  assertAnswer(await goOn(await bob.send(again, { code: codeOn(again) })), null)
})

test('a page that asks a session for a factor is good in that session, until the next login (OP-67)', async () => {
  await logInOtherwise()
  const wish = site.authorize('web', { acr_values: 'phr' })
  const thief = copyOf(browser)
  const page = await thief.open(wish)
  assertPage(page, 'second-factor')
  const login = await browser.open(site.authorize('web', { prompt: 'login' }))
  assertAnswer(await show(login), null)
  assertPage(await show(page, thief), 'login', 403)
})
