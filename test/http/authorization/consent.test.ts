// What clients may do: asked, remembered, withdrawn.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { type TestBrowser, wordsOf } from './browser.ts'
import { assertAnswer, assertPage, type LoginSite, openLoginSite } from './login-site.ts'
import { assertTooOld } from './own/own-site.ts'

let site: LoginSite
let browser: TestBrowser
beforeEach(async () => {
  site = await openLoginSite()
  browser = site.browser()
  await site.logIn(browser, site.authorize('web'))
})
afterEach(() => site.close())

const bearer = (token: string): { readonly headers: Headers } => ({
  headers: new Headers({ authorization: `Bearer ${token}` }),
})

async function aliceId(): Promise<string> {
  return (await site.auth.users.findByUsername('alice'))?.id ?? assert.fail()
}

/** Asks, and presses "Allow". */
async function allow(parameters: Readonly<Record<string, string>> = {}) {
  const page = await browser.open(site.authorize('third', parameters))
  assertPage(page, 'consent')
  return await browser.send(page, {}, { button: 'allow' })
}

describe('scopes', () => {
  test('of OpenID Connect need consent; permissions need role and client as well (OP-40)', async () => {
    await site.auth.clients.update('third', { scopes: ['items:read'] })
    const arrival = await allow({ scope: 'openid profile items:read items:write' })
    const { scope } = await site.exchange('third', arrival)
    assert.deepEqual(scope.split(' ').sort(), ['items:read', 'openid', 'profile'])
  })

  test('that a third party does not ask for it does not get (OP-40)', async () => {
    const { scope, accessToken } = await site.exchange('third', await allow())
    assert.equal(scope, 'openid')
    const guard = createGuards(site.auth).requirePermission('items:read')
    await assert.rejects(guard(bearer(accessToken)), { statusCode: 403 })
  })

  test('a request without any gets a token without any (OP-40)', async () => {
    const { scope } = await site.exchange('third', await allow({ scope: '' }))
    assert.equal(scope, '')
    const own = await browser.open(site.authorize('web', { scope: '' }))
    assert.equal((await site.exchange('web', own)).scope, '')
  })

  test('* is refused to a third party, and is the whole role for the application (OP-40)', async () => {
    assertAnswer(await browser.open(site.authorize('third', { scope: '*' })), 'invalid_scope')
    const own = await browser.open(site.authorize('web', { scope: 'openid *' }))
    const { scope } = await site.exchange('web', own)
    assert.deepEqual(scope.split(' ').sort(), ['items:read', 'items:write', 'openid'])
  })

  test('of which the client may have nothing, or the role has nothing, are invalid_scope', async () => {
    await site.auth.clients.update('third', { scopes: ['items:read'] })
    const url = site.authorize('third', { scope: 'openid items:write' })
    assertAnswer(await browser.open(url), 'invalid_scope')
    site.auth.permissions.add('billing:write')
    const none = site.authorize('web', { scope: 'billing:write' })
    assertAnswer(await browser.open(none), 'invalid_scope')
  })

  test('tell a third party nothing of the role of somebody who has not let it in (OP-40)', async () => {
    site.auth.permissions.add('billing:write')
    const asked = { scope: 'billing:write' }
    const silent = site.authorize('third', { ...asked, prompt: 'none' })
    // As for somebody whose role grants it.
    assertAnswer(await browser.open(silent), 'consent_required')
    assertAnswer(await allow(asked), 'invalid_scope')
    assertAnswer(await browser.open(silent), 'invalid_scope')
  })

  test('end with the role that granted them, at the next request (OP-41)', async () => {
    const { accessToken } = await site.exchange('third', await allow({ scope: 'items:read' }))
    const guard = createGuards(site.auth).requirePermission('items:read')
    assert.equal((await guard(bearer(accessToken))).username, 'alice')
    await site.auth.users.changeRole(await aliceId(), 'guest')
    await assert.rejects(guard(bearer(accessToken)), { code: 'insufficient_scope' })
  })
})

