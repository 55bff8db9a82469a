// Log-outs that a client asks for, after the modules of the conformance suite (RP-Initiated Logout).

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { goodPassword } from '../../fixtures.ts'
import type { Arrival, TestBrowser } from './browser.ts'
import { wordsOf } from './browser.ts'
import {
  assertAnswer,
  assertPage,
  type Exchanged,
  type LoginSite,
  openLoginSite,
} from './login-site.ts'

const bye = 'https://app.example.com/bye'

let site: LoginSite
let browser: TestBrowser
let login: Exchanged
beforeEach(async () => {
  site = await openLoginSite()
  browser = site.browser()
  login = await site.exchange('web', await site.logIn(browser, site.authorize('web')))
})
afterEach(() => site.close())

const logout = (
  parameters: Readonly<Record<string, string>> = {},
  by = browser,
): Promise<Arrival> => by.open(`/auth/logout?${new URLSearchParams(parameters)}`)

async function assertLoggedIn(isLoggedIn: boolean, by = browser): Promise<void> {
  const arrival = await by.open(site.authorize('web', { prompt: 'none' }))
  assertAnswer(arrival, isLoggedIn ? null : 'login_required')
}

async function isTokenGood(): Promise<boolean> {
  const headers = { authorization: `Bearer ${login.accessToken}` }
  return (await site.fetch('/auth/userinfo', { headers })).status === 200
}

/** Asked first, nothing ended; ended after "Log out". */
async function assertAsksFirst(asked: Arrival, link: string | null): Promise<void> {
  assertPage(asked, 'logout')
  assert.equal(asked.hops.length, 1)
  await assertLoggedIn(true)
  const done = await browser.send(asked)
  assertPage(done, 'logged-out')
  assert.equal(/<a href="([^"]*)"/.exec(done.html)?.[1] ?? null, link)
  await assertLoggedIn(false)
  assert.equal(await isTokenGood(), false)
}

describe('a log-out with the ID token of this login', () => {
  test('ends the login at once, and goes to the registered URI with the state alone (OP-74)', async () => {
    const { url, status, hops } = await logout({
      ...{ id_token_hint: login.idToken, post_logout_redirect_uri: bye },
      state: 'a b&c',
    })
    assert.equal(url.href, `${bye}?state=a%20b%26c`)
    assert.equal(status, 303)
    assert.equal(hops.length, 1)
    await assertLoggedIn(false)
    assert.equal(await isTokenGood(), false)
    assert.deepEqual([...browser.cookies.keys()], [])
  })

  test('ends the session that is left of a browser session that has ended before (OP-74)', async () => {
    const alice = await site.auth.users.findByUsername('alice')
    assert.ok(alice)
    const { sid } = login.token
    await site.auth.users.changePassword(alice.id, {
      ...{ oldPassword: goodPassword, newPassword: 'other words for another night' },
      ...{ address: undefined, keepSession: String(sid) },
    })
    await assertLoggedIn(false)
    assert.equal(await isTokenGood(), true)
    const asked = { id_token_hint: login.idToken, post_logout_redirect_uri: bye }
    assert.equal((await logout(asked)).url.href, bye)
    assert.equal(await isTokenGood(), false)
  })

  test('works without a state, by POST, and after the token has expired (OP-74)', async () => {
    site.clock.advance(3600)
    const fields = { id_token_hint: login.idToken, post_logout_redirect_uri: bye }
    const { url } = await browser.post('/auth/logout', fields)
    assert.equal(url.href, bye)
    await assertLoggedIn(false)
  })

  test('says that it is done where no URI is named (OP-74)', async () => {
    const done = await logout({ id_token_hint: login.idToken })
    assertPage(done, 'logged-out')
    await assertLoggedIn(false)
  })

  test('is a page for a URI that is not registered, or has more in its query (OP-74)', async () => {
    for (const uri of [
      `${bye}?foo=bar`,
      `${bye}/`,
      'https://evil.example',
      'javascript:alert(1)',
    ]) {
      const page = await logout({ id_token_hint: login.idToken, post_logout_redirect_uri: uri })
      assertPage(page, 'error', 400)
      assert.ok(!page.html.includes(uri))
      await assertLoggedIn(true)
    }
  })

  test('goes back all the same if nobody is logged in (OP-74)', async () => {
    await logout({ id_token_hint: login.idToken })
    const fields = { id_token_hint: login.idToken, post_logout_redirect_uri: bye }
    assert.equal((await logout(fields)).url.href, bye)
    assert.equal((await logout(fields, site.browser())).url.href, bye)
  })

  test('leaves what was opened through another browser (OP-74)', async () => {
    const other = site.browser()
    await site.logIn(other, site.authorize('web'))
    await logout({ id_token_hint: login.idToken })
    await assertLoggedIn(true, other)
  })
})

