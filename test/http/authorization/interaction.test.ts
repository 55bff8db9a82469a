// What is asked next: prompts, ages, hints.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { goodPassword } from '../../fixtures.ts'
import { type TestBrowser, wordsOf } from './browser.ts'
import { assertAnswer, assertPage, type LoginSite, openLoginSite } from './login-site.ts'

let site: LoginSite
let browser: TestBrowser
beforeEach(async () => {
  site = await openLoginSite()
  browser = site.browser()
})
afterEach(() => site.close())

const alice = { username: 'alice', password: goodPassword }
const bob = { username: 'bob', password: goodPassword }

/** Alice is logged in; returns what the tokens of that login say. */
async function aliceIsHere(): ReturnType<LoginSite['exchange']> {
  return await site.exchange('web', await site.logIn(browser, site.authorize('web')))
}

describe('prompt=none', () => {
  test('is never a page: a code, or an error that says what would be asked (OP-25)', async () => {
    const silent = { prompt: 'none' }
    assertAnswer(await browser.open(site.authorize('web', silent)), 'login_required')
    await aliceIsHere()
    assertAnswer(await browser.open(site.authorize('web', silent)), null)
    assertAnswer(await browser.open(site.authorize('third', silent)), 'consent_required')
    assertAnswer(await browser.open(site.authorize('native', silent)), 'interaction_required')
  })

  for (const other of ['login', 'consent', 'select_account']) {
    test(`with ${other} is invalid_request (OP-25)`, async () => {
      const arrival = await browser.open(site.authorize('web', { prompt: `none ${other}` }))
      assertAnswer(arrival, 'invalid_request')
    })
  }
})

describe('prompt=login', () => {
  test('asks once in spite of a session, and auth_time is later (OP-26)', async () => {
    const before = await aliceIsHere()
    site.clock.advance(60)
    const page = await browser.open(site.authorize('web', { prompt: 'login' }))
    assertPage(page, 'login')
    assert.equal(page.forms[0]?.fields.username, 'alice')
    const arrival = await browser.send(page, alice)
    assertAnswer(arrival, null)
    const after = await site.exchange('web', arrival)
    assert.equal(after.id.auth_time, Number(before.id.auth_time) + 60)
    assert.equal(after.id.sub, before.id.sub)
  })

  test('asks again where the proof of the login is of another request (OP-26)', async () => {
    await aliceIsHere()
    const page = await browser.open(site.authorize('web', { prompt: 'login' }))
    const { hops } = await browser.send(page, alice)
    const proof = hops.at(-1)?.url.searchParams.get('proof')
    assert.ok(proof)
    const other = site.authorize('web', { prompt: 'login', state: 'other' })
    assertPage(await browser.open(`${other}&proof=${proof}`), 'login')
    const same = site.authorize('web', { prompt: 'login' })
    assertAnswer(await browser.open(`${same}&proof=${proof}`), null)
    site.clock.advance(10 * 60)
    assertPage(await browser.open(`${same}&proof=${proof}`), 'login')
  })

  test('with the password of another user changes the session, and mixes nothing (OP-26)', async () => {
    const { accessToken, id } = await aliceIsHere()
    const page = await browser.open(site.authorize('web', { prompt: 'login' }))
    const after = await site.exchange('web', await browser.send(page, bob))
    assert.notEqual(after.id.sub, id.sub)
    assert.notEqual(after.id.sid, id.sid)
    const me = await site.fetch('/auth/userinfo', {
      headers: { authorization: `Bearer ${accessToken}` },
    })
    assert.equal(me.status, 401)
  })

  test('is what select_account asks for, too', async () => {
    await aliceIsHere()
    assertPage(await browser.open(site.authorize('web', { prompt: 'select_account' })), 'login')
  })
})

describe('max_age', () => {
  test('asks after that time, and not before it (OP-27)', async () => {
    const first = await aliceIsHere()
    site.clock.advance(2)
    const old = site.authorize('web', { max_age: '10000' })
    const silent = await site.exchange('web', await browser.open(old))
    assert.equal(silent.id.auth_time, first.id.auth_time)
    const page = await browser.open(site.authorize('web', { max_age: '1' }))
    assertPage(page, 'login')
    const after = await site.exchange('web', await browser.send(page, alice))
    assert.equal(after.id.auth_time, Number(first.id.auth_time) + 2)
    site.clock.advance(2)
    const none = site.authorize('web', { max_age: '1', prompt: 'none' })
    assertAnswer(await browser.open(none), 'login_required')
  })

  test('of 0 asks in the same second (OP-27)', async () => {
    await aliceIsHere()
    const page = await browser.open(site.authorize('web', { max_age: '0' }))
    assertPage(page, 'login')
    assertAnswer(await browser.send(page, alice), null)
  })
})

