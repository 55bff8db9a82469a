// The ready server with another issuer beside its own login.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { keycloak } from '../../src/issuers/keycloak.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, createTestClock, goodPassword } from '../fixtures.ts'
import {
  makeKey,
  type ProviderKey,
  sign,
  startProvider,
  type TestProvider,
} from '../issuers/provider.ts'
import { assertProblem, recentToken, sendForm } from './fixtures.ts'

const clock = createTestClock()
let provider: TestProvider
let key: ProviderKey
let auth: Auth
let app: FastifyInstance
let admin = ''

before(async () => {
  provider = await startProvider()
  key = await makeKey('k1')
  provider.publish([key])
})
after(() => provider.close())

beforeEach(async () => {
  auth = await createTestAuth({
    clock,
    issuers: [
      keycloak({
        issuer: provider.origin,
        audience: 'api',
        users: 'link',
        name: 'Staff SSO',
        allowInsecureLoopback: true,
      }),
      keycloak({
        issuer: `${provider.origin}/realms/robots`,
        audience: 'api',
        roles: { boss: 'admin' },
        jwksUri: `${provider.origin}/jwks`,
        name: 'Staff SSO',
        allowInsecureLoopback: true,
      }),
    ],
  })
  app = await buildApp({ auth })
  const { id } = await auth.users.create({
    username: 'root',
    password: goodPassword,
    role: 'admin',
  })
  admin = await recentToken(auth, id)
})
afterEach(async () => {
  await app.close()
  await auth.close()
})

const theirs = (changes: object = {}): Promise<string> =>
  sign(key, {
    iss: provider.origin,
    sub: 'subject-1',
    aud: 'api',
    typ: 'Bearer',
    azp: 'web',
    sid: 'a session of theirs',
    iat: clock(),
    exp: clock() + 300,
    preferred_username: 'alice',
    ...changes,
  })

async function call(
  token: string,
  url: string,
  options: InjectOptions = {},
): Promise<LightMyRequestResponse> {
  return await app.inject({ url, headers: { authorization: `Bearer ${token}` }, ...options })
}

test('an administrator links an identity, and it is that user from then on', async () => {
  const { id } = await auth.users.create({ username: 'alice', password: null })
  const path = `/admin/users/${id}/identities`
  const identity = { issuer: provider.origin, subject: 'subject-1' }
  const token = await theirs()
  assertProblem(await call(token, '/me'), 403, 'This identity may not use this service')

  const linked = await call(admin, path, { method: 'POST', payload: identity })
  assert.equal(linked.statusCode, 201, linked.body)
  assert.deepEqual(linked.json(), { ...identity, created_at: clock() })
  assert.deepEqual((await call(admin, path)).json(), {
    identities: [{ ...identity, created_at: clock() }],
  })
  const me = await call(token, '/me')
  assert.equal(me.statusCode, 200, me.body)
  assert.equal(me.json().id, id)
  assert.equal(
    me.json().scope,
    '',
    'what the guards grant a member, and not that the token narrows nothing',
  )
  assertProblem(
    await call(admin, path, { method: 'POST', payload: identity }),
    409,
    /linked to a user already/,
  )

  const query = new URLSearchParams(identity)
  const ended = await call(admin, `${path}?${query}`, { method: 'DELETE' })
  assert.equal(ended.statusCode, 204, ended.body)
  assertProblem(await call(token, '/me'), 403)
  assertProblem(await call(admin, `${path}?${query}`, { method: 'DELETE' }), 404)
})

