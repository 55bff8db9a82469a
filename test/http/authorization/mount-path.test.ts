// The same flow below a path, behind a proxy that takes it away, and below a prefix.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EndpointOptions } from '../../../src/http/endpoints/mount.ts'
import { oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { goodPassword } from '../../fixtures.ts'
import { openBrowser } from './browser.ts'
import { assertPage, openLoginSite } from './login-site.ts'

interface Mount {
  readonly issuer: string
  readonly endpoints: EndpointOptions
  /** What a proxy takes away. */
  readonly outer: string
  /** Where the flow is, for a browser. */
  readonly below: string
}

const mounts: Readonly<Record<string, Mount>> = {
  'below a path that a proxy takes away': {
    ...{ issuer: 'https://auth.example.com/t1', endpoints: {} },
    ...{ outer: '/t1', below: '/t1' },
  },
  'below a prefix that the issuer ends with': {
    ...{ issuer: 'https://auth.example.com/api', endpoints: { prefix: '/api' } },
    ...{ outer: '', below: '/api' },
  },
  'where a prefix is no part of the issuer': {
    ...{ issuer: 'https://auth.example.com', endpoints: { prefix: '/api' } },
    ...{ outer: '', below: '' },
  },
  'below both': {
    ...{ issuer: 'https://auth.example.com/t1/api', endpoints: { prefix: '/api' } },
    ...{ outer: '/t1', below: '/t1/api' },
  },
}

for (const [name, { issuer, endpoints, outer, below }] of Object.entries(mounts)) {
  describe(`a login ${name}`, () => {
    test('goes from the request to the tokens, and out again (OP-97)', async () => {
      const site = await openLoginSite({ auth: { issuer }, endpoints })
      const handle = oauthEndpoints(site.auth, endpoints)
      const { origin } = new URL(issuer)
      const browser = openBrowser(origin, async (request) => {
        const url = new URL(request.url)
        assert.ok(url.pathname.startsWith(`${outer}/`), url.pathname)
        url.pathname = url.pathname.slice(outer.length)
        return await handle(new Request(url, request), '192.0.2.1')
      })
      const query = site.authorize('third', { scope: 'openid items:read' }).split('?')[1]
      const discovery = await browser.open(`${below}/.well-known/openid-configuration`)
      const metadata = JSON.parse(discovery.html) as Readonly<Record<string, string>>
      assert.equal(metadata.authorization_endpoint, `${origin}${below}/auth/authorize`)
      assert.equal(metadata.end_session_endpoint, `${origin}${below}/auth/logout`)

      const page = await browser.open(`${metadata.authorization_endpoint}?${query}`)
      assertPage(page, 'login')
      assert.ok(page.forms[0]?.action.startsWith(`${below}/auth/authorize/login?`))
      const failed = await browser.send(page, { username: 'alice', password: 'wrong' })
      assertPage(failed, 'login', 400)
      const consent = await browser.send(failed, { username: 'alice', password: goodPassword })
      assertPage(consent, 'consent')
      const { url } = await browser.send(consent, {}, { button: 'allow' })
      assert.equal(url.searchParams.get('iss'), issuer)
      assert.ok(url.searchParams.has('code'))

      const apps = await browser.open(`${below}/account/apps`)
      assertPage(apps, 'apps')
      assertPage(await browser.send(apps), 'apps')
      const logout = await browser.open(String(metadata.end_session_endpoint))
      assertPage(logout, 'logout')
      assertPage(await browser.send(logout), 'logged-out')
      assertPage(await browser.open(`${below}/account/apps`), 'login')
      await site.close()
    })
  })
}

test('no other endpoint can be put where people log in', async () => {
  const site = await openLoginSite()
  for (const tokenPath of ['/auth/authorize', '/auth/logout', '/auth/userinfo']) {
    assert.throws(() => oauthEndpoints(site.auth, { tokenPath }), /token endpoint cannot be at/)
  }
  for (const options of [
    { tokenPath: '/me/grants' },
    { revocationPath: '/mine/grants', mePath: '/mine', prefix: '/api' },
  ]) {
    assert.throws(() => oauthEndpoints(site.auth, options), /endpoint cannot be at .*\/grants/)
  }
  oauthEndpoints(site.auth, { tokenPath: '/auth/tokens' })
  oauthEndpoints(site.auth, { tokenPath: '/me/grants', mePath: false })
  await site.close()
})
