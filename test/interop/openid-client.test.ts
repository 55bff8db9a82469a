// openid-client as a web application has it: a server of its own, with a secret, and its strict checks on.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as client from 'openid-client'
import {
  appOrigin,
  callback,
  clientSecret,
  type LoginServer,
  logIn,
  startLoginServer,
} from './login-server.ts'

const registered = {
  ...{ id: 'web', name: 'Web', secret: clientSecret, redirectUris: [callback] },
  postLogoutRedirectUris: [`${appOrigin}/bye`],
}

let server: LoginServer

before(async () => {
  server = await startLoginServer([
    registered,
    { ...registered, id: 'poster', tokenEndpointAuthMethod: 'client_secret_post' },
  ])
})

after(async () => await server?.close())

/** By discovery. Only http has to be allowed; everything else is as strict as it can be set. */
async function discover(id = 'web', how?: client.ClientAuth): Promise<client.Configuration> {
  return await client.discovery(new URL(server.issuer), id, clientSecret, how, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  })
}

interface Login {
  readonly url: URL
  readonly checks: client.AuthorizationCodeGrantChecks
}

async function startLogin(
  configuration: client.Configuration,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Login> {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    maxAge: 600,
    idTokenExpected: true,
  }
  const url = client.buildAuthorizationUrl(configuration, {
    ...{ redirect_uri: callback, scope: 'openid profile email offline_access' },
    ...{ state: checks.expectedState, nonce: checks.expectedNonce, max_age: '600' },
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  })
  return { url, checks }
}

for (const [id, how] of [
  ['web', client.ClientSecretBasic(clientSecret)],
  ['poster', client.ClientSecretPost(clientSecret)],
] as const) {
  test(`${id} logs a user in, and knows who that is (OP-95)`, async () => {
    const configuration = await discover(id, how)
    assert.equal(configuration.serverMetadata().supportsPKCE(), true)
    const browser = server.browser()
    const { url, checks } = await startLogin(configuration)
    const arrival = await logIn(browser, url)
    const tokens = await client.authorizationCodeGrant(configuration, arrival.url, checks)
    const claims = tokens.claims() ?? assert.fail('no ID token')
    const alice = await server.auth.users.findByUsername('alice')
    assert.equal(claims.sub, alice?.id)
    const about = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)
    assert.equal(about.preferred_username, 'alice')
    assert.equal(about.email, 'alice@example.com')
    assert.equal(about.email_verified, true)
    const { active } = await client.tokenIntrospection(configuration, tokens.access_token)
    assert.equal(active, true)
  })
}

test('a form that is posted to the callback is read as a request (OP-95)', async () => {
  const configuration = await discover()
  const browser = server.browser()
  const { url, checks } = await startLogin(configuration, { response_mode: 'form_post' })
  await logIn(browser, (await startLogin(configuration)).url)
  const page = await browser.open(url.href)
  const [form] = page.forms
  assert.equal(form?.action, callback)
  const request = new Request(callback, {
    method: 'POST',
    body: new URLSearchParams(form?.fields),
  })
  const tokens = await client.authorizationCodeGrant(configuration, request, checks)
  assert.ok(tokens.claims()?.sub)
})

test('tokens are refreshed, revoked, and end with the log-out at the server (OP-95)', async () => {
  const configuration = await discover()
  const browser = server.browser()
  const { url, checks } = await startLogin(configuration)
  const arrival = await logIn(browser, url)
  const first = await client.authorizationCodeGrant(configuration, arrival.url, checks)
  const next = await client.refreshTokenGrant(configuration, first.refresh_token ?? '')
  assert.notEqual(next.refresh_token, first.refresh_token)
  assert.equal(next.claims()?.sub, first.claims()?.sub)
  assert.equal(next.claims()?.auth_time, first.claims()?.auth_time)

  const end = client.buildEndSessionUrl(configuration, {
    ...{ id_token_hint: next.id_token ?? '', state: 'of-the-log-out' },
    post_logout_redirect_uri: `${appOrigin}/bye`,
  })
  const left = await browser.open(end.href)
  assert.equal(left.url.href, `${appOrigin}/bye?state=of-the-log-out`)
  assert.equal((await browser.open(url.href)).kind, 'login')

  // This login may go on without the browser (offline_access); its end is of its own.
  const later = await client.refreshTokenGrant(configuration, next.refresh_token ?? '')
  await client.tokenRevocation(configuration, later.refresh_token ?? '')
  await assert.rejects(
    client.refreshTokenGrant(configuration, later.refresh_token ?? ''),
    (error) => error instanceof client.ResponseBodyError && error.error === 'invalid_grant',
  )
})

test('a refusal comes back as one, with the state and the issuer in order (OP-95)', async () => {
  const configuration = await discover()
  const { url, checks } = await startLogin(configuration, { prompt: 'none' })
  const arrival = await server.browser().open(url.href)
  await assert.rejects(
    client.authorizationCodeGrant(configuration, arrival.url, checks),
    (error) =>
      error instanceof client.AuthorizationResponseError && error.error === 'login_required',
  )
})
