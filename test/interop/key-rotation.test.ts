// Clients that other people have written, as they run on while the signing key is replaced: each with what it has
// kept of the server's keys.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { publicationLead } from '../../src/core/keys/lifecycle.ts'
import {
  callback,
  clientSecret,
  type LoginServer,
  logIn,
  startLoginServer,
} from './login-server.ts'

const clients = [
  { id: 'web', name: 'Web', secret: clientSecret, redirectUris: [callback], firstParty: true },
  { id: 'spa', name: 'Page', redirectUris: [callback], firstParty: true },
]

/** Logs in, and verifies the signature of the ID token. Returns the key that has made it. */
type Login = () => Promise<string | undefined>

const keyOf = (idToken = ''): string | undefined => decodeProtectedHeader(idToken).kid

/** One configuration for all its logins, as a web application has it. */
async function openidClient(server: LoginServer): Promise<Login> {
  const options = { execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks] }
  const method = openid.ClientSecretBasic(clientSecret)
  const configuration = await openid.discovery(
    ...([new URL(server.issuer), 'web', clientSecret, method, options] as const),
  )
  return async () => {
    const pkceCodeVerifier = openid.randomPKCECodeVerifier()
    const url = openid.buildAuthorizationUrl(configuration, {
      ...{ redirect_uri: callback, scope: 'openid', code_challenge_method: 'S256' },
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    })
    const arrival = await logIn(server.browser(), url)
    const checks = { pkceCodeVerifier, idTokenExpected: true }
    const tokens = await openid.authorizationCodeGrant(configuration, arrival.url, checks)
    assert.ok(tokens.claims()?.sub)
    return keyOf(tokens.id_token)
  }
}

/** A public client that keeps the JWK Set from one login to the next. */
async function oauth4webapi(server: LoginServer): Promise<Login> {
  const cache: oauth.JWKSCacheInput = {}
  const http = { [oauth.allowInsecureRequests]: true, [oauth.jwksCache]: cache }
  const issuer = new URL(server.issuer)
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, http),
  )
  const client: oauth.Client = { client_id: 'spa' }
  return async () => {
    const verifier = oauth.generateRandomCodeVerifier()
    const url = new URL(as.authorization_endpoint ?? '')
    url.search = new URLSearchParams({
      ...{ client_id: 'spa', redirect_uri: callback, response_type: 'code', scope: 'openid' },
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString()
    const arrival = await logIn(server.browser(), url)
    const parameters = oauth.validateAuthResponse(as, client, arrival.url, oauth.expectNoState)
    const answer = await oauth.authorizationCodeGrantRequest(
      ...([as, client, oauth.None(), parameters, callback, verifier, http] as const),
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, {
      requireIdToken: true,
    })
    await oauth.validateApplicationLevelSignature(as, answer, http)
    return keyOf(tokens.id_token)
  }
}

for (const [name, open] of Object.entries({ 'openid-client': openidClient, oauth4webapi })) {
  test(`${name} goes on across rotations of the signing key, by what it has kept (OP-36)`, async (t) => {
    // The clock of everybody: the server's and the client's.
    let now = Date.now()
    t.mock.timers.enable({ apis: ['Date'], now })
    const advance = (seconds: number): void => {
      now += seconds * 1000
      t.mock.timers.setTime(now)
    }
    const server = await startLoginServer(clients)
    t.after(() => server.close())
    const { managedKeys } = server.auth
    const login = await open(server)
    const first = await login()
    assert.ok(first)
    const next = await managedKeys?.rotate()
    assert.notEqual(next?.id, first)
    advance(publicationLead / 2)
    assert.equal(await login(), first)
    advance(publicationLead / 2)
    assert.equal(await login(), next?.id)
    // At once: the client knows nothing of this key, and asks again when its set is a minute old.
    const last = await managedKeys?.rotate({ atOnce: true })
    advance(60)
    assert.equal(await login(), last?.id)
    assert.equal(new Set([first, next?.id, last?.id]).size, 3)
    assert.equal(await (await open(server))(), last?.id)
  })
}
