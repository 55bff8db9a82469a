// What ID tokens say, to whom, and that nothing else passes for one.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { decodeProtectedHeader, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { internals } from '../../../src/core/internals.ts'
import { publicationLead } from '../../../src/core/keys/lifecycle.ts'
import type { SigningAlgorithm } from '../../../src/core/keys/signing-key.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestClock } from '../../fixtures.ts'
import {
  callbackOf,
  claimsIn,
  createRelyingParty,
  issuer,
  type RelyingParty,
  verifier,
} from './relying-party.ts'

let party: RelyingParty

before(async () => {
  party = await createRelyingParty()
})
after(async () => await party.auth.close())

test('an ID token says who logged in, when, how and in which session, and no more (OP-32)', async () => {
  const browser = await party.browser()
  party.clock.advance(5)
  const scopes = ['openid', 'profile', 'email']
  const tokens = await party.tokens({ browser, scopes, nonce: 'n-0S6_WzA2Mj' })
  const idToken = String(tokens.id_token)
  const access = claimsIn(tokens.access_token)
  const hash = createHash('sha256').update(tokens.access_token).digest()
  assert.deepEqual(claimsIn(idToken), {
    iss: issuer,
    sub: browser.user.id,
    aud: 'spa',
    exp: party.clock() + 600,
    iat: party.clock(),
    auth_time: party.clock() - 5,
    acr: '1fa',
    amr: ['pwd'],
    sid: access.sid,
    at_hash: hash.subarray(0, 16).toString('base64url'),
    nonce: 'n-0S6_WzA2Mj',
  })
  const { current } = party.auth[internals].keys
  assert.deepEqual(decodeProtectedHeader(idToken), { alg: 'ES256', typ: 'JWT', kid: current.id })
  assert.notEqual(access.sid, browser.session.id)
})

test('a nonce comes back unchanged, and none is no claim (OP-34)', async () => {
  for (const nonce of ['n'.repeat(43), 'é"\\ \u2028'.repeat(100), 'x'.repeat(512)]) {
    const { id_token } = await party.tokens({ nonce })
    assert.equal(claimsIn(String(id_token)).nonce, nonce)
  }
  assert.ok(!('nonce' in claimsIn(String((await party.tokens()).id_token))))
})

test('without the scope openid there is no ID token', async () => {
  const tokens = await party.tokens({ scopes: ['items:read'] })
  assert.deepEqual([tokens.id_token, tokens.scope], [undefined, 'items:read'])
})

/** A token with the claims of an ID token, signed by our key, but of another type. */
async function signedAs(typ: string, claims: object): Promise<string> {
  const { current } = party.auth[internals].keys
  return await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: current.algorithm, kid: current.id, typ })
    .sign(current.signWith)
}

test('an ID token or a logout token is no access token, and an access token no hint (OP-33)', async () => {
  const { access_token, id_token, refresh_token } = await party.tokens()
  const idToken = String(id_token)
  const everything = { ...claimsIn(access_token), ...claimsIn(idToken), aud: issuer }
  const logoutToken = await signedAs('logout+jwt', everything)
  const guards = createGuards(party.auth)
  for (const token of [idToken, logoutToken, await signedAs('JWT', everything)]) {
    const headers = { authorization: `Bearer ${token}` }
    for (const guard of [
      ...[guards.accessToken, guards.activeUser, guards.userEvenIfInactive],
      ...[guards.currentClient, guards.currentCaller, guards.requireRecentLogin()],
      ...[guards.requirePermission('items:read'), guards.requireRole('admin')],
    ]) {
      await assert.rejects(async () => await guard({ headers }), { statusCode: 401 })
    }
    assert.equal((await party.userinfo(token)).status, 401)
  }
  const { idTokens } = party.authorization
  assert.equal((await idTokens?.readHint(idToken))?.aud, 'spa')
  for (const text of [access_token, logoutToken, String(refresh_token), '', 'a.b.c']) {
    assert.equal(await idTokens?.readHint(text), null)
  }
})

test('a hint is read after it has expired, and only if it is ours', async () => {
  const { idTokens } = party.authorization
  const { id_token } = await party.tokens({ client: 'web' })
  const hint = String(id_token)
  const { sub, aud, sid } = claimsIn(hint)
  party.clock.advance(3600)
  assert.deepEqual(await idTokens?.readHint(hint), { sub, aud, sid })

  const [header, payload, signature = ''] = hint.split('.')
  const none = Buffer.from(
    JSON.stringify({ ...decodeProtectedHeader(hint), alg: 'none' }),
  ).toString('base64url')
  const changed = Buffer.from(JSON.stringify({ ...claimsIn(hint), sub: 'other' })).toString(
    'base64url',
  )
  const elsewhere = await signedAs('JWT', { ...claimsIn(hint), iss: 'https://evil.example.com' })
  for (const forged of [
    `${header}.${changed}.${signature}`,
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    `${hint}=`,
    elsewhere,
    await signedAs('JWT', { ...claimsIn(hint), aud: ['web', 'spa'] }),
  ]) {
    assert.equal(await idTokens?.readHint(forged), null)
  }
})