describe('a log-out without a good ID token', () => {
  const link = { client_id: 'web', post_logout_redirect_uri: bye }
  const changed = (token: string): string =>
    `${token.slice(0, -4)}${token.endsWith('A') ? 'BBBB' : 'AAAA'}`
  const cases: Readonly<Record<string, () => readonly [Record<string, string>, string | null]>> = {
    'no parameters': () => [{}, null],
    'the state alone': () => [{ state: 'x' }, null],
    'a URI and no client': () => [{ post_logout_redirect_uri: bye }, null],
    'a client and its URI': () => [link, bye],
    'a client, its URI and a state': () => [{ ...link, state: 'x' }, `${bye}?state=x`],
    'an ID token that was changed': () => [{ ...link, id_token_hint: changed(login.idToken) }, bye],
    'a text that is no ID token': () => [
      { id_token_hint: 'x', post_logout_redirect_uri: bye },
      null,
    ],
    'an access token': () => [{ ...link, id_token_hint: login.accessToken }, bye],
    'an ID token without a signature': () => {
      const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
      const [, claims = ''] = login.idToken.split('.')
      return [{ ...link, id_token_hint: `${header}.${claims}.` }, bye]
    },
    'an ID token of another client': () => [
      {
        ...{ client_id: 'third', id_token_hint: login.idToken },
        post_logout_redirect_uri: 'https://third.example.com/bye',
      },
      'https://third.example.com/bye',
    ],
  }
  for (const [name, parameters] of Object.entries(cases)) {
    test(`with ${name} asks first, and redirects nowhere (OP-74)`, async () => {
      const [given, back] = parameters()
      await assertAsksFirst(await logout(given), back)
    })
  }

  test('with the ID token of another user asks first (OP-74)', async () => {
    const other = site.browser()
    const bobs = await site.exchange('web', await site.logIn(other, site.authorize('web'), 'bob'))
    const parameters = { id_token_hint: bobs.idToken, post_logout_redirect_uri: bye }
    await assertAsksFirst(await logout(parameters), bye)
    await assertLoggedIn(true, other)
  })

  test('with a URI that is not registered is a page (OP-76)', async () => {
    const foreign = 'https://evil.example/'
    for (const client of [{ client_id: 'web' }, {}]) {
      for (const by of [browser, site.browser()]) {
        const page = await logout({ ...client, post_logout_redirect_uri: foreign }, by)
        assert.equal(page.isElsewhere, false)
        assert.ok(!page.html.includes(foreign))
      }
    }
    await assertLoggedIn(true)
  })

  test('says that it is done to somebody who is not logged in (OP-74)', async () => {
    assertPage(await logout({}, site.browser()), 'logged-out')
  })
})

describe('a log-out that somebody else wants', () => {
  test('by a picture of another site asks first, and ends nothing (OP-75)', async () => {
    const page = await browser.open('/auth/logout', { 'sec-fetch-dest': 'image' })
    assertPage(page, 'logout')
    assert.ok(wordsOf(page).includes('alice'))
    await assertLoggedIn(true)
    assert.equal(await isTokenGood(), true)
  })

  test('by a form of another site, or without its proof, asks again (OP-75)', async () => {
    const page = await logout()
    const fields = page.forms[0]?.fields ?? {}
    assertPage(await browser.post('/auth/logout/confirm', fields), 'logout', 403)
    assertPage(await browser.post('/auth/logout/confirm', {}), 'logout', 403)
    assertPage(await browser.send(page, { csrf: '' }), 'logout', 403)
    assertPage(await browser.open('/auth/logout/confirm'), 'logout')
    await assertLoggedIn(true)
    assertPage(await browser.send(page), 'logged-out')
  })
})
