// What a guard demands goes into an authorization request as it is, and brings a token that the guard takes (RFC 9470).

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Guard } from '../../../src/http/guards/guard.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { BearerError } from '../../../src/http/refusal.ts'
import { goodPassword } from '../../fixtures.ts'
import { type Device, deviceOf } from '../../server/factors/device.ts'
import type { TestBrowser } from './browser.ts'
import { assertAnswer, assertPage, type LoginSite, openLoginSite } from './login-site.ts'

let site: LoginSite
let browser: TestBrowser
beforeEach(async () => {
  site = await openLoginSite({ auth: { factors: {} } })
  browser = site.browser()
})
afterEach(() => site.close())

const requestWith = (token: string) => ({
  headers: new Headers({ authorization: `Bearer ${token}` }),
})

/** What the guard's 401 says, as parameters of an authorization request (RFC 9470 §5). */
async function challengeOf(
  guard: Guard<unknown>,
  token: string,
): Promise<Readonly<Record<string, string>>> {
  let header = ''
  await assert.rejects(
    async () => await guard(requestWith(token)),
    (error) => {
      assert.ok(error instanceof BearerError)
      assert.equal(error.statusCode, 401)
      header = error.headers['www-authenticate'] ?? ''
      return true
    },
  )
  assert.match(header, /error="insufficient_user_authentication"/)
  const parameters: Record<string, string> = {}
  for (const name of ['acr_values', 'max_age']) {
    const [, value] = new RegExp(`${name}="?([^",]+)"?`).exec(header) ?? []
    if (value !== undefined) parameters[name] = value
  }
  return parameters
}

async function usernameAt(guard: Guard<unknown>, token: string): Promise<unknown> {
  const user = await guard(requestWith(token))
  return (user as { readonly username: string }).username
}

/** Sets an app up at the page that asks for one, and goes on. */
async function setUp(url: string): Promise<ReturnType<TestBrowser['open']>> {
  const page = await browser.open(url)
  assertPage(page, 'second-factor-set-up')
  const { secret = '', enrolment = '' } = page.forms[0]?.fields ?? {}
  const device: Device = deviceOf(site, { id: enrolment, secret })
  const kept = await browser.send(page, { code: device.code() })
  assertPage(kept, 'recovery-codes')
  const [, onward = ''] = /<a href="([^"]*auth.authorize[^"]*)"/.exec(kept.html) ?? []
  return await browser.open(onward.replaceAll('&#38;', '&'))
}

test('a guard that wants a second factor is content after acr_values of its challenge (OP-68)', async () => {
  const guard = createGuards(site.auth).requireFactor('any')
  const one = await site.exchange('web', await site.logIn(browser, site.authorize('web')))
  const challenge = await challengeOf(guard, one.accessToken)
  assert.deepEqual(challenge, { acr_values: '2fa' })
  // Without it, the same browser gets the same again.
  const same = await site.exchange('web', await browser.open(site.authorize('web')))
  assert.deepEqual(await challengeOf(guard, same.accessToken), challenge)
  const silent = site.authorize('web', { ...challenge, prompt: 'none' })
  assertAnswer(await browser.open(silent), 'interaction_required')

  const arrival = await setUp(site.authorize('web', challenge))
  assertAnswer(arrival, null)
  const two = await site.exchange('web', arrival)
  assert.equal(await usernameAt(guard, two.accessToken), 'alice')
  assert.deepEqual([two.token.acr, two.id.acr], ['2fa', '2fa'])
  // And at once from now on.
  const later = await site.exchange('web', await browser.open(silent))
  assert.equal(await usernameAt(guard, later.accessToken), 'alice')
})

test('a guard that wants a recent login is content after max_age of its challenge (OP-68)', async () => {
  const guard = createGuards(site.auth).requireRecentLogin({ maxAge: 120 })
  const first = await site.exchange('web', await site.logIn(browser, site.authorize('web')))
  assert.equal(await usernameAt(guard, first.accessToken), 'alice')
  site.clock.advance(121)
  const old = await site.exchange('web', await browser.open(site.authorize('web')))
  const challenge = await challengeOf(guard, old.accessToken)
  assert.deepEqual(challenge, { max_age: '120' })
  const silent = site.authorize('web', { ...challenge, prompt: 'none' })
  assertAnswer(await browser.open(silent), 'login_required')

  const page = await browser.open(site.authorize('web', challenge))
  assertPage(page, 'login')
  const arrival = await browser.send(page, { username: 'alice', password: goodPassword })
  assertAnswer(arrival, null)
  const recent = await site.exchange('web', arrival)
  assert.equal(await usernameAt(guard, recent.accessToken), 'alice')
  assert.equal(recent.token.auth_time, site.clock())
  assert.equal(recent.id.auth_time, site.clock())
})

test('a client that is not first-party gets a token of two factors the same way (OP-68)', async () => {
  const guards = createGuards(site.auth)
  const asked = { scope: 'openid items:read', acr_values: '2fa' }
  assertPage(await site.logIn(browser, site.authorize('third', asked)), 'second-factor-set-up')
  const consent = await setUp(site.authorize('third', asked))
  assertPage(consent, 'consent')
  const arrival = await browser.send(consent, {}, { button: 'allow' })
  const { token, accessToken } = await site.exchange('third', arrival)
  assert.equal(token.acr, '2fa')
  assert.equal(await usernameAt(guards.requirePermission('items:read'), accessToken), 'alice')
})