test('with a secret key there is no openid: the code flow works without it (OP-35)', async () => {
  const secret = await createRelyingParty({ secretKey: '9d2f6c1b8e5a4073b6c9d8e7f1a2035c' })
  const { body } = await secret.send('GET', '/.well-known/oauth-authorization-server')
  assert.ok(!(body.scopes_supported as string[]).includes('openid'))
  for (const member of ['userinfo_endpoint', 'id_token_signing_alg_values_supported']) {
    assert.equal(body[member], undefined)
  }
  for (const path of ['/.well-known/openid-configuration', '/auth/userinfo']) {
    await assert.rejects(secret.send('GET', path), /nothing answers/)
  }
  assert.equal(secret.authorization.scopes.has('openid'), false)
  const tokens = await secret.tokens({ scopes: ['items:read'] })
  const refreshed = await secret.refresh('spa', String(tokens.refresh_token), { scope: 'openid' })
  assert.equal(refreshed.body.error, 'invalid_scope')
  await secret.auth.close()
})

/** The option by which the client asks the endpoints without a network. */
function toUs<Options>(relying: RelyingParty): Options {
  const ask = async (url: string, init: object): Promise<Response> =>
    (await relying.endpoints(new Request(url, init), undefined)) ?? Response.error()
  return { [oauth.customFetch]: ask } as Options
}

interface SignedIn {
  /** The algorithm of the ID token. */
  readonly alg: unknown
  readonly advertised: readonly string[] | undefined
}

/** A client of another house gets tokens and verifies them, strictly. */
async function signInWithOauth4webapi(relying: RelyingParty): Promise<SignedIn> {
  const url = new URL(issuer)
  const options = toUs<oauth.DiscoveryRequestOptions>(relying)
  const server = await oauth.processDiscoveryResponse(
    url,
    await oauth.discoveryRequest(url, options),
  )
  const client: oauth.Client = {
    client_id: 'spa',
    [oauth.clockSkew]: relying.clock() - Math.floor(Date.now() / 1000),
    ...(server.id_token_signing_alg_values_supported?.length === 1 && {
      id_token_signed_response_alg: String(server.id_token_signing_alg_values_supported[0]),
    }),
  }
  const code = await relying.code({ nonce: 'nonce', scopes: ['openid', 'email'] })
  const back = new URL(`${callbackOf('spa')}?${new URLSearchParams({ code, iss: issuer })}`)
  const answer = await oauth.authorizationCodeGrantRequest(
    ...([server, client, oauth.None()] as const),
    oauth.validateAuthResponse(server, client, back, oauth.expectNoState),
    ...([callbackOf('spa'), verifier, toUs<oauth.TokenEndpointRequestOptions>(relying)] as const),
  )
  const result = await oauth.processAuthorizationCodeResponse(server, client, answer, {
    ...{ expectedNonce: 'nonce', requireIdToken: true, maxAge: 1000 },
  })
  await oauth.validateApplicationLevelSignature(
    server,
    answer,
    toUs<oauth.ValidateSignatureOptions>(relying),
  )
  const { sub = '' } = oauth.getValidatedIdTokenClaims(result) ?? {}
  const userinfo = await oauth.userInfoRequest(
    ...([server, client, result.access_token] as const),
    toUs<oauth.UserInfoRequestOptions>(relying),
  )
  const { email } = await oauth.processUserInfoResponse(server, client, sub, userinfo)
  assert.equal(email, 'alice@example.com')
  const advertised = server.id_token_signing_alg_values_supported
  const { alg } = decodeProtectedHeader(String(result.id_token))
  const hash = createHash(alg === 'EdDSA' ? 'sha512' : 'sha256').update(result.access_token)
  const { at_hash } = claimsIn(String(result.id_token))
  assert.equal(
    at_hash,
    hash
      .digest()
      .subarray(0, alg === 'EdDSA' ? 32 : 16)
      .toString('base64url'),
  )
  return { alg, advertised }
}

const algorithms: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA']

for (const [index, signingAlgorithm] of algorithms.entries()) {
  const next = algorithms[(index + 1) % algorithms.length] as SigningAlgorithm
  test(`a strict client verifies ${signingAlgorithm}, and ${next} after a rotation, as advertised (OP-15, OP-36)`, async () => {
    const [store, clock] = [memory(), createTestClock()]
    const first = await createRelyingParty({ store, clock, signingAlgorithm })
    assert.deepEqual(await signInWithOauth4webapi(first), {
      ...{ alg: signingAlgorithm, advertised: [signingAlgorithm] },
    })
    const second = await createRelyingParty({ store, clock, signingAlgorithm: next })
    await second.auth.managedKeys?.maintain()
    const soon = { alg: signingAlgorithm, advertised: [signingAlgorithm, next] }
    assert.deepEqual(await signInWithOauth4webapi(second), soon)
    clock.advance(publicationLead)
    for (const party of [first, second]) {
      assert.deepEqual(await signInWithOauth4webapi(party), { alg: next, advertised: [next] })
    }
  })
}