test('what cannot be linked is refused, and only administrators link', async () => {
  const { id } = await auth.users.create({ username: 'alice', password: null })
  const path = `/admin/users/${id}/identities`
  const post = (payload: object, token = admin, url = path) =>
    call(token, url, { method: 'POST', payload })
  const subject = 'subject-1'
  assertProblem(await post({ issuer: `${provider.origin}/`, subject }), 422, /must be, exactly/)
  // Users who are made of tokens are in no store.
  const robots = `${provider.origin}/realms/robots`
  assertProblem(await post({ issuer: robots, subject }), 422, /must be, exactly/)
  assertProblem(await post({ issuer: provider.origin, subject: '' }), 422, /1 to 255/)
  assertProblem(await post({ issuer: provider.origin }), 400)
  const issuer = provider.origin
  assertProblem(await post({ issuer, subject }, admin, '/admin/users/x/identities'), 404)
  assertProblem(await call(admin, '/admin/users/x/identities'), 404)
  const token = String(await createAccessToken(auth, id))
  assertProblem(await post({ issuer, subject }, token), 403)
  assertProblem(await call(token, path), 403)
  const narrow = await createAccessToken(
    auth,
    (await auth.users.findByUsername('root'))?.id ?? '',
    ['users:read'],
  )
  assertProblem(await post({ issuer, subject }, String(narrow)), 403)
})

test('an administrator of theirs administers, and is nobody to change', async () => {
  const token = await theirs({
    iss: `${provider.origin}/realms/robots`,
    realm_access: { roles: ['boss'] },
  })
  const stats = await call(token, '/admin/stats')
  assert.equal(stats.statusCode, 200, stats.body)
  assert.equal(stats.json().requested_by, 'alice')
  const me = await call(token, '/me')
  assert.deepEqual(
    [me.json().id, me.json().role, me.json().scope],
    [`${provider.origin}/realms/robots|subject-1`, 'admin', '*'],
  )
  assert.deepEqual((await call(token, '/me/sessions')).json(), { sessions: [] })
  assertProblem(await call(token, '/me/sessions', { method: 'DELETE' }), 404)
  const payload = { old_password: goodPassword, new_password: goodPassword }
  assertProblem(await call(token, '/me/password', { method: 'PUT', payload }), 404)
})

test('their token ends no session of ours, whatever session it names', async () => {
  const login = await sendForm(app, '/auth/token', { username: 'root', password: goodPassword })
  const { access_token } = login.json()
  const [session] = (await call(access_token, '/me/sessions')).json().sessions
  const token = await theirs({ sid: session.id, sub: 'x' })
  assert.equal((await sendForm(app, '/auth/revoke', { token })).statusCode, 200)
  assert.equal((await call(access_token, '/me')).statusCode, 200)
})

test('the documentation offers each issuer as another way to log in', async () => {
  const { components, paths } = (await app.inject({ url: '/openapi.json' })).json()
  const { OAuth2PasswordBearer, ...others } = components.securitySchemes
  assert.equal(OAuth2PasswordBearer.type, 'oauth2')
  assert.deepEqual(others, {
    'Staff-SSO': {
      type: 'openIdConnect',
      description: `Log in at ${provider.origin}.`,
      openIdConnectUrl: `${provider.origin}/.well-known/openid-configuration`,
    },
    'Staff-SSO2': {
      type: 'openIdConnect',
      description: `Log in at ${provider.origin}/realms/robots.`,
      openIdConnectUrl: `${provider.origin}/realms/robots/.well-known/openid-configuration`,
    },
  })
  // Any one of them will do, and scopes are ours.
  assert.deepEqual(paths['/admin/stats'].get.security, [
    { OAuth2PasswordBearer: ['stats:read'] },
    { 'Staff-SSO': [] },
    { 'Staff-SSO2': [] },
  ])
  const page = await app.inject({ url: '/docs/' })
  assert.match(
    String(page.headers['content-security-policy']),
    new RegExp(`connect-src 'self' ${provider.origin};`),
  )
})

test('nothing is fetched for the documentation, nor before a token needs it', async () => {
  provider.requests.length = 0
  await app.inject({ url: '/openapi.json' })
  await app.inject({ url: '/docs/' })
  assert.deepEqual(provider.requests, [])
  assert.deepEqual(
    auth.issuers.status().map(({ name, keys, fetches }) => [name, keys, fetches]),
    [
      ['Staff SSO', 0, 0],
      ['Staff SSO', 0, 0],
    ],
  )
})