describe('prompt=consent', () => {
  test('asks again, and is access_denied after "Deny" (OP-28)', async () => {
    await aliceIsHere()
    const first = await browser.open(site.authorize('third'))
    assertAnswer(await browser.send(first, {}, { button: 'allow' }), null)
    assertAnswer(await browser.open(site.authorize('third')), null)
    const again = await browser.open(site.authorize('third', { prompt: 'consent' }))
    assertPage(again, 'consent')
    assertAnswer(await browser.send(again, {}, { button: 'deny' }), 'access_denied')
    assertAnswer(await browser.send(again, {}, { button: 'allow' }), null)
  })

  test('asks for a client of the application too (OP-28)', async () => {
    await aliceIsHere()
    const page = await browser.open(site.authorize('web', { prompt: 'consent' }))
    assertPage(page, 'consent')
    assertAnswer(await browser.send(page, {}, { button: 'allow' }), null)
  })

  test('after prompt=login asks for both, one after the other', async () => {
    await aliceIsHere()
    const page = await browser.open(site.authorize('third', { prompt: 'login consent' }))
    assertPage(page, 'login')
    const consent = await browser.send(page, alice)
    assertPage(consent, 'consent')
    assertAnswer(await browser.send(consent, {}, { button: 'allow' }), null)
  })
})

describe('id_token_hint', () => {
  test('of another user is login_required without a page, and the form with one (OP-29)', async () => {
    const { idToken } = await aliceIsHere()
    const other = site.browser()
    await site.logIn(other, site.authorize('web'), 'bob')
    const silent = { prompt: 'none', id_token_hint: idToken }
    assertAnswer(await other.open(site.authorize('web', silent)), 'login_required')
    assertAnswer(await browser.open(site.authorize('web', silent)), null)
    const page = await other.open(site.authorize('web', { id_token_hint: idToken }))
    assertPage(page, 'login')
    assert.equal(page.forms[0]?.fields.username, '')
    assertAnswer(await other.send(page, alice), null)
  })

  test('of somebody who then does not log in ends in login_required, not in the form once more (OP-29)', async () => {
    const { idToken } = await aliceIsHere()
    const other = site.browser()
    const url = site.authorize('web', { id_token_hint: idToken })
    assertAnswer(await site.logIn(other, url, 'bob'), 'login_required')
    // The next request asks.
    assertPage(await other.open(url), 'login')
  })

  test('that has expired is good, and one of another client or an access token is not (OP-29)', async () => {
    const { idToken, accessToken } = await aliceIsHere()
    site.clock.advance(3600)
    const silent = (id_token_hint: string, client = 'web') =>
      browser.open(site.authorize(client, { prompt: 'none', id_token_hint }))
    assertAnswer(await silent(idToken), null)
    assertAnswer(await silent(idToken, 'third'), 'invalid_request')
    assertAnswer(await silent(accessToken), 'invalid_request')
    assertAnswer(await silent(`${idToken}x`), 'invalid_request')
  })
})

describe('login_hint', () => {
  for (const login_hint of ['alice', 'nobody at all', '"><script>alert(1)</script>']) {
    test(`${login_hint} fills the field, and tells nothing (OP-30)`, async () => {
      const page = await browser.open(site.authorize('web', { login_hint }))
      assertPage(page, 'login')
      assert.equal(page.forms[0]?.fields.username, login_hint)
      assert.ok(!page.html.includes('<script'))
      const without = await site.browser().open(site.authorize('web'))
      assert.equal(wordsOf(page), wordsOf(without))
    })
  }

  test('of more than 254 characters is left out (OP-30)', async () => {
    const page = await browser.open(site.authorize('web', { login_hint: 'x'.repeat(255) }))
    assertPage(page, 'login')
    assert.equal(page.forms[0]?.fields.username, '')
  })
})

describe('wishes', () => {
  test('for languages are met where there are texts (OP-31)', async () => {
    for (const [ui_locales, language] of [
      ['xx de', 'de'],
      ['de-CH', 'de'],
      ['en de', 'en'],
      ['xx', 'en'],
      ['not a language!', 'en'],
    ]) {
      const page = await browser.open(site.authorize('web', { ui_locales }))
      assert.equal(page.headers.get('content-language'), language)
      const failed = await browser.send(page, { username: 'alice', password: 'wrong' })
      assert.equal(failed.headers.get('content-language'), language)
    }
    const page = await browser.open(site.authorize('web'), { 'accept-language': 'de' })
    assert.equal(page.headers.get('content-language'), 'de')
  })

  test('are never an error (OP-31)', async () => {
    await aliceIsHere()
    for (const wish of [
      { claims_locales: 'se' },
      { display: 'popup' },
      { display: 'hologram' },
      { acr_values: 'phr 2fa' },
      { acr_values: '1fa' },
      { claims: '{"id_token":{}}' },
    ]) {
      assertAnswer(await browser.open(site.authorize('web', wish)), null)
    }
  })
})
