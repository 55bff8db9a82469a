// What the metadata promise, where they are, and that each promise is kept.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { createTestAuth } from '../../fixtures.ts'
import {
  authenticationOf,
  claimsIn,
  clientSecret,
  createRelyingParty,
  flowClients,
  issuer,
  type RelyingParty,
  verifier,
} from './relying-party.ts'

const rfc8414 = '/.well-known/oauth-authorization-server'
const openid = '/.well-known/openid-configuration'

let party: RelyingParty
let metadata: Readonly<Record<string, unknown>>

before(async () => {
  party = await createRelyingParty()
  metadata = (await party.send('GET', openid)).body
})
after(async () => await party.auth.close())

test('both documents are one, with the members whose absence would say something else (OP-37)', async () => {
  assert.deepEqual((await party.send('GET', rfc8414)).body, metadata)
  assert.deepEqual(metadata, {
    issuer,
    authorization_endpoint: `${issuer}/auth/authorize`,
    token_endpoint: `${issuer}/auth/token`,
    revocation_endpoint: `${issuer}/auth/revoke`,
    introspection_endpoint: `${issuer}/auth/introspect`,
    userinfo_endpoint: `${issuer}/auth/userinfo`,
    end_session_endpoint: `${issuer}/auth/logout`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: [
      ...['password', 'refresh_token', 'client_credentials', 'authorization_code'],
    ],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    revocation_endpoint_auth_methods_supported: [
      ...['none', 'client_secret_basic', 'client_secret_post'],
    ],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    scopes_supported: [
      ...['openid', 'profile', 'email', 'offline_access', 'items:read', 'items:write'],
    ],
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    ui_locales_supported: ['en', 'de'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    claims_supported: [
      ...['sub', 'preferred_username', 'email', 'email_verified'],
      ...['iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid', 'at_hash'],
    ],
  })
})

test('every grant that is advertised is one, and no other (OP-37)', async () => {
  const known = metadata.grant_types_supported as readonly string[]
  const others = ['implicit', 'urn:ietf:params:oauth:grant-type:device_code', 'toString']
  for (const grant_type of [...known, ...others]) {
    const { body } = await party.send('POST', '/auth/token', { form: { grant_type } })
    assert.equal(body.error !== 'unsupported_grant_type', known.includes(grant_type), grant_type)
  }
})

test('every way to authenticate that is advertised works with a code, and no other (OP-37)', async () => {
  const basic = `Basic ${Buffer.from(`web:${clientSecret}`).toString('base64')}`
  const form = async (client: string) => ({
    grant_type: 'authorization_code',
    code: await party.code({ client }),
    redirect_uri: `https://${client}.example.com/callback`,
    code_verifier: verifier,
  })
  const ask = async (more: object, headers: Record<string, string> = {}, client = 'web') =>
    (
      await party.send('POST', '/auth/token', {
        form: { ...(await form(client)), ...more },
        headers,
      })
    ).status
  const statuses = {
    none: await ask({ client_id: 'spa' }, {}, 'spa'),
    client_secret_basic: await ask({}, { authorization: basic }),
    client_secret_post: await ask(authenticationOf('web')),
    private_key_jwt: await ask({ client_id: 'web', client_assertion: 'a.b.c' }),
  }
  const working = Object.entries(statuses).filter(([, status]) => status === 200)
  assert.deepEqual(
    working.map(([name]) => name),
    metadata.token_endpoint_auth_methods_supported,
  )
})

test('every scope of OpenID Connect that is advertised is granted, and every claim is had (OP-37)', async () => {
  const scopes = ['openid', 'profile', 'email', 'offline_access']
  const tokens = await party.tokens({ scopes, nonce: 'n' })
  assert.equal(tokens.scope, scopes.join(' '))
  const { body } = await party.userinfo(tokens.access_token)
  const had = [...Object.keys(body), ...Object.keys(claimsIn(String(tokens.id_token)))]
  assert.deepEqual(new Set(had), new Set(metadata.claims_supported as readonly string[]))
})

test('an issuer with a path is found at all three places, and at a proxy that cuts it off (OP-37)', async () => {
  const tenant = await createRelyingParty({ issuer: 'https://auth.example.com/t1' })
  const found = await Promise.all(
    // The last is what the proxy asks for where a client asks for /t1/.well-known/openid-configuration.
    [`${rfc8414}/t1`, `${openid}/t1`, openid].map(async (path) => {
      return (await tenant.send('GET', path)).body
    }),
  )
  for (const each of found) {
    assert.equal(each.issuer, 'https://auth.example.com/t1')
    assert.deepEqual(each, found[0])
  }
  for (const [name, path] of Object.entries({
    authorization_endpoint: '/auth/authorize',
    userinfo_endpoint: '/auth/userinfo',
    token_endpoint: '/auth/token',
    end_session_endpoint: '/auth/logout',
  })) {
    assert.equal(found[0]?.[name], `https://auth.example.com/t1${path}`)
  }
  await tenant.auth.close()
})

test('with a prefix that the issuer has, everything is below it; with another, below the issuer (OP-37)', async () => {
  for (const [path, at] of [
    ['/api', '/api'],
    ['', ''],
  ] as const) {
    const { auth, tokens } = await createRelyingParty({ issuer: `${issuer}${path}` })
    const endpoints = oauthEndpoints(auth, { prefix: '/api' })
    const get = async (url: string, headers: Record<string, string> = {}) =>
      await endpoints(new Request(url, { headers }), undefined)
    const document = await get(`${issuer}${at}${openid}`)
    const { userinfo_endpoint, token_endpoint } = JSON.parse(String(await document?.text()))
    assert.equal(userinfo_endpoint, `${issuer}${at}/auth/userinfo`)
    assert.equal(token_endpoint, `${issuer}/api/auth/token`)
    const { access_token } = await tokens()
    const told = await get(userinfo_endpoint, { authorization: `Bearer ${access_token}` })
    assert.equal(told?.status, 200)
    assert.equal((await get(`${issuer}${openid}${path}`))?.status, 200)
    await auth.close()
  }
})

test('without a login by browser nothing of it is there, nor promised (OP-98)', async () => {
  const clients = flowClients
  const auth = await createTestAuth({ issuer, clients })
  const endpoints = oauthEndpoints(auth)
  const ask = async (method: string, path: string, more: RequestInit = {}) =>
    await endpoints(new Request(issuer + path, { method, ...more }), undefined)
  for (const path of [openid, '/auth/userinfo', '/auth/authorize']) {
    assert.equal(await ask('GET', path), null)
  }
  const headers = { origin: 'https://spa.example.com' }
  assert.equal(await ask('OPTIONS', '/auth/token', { headers }), null)
  const document = await ask('GET', rfc8414, { headers })
  assert.equal(document?.headers.get('access-control-allow-origin'), null)
  assert.deepEqual(JSON.parse(String(await document?.text())), {
    ...Object.fromEntries(
      Object.entries(metadata).filter(([name]) =>
        /^(issuer|jwks_uri)$|^(token|revocation|introspection)_endpoint/.test(name),
      ),
    ),
    response_types_supported: ['none'],
    grant_types_supported: ['password', 'refresh_token', 'client_credentials'],
    scopes_supported: ['items:read'],
  })
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: 'x',
    client_id: 'spa',
  })
  const answer = await ask('POST', '/auth/token', { body })
  const { error, error_description } = JSON.parse(String(await answer?.text()))
  assert.equal(error, 'unsupported_grant_type')
  assert.ok(!error_description.includes('authorization_code'))
  await auth.close()
})
