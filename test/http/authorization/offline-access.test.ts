// The scope that outlives a log-out: another application has it of its user alone.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { type TestBrowser, wordsOf } from './browser.ts'
import { assertAnswer, assertPage, type LoginSite, openLoginSite } from './login-site.ts'

let site: LoginSite
let browser: TestBrowser
beforeEach(async () => {
  site = await openLoginSite()
  browser = site.browser()
  await site.logIn(browser, site.authorize('web'))
})
afterEach(() => site.close())

const offline = { scope: 'openid offline_access' }

async function consented(): Promise<readonly string[]> {
  const alice = await site.auth.users.findByUsername('alice')
  const consents = site.auth[internals].hosted?.authorization.consents
  return (await consents?.find(alice?.id ?? '', 'third'))?.scopes ?? []
}

async function refresh(token: string): Promise<number> {
  const form = { grant_type: 'refresh_token', refresh_token: token, client_id: 'third' }
  const body = new URLSearchParams(form)
  return (await site.fetch('/auth/token', { method: 'POST', body })).status
}

test('a third party has no offline access before its user has allowed it (OP-73)', async () => {
  // The client has been let in, for less.
  const first = await browser.open(site.authorize('third'))
  const plain = await site.exchange('third', await browser.send(first, {}, { button: 'allow' }))
  assert.deepEqual([plain.scope, plain.refreshToken], ['openid', ''])

  const silent = site.authorize('third', { ...offline, prompt: 'none' })
  assertAnswer(await browser.open(silent), 'consent_required')
  const page = await browser.open(site.authorize('third', offline))
  assertPage(page, 'consent')
  assert.match(wordsOf(page), /Keep its access after you log out/)
  assertAnswer(await browser.send(page, {}, { button: 'deny' }), 'access_denied')
  assert.deepEqual(await consented(), ['openid'])
  assertAnswer(await browser.open(silent), 'consent_required')

  const again = await browser.open(site.authorize('third', offline))
  const tokens = await site.exchange('third', await browser.send(again, {}, { button: 'allow' }))
  assert.deepEqual(tokens.scope.split(' ').sort(), ['offline_access', 'openid'])
  assert.deepEqual(await consented(), ['offline_access', 'openid'])
  assert.equal(await refresh(tokens.refreshToken), 200)
  assertAnswer(await browser.open(silent), null)
})

test('the refresh token of a third party goes on after a log-out, and ends with the consent (OP-72, OP-73)', async () => {
  const page = await browser.open(site.authorize('third', offline))
  const { refreshToken } = await site.exchange(
    'third',
    await browser.send(page, {}, { button: 'allow' }),
  )
  await browser.send(await browser.open('/auth/logout'))
  assertPage(await browser.open('/account/apps'), 'login')
  assert.equal(await refresh(refreshToken), 200)
  const alice = await site.auth.users.findByUsername('alice')
  const consents = site.auth[internals].hosted?.authorization.consents
  assert.equal(await consents?.withdraw(alice?.id ?? '', 'third'), true)
  assert.equal(await refresh(refreshToken), 400)
})

test('the own application of the user needs no consent for it, and it is advertised (OP-73)', async () => {
  const arrival = await browser.open(site.authorize('web', offline))
  const { scope, refreshToken } = await site.exchange('web', arrival)
  assert.deepEqual(scope.split(' ').sort(), ['offline_access', 'openid'])
  assert.notEqual(refreshToken, '')
  const metadata = await site.fetch('/.well-known/openid-configuration')
  const { scopes_supported } = (await metadata.json()) as { scopes_supported: readonly string[] }
  assert.ok(scopes_supported.includes('offline_access'))
})
