// The same flow below a path, behind a proxy that takes it away, and below a prefix.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EndpointOptions } from '../../../src/http/endpoints/mount.ts'
import { oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { goodPassword } from '../../fixtures.ts'
import { openBrowser } from './browser.ts'
import { assertPage, claimsOf, codeVerifier, openLoginSite } from './login-site.ts'

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
    test('goes from the request to tokens, userinfo and a refresh, and out again (OP-97)', async () => {
      const site = await openLoginSite({ auth: { issuer }, endpoints })
      const handle = oauthEndpoints(site.auth, endpoints)
      const { origin } = new URL(issuer)
      const ask = async (request: Request): Promise<Response | null> => {
        const url = new URL(request.url)
        assert.ok(url.pathname.startsWith(`${outer}/`), url.pathname)
        url.pathname = url.pathname.slice(outer.length)
        return await handle(new Request(url, request), '192.0.2.1')
      }
      const browser = openBrowser(origin, ask)
      const scope = 'openid items:read offline_access'
      const query = site.authorize('third', { scope }).split('?')[1]
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

      const token = async (form: Readonly<Record<string, string>>) => {
        const body = new URLSearchParams({ client_id: 'third', ...form })
        const asked = new Request(metadata.token_endpoint ?? '', { method: 'POST', body })
        const answer = (await ask(asked)) ?? assert.fail('nothing answers')
        assert.equal(answer.status, 200)
        return (await answer.json()) as Readonly<Record<string, string>>
      }
      const first = await token({
        ...{ grant_type: 'authorization_code', code: url.searchParams.get('code') ?? '' },
        ...{ redirect_uri: 'https://third.example.com/cb?of=us', code_verifier: codeVerifier },
      })
      const { refresh_token = '' } = first
      const next = await token({ grant_type: 'refresh_token', refresh_token })
      assert.equal(claimsOf(next.id_token ?? '').iss, issuer)
      for (const { access_token } of [first, next]) {
        const headers = { authorization: `Bearer ${access_token}` }
        const about = await ask(new Request(metadata.userinfo_endpoint ?? '', { headers }))
        const { sub } = ((await about?.json()) ?? {}) as Readonly<Record<string, string>>
        assert.equal(sub, claimsOf(first.id_token ?? '').sub)
      }

      const silent = new URLSearchParams(query)
      silent.set('prompt', 'none')
      silent.set('scope', 'openid items:write')
      const refused = await browser.open(`${metadata.authorization_endpoint}?${silent}`)
      assert.equal(refused.url.searchParams.get('error'), 'consent_required')
      assert.equal(refused.url.searchParams.get('iss'), issuer)
      silent.set('redirect_uri', 'https://elsewhere.example/cb')
      const lost = await browser.open(`${metadata.authorization_endpoint}?${silent}`)
      assertPage(lost, 'error', 400)

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