describe('the page', () => {
  test('says who asks, what for, who is here, and where one goes (OP-42)', async () => {
    const url = site.authorize('third', { scope: 'openid items:read items:write' })
    const page = await browser.open(url)
    assertPage(page, 'consent')
    const words = wordsOf(page)
    for (const said of ['Third App', 'third.example.com', 'alice', 'Read your items']) {
      assert.ok(words.includes(said), `${said} is not in: ${words}`)
    }
    assert.doesNotMatch(page.html, /<button[^>]*autofocus/)
  })

  test('lets somebody else log in (OP-42)', async () => {
    const page = await browser.open(site.authorize('third'))
    const login = await browser.send(page, {}, { form: 1 })
    assertPage(login, 'login')
    assert.equal(login.forms[0]?.fields.username, '')
    const asked = await browser.send(login, { username: 'bob', password: 'vivid harbor ladle ox' })
    assertPage(asked, 'consent')
    assert.ok(wordsOf(asked).includes('bob'))
    assert.ok(!wordsOf(asked).includes('alice'))
  })
})

describe('a consent', () => {
  test('is kept, grows by what is added, and asks for that alone (OP-43)', async () => {
    assertAnswer(await allow({ scope: 'openid' }), null)
    assertAnswer(await browser.open(site.authorize('third', { scope: 'openid' })), null)
    const url = site.authorize('third', { scope: 'openid items:read' })
    const page = await browser.open(url)
    assertPage(page, 'consent')
    assert.equal(page.forms[0]?.fields.scope, 'items:read')
    assertAnswer(await browser.send(page, {}, { button: 'allow' }), null)
    assertAnswer(await browser.open(url), null)
    const { consents } = site.auth[internals].hosted?.authorization ?? assert.fail()
    const stored = await consents.find(await aliceId(), 'third')
    assert.deepEqual(stored?.scopes, ['items:read', 'openid'])
  })

  test('is withdrawn on the page of applications, and ends tokens and codes at once (OP-43)', async () => {
    const { accessToken } = await site.exchange('third', await allow())
    const pending = await browser.open(site.authorize('third'))
    const apps = await browser.open('/account/apps')
    assertPage(apps, 'apps')
    assert.ok(wordsOf(apps).includes('Third App'))
    const done = await browser.send(apps)
    assertPage(done, 'apps')
    assert.equal(done.forms.length, 0)
    const me = await site.fetch('/auth/userinfo', {
      headers: { authorization: `Bearer ${accessToken}` },
    })
    assert.equal(me.status, 401)
    await assert.rejects(site.exchange('third', pending), /invalid_grant/)
    assertPage(await browser.open(site.authorize('third')), 'consent')
    // The login of the browser is not of that client.
    assertAnswer(await browser.open(site.authorize('web')), null)
  })

  test('is withdrawn by no form of another site, cookie or client (OP-43)', async () => {
    await allow()
    const apps = await browser.open('/account/apps')
    const fields = apps.forms[0]?.fields ?? {}
    assertPage(await browser.post('/account/apps', fields), 'error', 403)
    const other = { ...apps, forms: [{ ...apps.forms[0], fields: { ...fields, client: 'web' } }] }
    assertTooOld(await browser.send(other as typeof apps), 'apps')
    assert.equal((await browser.open('/account/apps')).forms.length, 1)
  })

  test('is listed and withdrawn over HTTP, with a token of the application itself (OP-43)', async () => {
    const third = await site.exchange('third', await allow())
    const own = await site.exchange('web', await browser.open(site.authorize('web')))
    const ask = (token: string, method = 'GET', client = ''): Promise<Response> =>
      site.fetch(`/me/grants${client}`, { method, headers: { authorization: `Bearer ${token}` } })
    const listed = await ask(own.accessToken)
    assert.equal(listed.status, 200)
    const now = site.clock()
    assert.deepEqual(await listed.json(), {
      grants: [
        {
          ...{ client_id: 'third', client_name: 'Third App', scope: 'openid' },
          ...{ created_at: now, updated_at: now },
        },
      ],
    })
    assert.equal((await ask(third.accessToken)).status, 403)
    assert.equal((await ask(third.accessToken, 'DELETE', '/third')).status, 403)
    assert.equal((await site.fetch('/me/grants')).status, 401)
    assert.equal((await ask(own.accessToken, 'DELETE', '/nobody')).status, 404)
    assert.equal((await ask(own.accessToken, 'DELETE', '/third')).status, 204)
    assert.deepEqual(await (await ask(own.accessToken)).json(), { grants: [] })
  })

  test('is given by no GET, whatever is in it, and no code comes without one (OP-44)', async () => {
    const page = await browser.open(site.authorize('third'))
    const { action = '', fields = {} } = page.forms[0] ?? {}
    const { scope: _, ...rest } = fields
    const query = new URLSearchParams({ ...rest, decision: 'allow' })
    assertPage(await browser.open(`${action}&${query}`), 'consent')
    assertPage(await browser.open(`${site.authorize('third')}&${query}`), 'consent')
    assertPage(await browser.open(site.authorize('third')), 'consent')
  })

  test('is given by no form of another site, and by none that was altered (OP-44)', async () => {
    const page = await browser.open(site.authorize('third'))
    const { action = '', fields = {} } = page.forms[0] ?? {}
    const yes = { ...fields, decision: 'allow' }
    assertPage(await browser.post(action, yes), 'consent', 403)
    assertPage(
      await browser.send(page, { scope: 'openid items:read' }, { button: 'allow' }),
      'consent',
      403,
    )
    assertPage(await browser.send(page, { csrf: '' }, { button: 'allow' }), 'consent', 403)
    const other = site.browser()
    other.cookies.set(
      '__Host-portcullis_session',
      browser.cookies.get('__Host-portcullis_session') ?? '',
    )
    assertPage(await other.send(page, {}, { button: 'allow' }), 'consent', 403)
    const { consents } = site.auth[internals].hosted?.authorization ?? assert.fail()
    assert.equal(await consents.find(await aliceId(), 'third'), null)
  })

  test('that was asked of alice is not given in the session of bob (OP-45)', async () => {
    const page = await browser.open(site.authorize('third'))
    const login = await browser.open(site.authorize('web', { prompt: 'login' }))
    await browser.send(login, { username: 'bob', password: 'vivid harbor ladle ox' })
    const again = await browser.send(page, {}, { button: 'allow' })
    assertPage(again, 'consent', 403)
    assert.ok(wordsOf(again).includes('bob'))
    const { consents } = site.auth[internals].hosted?.authorization ?? assert.fail()
    const bob = await site.auth.users.findByUsername('bob')
    for (const id of [await aliceId(), bob?.id ?? '']) {
      assert.equal(await consents.find(id, 'third'), null)
    }
    assertAnswer(await browser.send(again, {}, { button: 'allow' }), null)
  })
})

describe('a client of the application', () => {
  test('asks nothing at an https address (OP-46)', async () => {
    assertAnswer(await browser.open(site.authorize('web')), null)
  })

  for (const redirect_uri of ['com.example.tool:/callback', 'http://127.0.0.1:4711/cb']) {
    test(`asks for one click at ${redirect_uri} (OP-46)`, async () => {
      const page = await browser.open(site.authorize('native', { redirect_uri }))
      assertPage(page, 'continue')
      assert.ok(page.html.includes('Continue as alice'))
      const arrival = await browser.send(page, {}, { button: 'allow' })
      assertAnswer(arrival, null)
      assert.ok(arrival.url.href.startsWith(redirect_uri))
      assertAnswer(await browser.send(page, {}, { button: 'deny' }), 'access_denied')
      // The next program may be another one.
      assertPage(await browser.open(site.authorize('native', { redirect_uri })), 'continue')
      const silent = site.authorize('native', { redirect_uri, prompt: 'none' })
      assertAnswer(await browser.open(silent), 'interaction_required')
    })
  }
})
