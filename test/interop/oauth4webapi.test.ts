// oauth4webapi as a program on somebody's machine has it: no secret, a port of the day (RFC 8252 §7.3).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { type LoginServer, logIn, startLoginServer } from './login-server.ts'

const http = { [oauth.allowInsecureRequests]: true }
const client: oauth.Client = { client_id: 'native' }

let server: LoginServer
let as: oauth.AuthorizationServer

before(async () => {
  const redirectUris = ['http://127.0.0.1/callback', 'http://[::1]/callback']
  server = await startLoginServer([{ id: 'native', name: 'Tool', firstParty: true, redirectUris }])
  const issuer = new URL(server.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http))
})

after(async () => await server?.close())

/** Listens on a port of the day until the browser comes by. */
async function listen(
  t: TestContext,
  host: string,
): Promise<{
  readonly redirectUri: string
  readonly arrived: Promise<URL>
}> {
  const { promise: arrived, resolve } = Promise.withResolvers<URL>()
  const listener = createServer((request, response) => {
    resolve(new URL(request.url ?? '', redirectUri))
    response.setHeader('connection', 'close').end('You may close this window.')
  })
  t.after(() => listener.close())
  listener.listen(0, host)
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  const redirectUri = `http://${name}:${port}/callback`
  return { redirectUri, arrived }
}

async function authorize(redirectUri: string) {
  const checks = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
  }
  const url = new URL(as.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    ...{ client_id: client.client_id, redirect_uri: redirectUri, response_type: 'code' },
    ...{ scope: 'openid profile items:read', state: checks.state, nonce: checks.nonce },
    code_challenge: await oauth.calculatePKCECodeChallenge(checks.verifier),
    code_challenge_method: 'S256',
  }).toString()
  return { ...checks, url }
}

for (const host of ['127.0.0.1', '::1']) {
  test(`a program that listens on ${host} gets a code on a port that nobody registered (OP-95)`, async (t) => {
    const { redirectUri, arrived } = await listen(t, host)
    const { url, state, nonce, verifier } = await authorize(redirectUri)
    const arrival = await logIn(server.browser(), url)
    await (await fetch(arrival.url)).text()
    const parameters = oauth.validateAuthResponse(as, client, await arrived, state)
    const answer = await oauth.authorizationCodeGrantRequest(
      ...([as, client, oauth.None(), parameters, redirectUri, verifier, http] as const),
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, {
      ...{ expectedNonce: nonce, requireIdToken: true },
    })
    // The signature as well, which is not asked for where the token came by TLS.
    await oauth.validateApplicationLevelSignature(as, answer, http)
    const claims = oauth.getValidatedIdTokenClaims(tokens) ?? assert.fail('no ID token')

    const about = await oauth.processUserInfoResponse(
      ...([as, client, claims.sub] as const),
      await oauth.userInfoRequest(as, client, tokens.access_token, http),
    )
    assert.equal(about.preferred_username, 'alice')
    assert.deepEqual(tokens.scope?.split(' ').sort(), ['items:read', 'openid', 'profile'])

    const refreshed = await oauth.processRefreshTokenResponse(
      ...([as, client] as const),
      await oauth.refreshTokenGrantRequest(
        ...([as, client, oauth.None(), tokens.refresh_token ?? '', http] as const),
      ),
    )
    assert.equal(oauth.getValidatedIdTokenClaims(refreshed)?.sub, claims.sub)
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(
        ...([as, client, oauth.None(), refreshed.refresh_token ?? '', http] as const),
      ),
    )
  })
}

test('an access token of the login is one of RFC 9068 for an API with the same library (OP-95)', async () => {
  const redirectUri = 'http://127.0.0.1:1/callback'
  const { url, state, nonce, verifier } = await authorize(redirectUri)
  const arrival = await logIn(server.browser(), url)
  const parameters = oauth.validateAuthResponse(as, client, arrival.url, state)
  const tokens = await oauth.processAuthorizationCodeResponse(
    ...([as, client] as const),
    await oauth.authorizationCodeGrantRequest(
      ...([as, client, oauth.None(), parameters, redirectUri, verifier, http] as const),
    ),
    { expectedNonce: nonce },
  )
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const claims = await oauth.validateJwtAccessToken(
    ...([as, new Request('https://api.example.com/items', { headers })] as const),
    ...([server.auth.audience, http] as const),
  )
  assert.equal(claims.client_id, 'native')
})
