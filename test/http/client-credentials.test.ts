// The client credentials grant (RFC 6749 §4.4): what a registered client does for itself.

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import type { Auth } from '../../src/core/auth.ts'
import { createIntrospectionEndpoint } from '../../src/http/endpoints/introspection.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth } from '../fixtures.ts'
import {
  assertError,
  basic,
  clients,
  createTestClients,
  nobody,
  plainSecret,
  post,
  type TestClients,
  type Tokens,
} from './clients.ts'

const secretKey = 'o4Vh0Yk2bq7Zt1LxN8sWcE5rJ3uGmPdA'
const jobs = {
  id: 'jobs',
  secret: plainSecret,
  grants: ['client_credentials'],
  scopes: ['items:read', 'items:write'],
}
const bare = { id: 'bare', secret: plainSecret, grants: ['client_credentials'] }

let made: TestClients

beforeEach(async () => {
  made = await createTestClients({ clients: [...clients, jobs, bare] })
})

const ask = (caller = basic('jobs', plainSecret), scope = '') =>
  made.token(caller, { grant_type: 'client_credentials', scope })

async function tokenOf(caller = basic('jobs', plainSecret), scope = ''): Promise<string> {
  const { status, body } = await ask(caller, scope)
  assert.equal(status, 200, JSON.stringify(body))
  return (body as Tokens).access_token
}

async function inspect(token: string): Promise<object | undefined> {
  return (await made.introspect(basic('api', plainSecret), { token })).body
}

/** Asks another process. */
async function inspectBy(auth: Auth, token: string): Promise<object | undefined> {
  const answer = await createIntrospectionEndpoint(auth)({
    contentType: 'application/x-www-form-urlencoded',
    authorization: basic('api', plainSecret).authorization,
    body: Buffer.from(new URLSearchParams({ token }).toString()),
  })
  return answer.body
}

describe('a confidential client with the grant', () => {
  for (const [way, caller] of [
    ['by HTTP Basic', basic('jobs', plainSecret)],
    ['by the form', post('jobs', plainSecret)],
  ] as const) {
    test(`gets a token for itself, and no refresh token, ${way} (RFC 6749 §4.4.3)`, async () => {
      const { body, headers } = await ask(caller)
      assert.deepEqual(body, {
        access_token: (body as Tokens).access_token,
        token_type: 'bearer',
        expires_in: 900,
        scope: 'items:read items:write',
      })
      assert.equal(headers['cache-control'], 'no-store')
    })
  }

  test('its token says whose it is, and is like every other (JW-11)', async () => {
    const token = await tokenOf()
    assert.equal(decodeProtectedHeader(token).typ, 'at+jwt')
    const { jti, client_stamp, ...claims } = decodeJwt(token)
    const now = made.clock()
    assert.deepEqual(claims, {
      iss: made.auth.issuer,
      aud: made.auth.audience,
      sub: 'jobs',
      client_id: 'jobs',
      scope: 'items:read items:write',
      iat: now,
      exp: now + 900,
    })
    assert.deepEqual([typeof jti, typeof client_stamp], ['string', 'string'])
    assert.ok(!token.includes(plainSecret))
  })

  test('gets what it asks for of its scopes, and nothing else (AZ-06)', async () => {
    const scopeOf = async (scope: string) => ((await ask(undefined, scope)).body as Tokens).scope
    assert.equal(await scopeOf('items:read'), 'items:read')
    assert.equal(await scopeOf('items:read stats:read'), 'items:read')
    assert.equal(await scopeOf('*'), 'items:read items:write')
    for (const scope of ['stats:read', 'items:', 'items:read"']) {
      assertError(await ask(undefined, scope), 400, 'invalid_scope')
    }
  })

  test('gets no scope if it is registered with none: that is not "all" (AZ-06)', async () => {
    const caller = basic('bare', plainSecret)
    assert.equal(decodeJwt(await tokenOf(caller)).scope, '')
    assert.equal(decodeJwt(await tokenOf(caller, '*')).scope, '')
    assertError(await ask(caller, 'items:read'), 400, 'invalid_scope')
  })

  test('gets nothing for a "*" that somebody wrote into the database (AZ-06)', async () => {
    const store = memory()
    made = await createTestClients({ store, clients: [] })
    const secret = await made.auth.clients.register({ ...bare, confidential: true })
    const record = await store.clients.find('bare')
    assert.ok(record)
    await store.clients.remove('bare')
    await store.clients.create({ ...record, scopes: ['*', 'items:read'] })
    assert.equal(decodeJwt(await tokenOf(basic('bare', secret))).scope, 'items:read')
  })
})

test('who may not use the grant is told the code of RFC 6749 §5.2 (PC-06, PC-11)', async () => {
  assertError(await ask(nobody), 401, 'invalid_client')
  assertError(await ask(post('spa')), 401, 'invalid_client')
  assertError(await ask(post('jobs')), 401, 'invalid_client')
  assertError(await ask(basic('jobs', 'wrong')), 401, 'invalid_client')
  assertError(await ask(basic('nobody', plainSecret)), 401, 'invalid_client')
  assertError(await ask(basic('app', plainSecret)), 400, 'unauthorized_client')
  assertError(await ask(basic('api', plainSecret)), 400, 'unauthorized_client')
})

test('without a registration nobody has the grant (PC-11)', async () => {
  made = await createTestClients({ clients: [] })
  for (const caller of [nobody, basic('jobs', plainSecret), basic('first-party', plainSecret)]) {
    assertError(await ask(caller), 401, 'invalid_client')
  }
})

test('a client may have the grant and log users in, each with its own token', async () => {
  const both = { ...jobs, id: 'both', grants: ['password', 'client_credentials'] }
  made = await createTestClients({ clients: [both] })
  const caller = basic('both', plainSecret)
  const { access_token } = await made.login(caller, 'editor')
  assert.notEqual(decodeJwt(access_token).sub, 'both')
  assert.equal(decodeJwt(access_token).client_stamp, undefined)
  assert.equal(decodeJwt(await tokenOf(caller)).sub, 'both')
})

for (const [what, change, scope] of [
  ['a scope', { scopes: ['items:write'] }, 'items:write'],
  ['its list of scopes', { scopes: null }, ''],
  ['the grant', { grants: ['password'] }, undefined],
] as const) {
  test(`its token has what is left when it loses ${what}, from the next request on (AZ-06)`, async () => {
    const api = clients.filter(({ id }) => id === 'api')
    made = await createTestClients({ store: memory(), clients: api })
    const { secret: _, ...stored } = jobs
    const secret = await made.auth.clients.register({ ...stored, confidential: true })
    const token = await tokenOf(basic('jobs', secret))
    await made.auth.clients.update('jobs', change)
    const { active, scope: left } = (await inspect(token)) as { active: boolean; scope?: string }
    assert.deepEqual([active, left], [scope !== undefined, scope])
  })
}

describe('introspection of such a token', () => {
  test('tells the client, and no user (RFC 7662 §2.2)', async () => {
    const token = await tokenOf()
    const { jti, iat, exp } = decodeJwt(token)
    assert.deepEqual(await inspect(token), {
      active: true,
      client_id: 'jobs',
      token_type: 'bearer',
      exp,
      iat,
      sub: 'jobs',
      aud: made.auth.audience,
      iss: made.auth.issuer,
      jti,
      scope: 'items:read items:write',
    })
  })

  // Processes on one store, with the configuration of before and of after.
  const changes: readonly (readonly [string, readonly object[], object])[] = [
    ['ends with the client', [], { active: false }],
    ['ends with the grant', [{ ...jobs, grants: [] }], { active: false }],
    ['ends with the secret', [{ ...jobs, secret: `${plainSecret}a` }], { active: false }],
    ['narrows with the scopes', [{ ...jobs, scopes: ['items:read'] }], { scope: 'items:read' }],
    ['has nothing when no scope is left', [{ ...jobs, scopes: [] }], { scope: '' }],
  ]
  for (const [title, then, expected] of changes) {
    test(`${title}, at once (RI-07)`, async () => {
      const store = memory()
      made = await createTestClients({ store, secretKey, clients: [jobs] })
      const token = await tokenOf()
      const { clock } = made
      const api = { id: 'api', secret: plainSecret, grants: [] }
      const auth = await createTestAuth({
        store,
        secretKey,
        clock,
        clients: [api, ...(then as (typeof jobs)[])],
      })
      const body = await inspectBy(auth, token)
      for (const [name, value] of Object.entries(expected)) {
        assert.equal(Object(body)[name], value)
      }
    })
  }

  test('ends with a stored client, its secret, and its key (RI-07)', async () => {
    made = await createTestClients({ clients: [{ id: 'api', secret: plainSecret, grants: [] }] })
    const { auth } = made
    const old = await auth.clients.register({ ...jobs, confidential: true })
    const first = await tokenOf(basic('jobs', old))
    const renewed = await auth.clients.replaceSecret('jobs')
    assert.deepEqual(await inspect(first), { active: false })

    const second = await tokenOf(basic('jobs', renewed))
    await auth.clients.remove('jobs')
    assert.deepEqual(await inspect(second), { active: false })
    // Its id is free. The next client with this id is another client.
    const another = await auth.clients.register({ ...jobs, confidential: true })
    assert.deepEqual(await inspect(second), { active: false })

    const third = await tokenOf(basic('jobs', another))
    await auth.managedKeys?.retire(decodeProtectedHeader(third).kid ?? '')
    assert.deepEqual(await inspect(third), { active: false })
  })
})

test('a changed secret key ends no token of a client', async () => {
  const store = memory()
  made = await createTestClients({ store, secretKey, clients: [jobs] })
  const token = await tokenOf()
  const { clock } = made
  const api = { id: 'api', secret: plainSecret, grants: [] }
  const changed = { store, clock, secretKey: 'x3Kd9Qw7Lp1Zs5Vb8Nm2Tf6Hj4Rg0YcU' }
  const previousSecretKeys = [secretKey]
  const auth = await createTestAuth({ ...changed, previousSecretKeys, clients: [api, jobs] })
  assert.equal(Object(await inspectBy(auth, token)).active, true)
})

test('no token speaks for a client and a user at once (AZ-05)', async () => {
  made = await createTestClients({ secretKey, clients: [...clients, jobs] })
  const token = await tokenOf()
  const key = new TextEncoder().encode(secretKey)
  const user = await made.auth.users.findByUsername('admin')
  const twin = (changes: object) =>
    new SignJWT({ ...decodeJwt(token), ...changes })
      .setProtectedHeader(decodeProtectedHeader(token) as { alg: string })
      .sign(key)
  assert.ok(await made.auth.accessTokens.verify(await twin({})))
  for (const changes of [
    { sub: user?.id },
    { client_id: 'app' },
    { sid: '0199e4a0-0000-7000-8000-000000000000' },
    { stamp: 'AAAAAAAAAAAAAAAA' },
    { client_stamp: 1 },
    { client_stamp: undefined },
  ]) {
    assert.equal(await made.auth.accessTokens.verify(await twin(changes)), null)
  }
  assert.deepEqual(await inspect(await twin({ client_stamp: 'AAAAAAAAAAAAAAAAAAAAAA' })), {
    active: false,
  })
})

test('it cannot be revoked alone, and that is not kept secret (RFC 7009 §2.2.1)', async () => {
  const token = await tokenOf()
  const answer = await made.revoke(basic('jobs', plainSecret), { token })
  assertError(answer, 400, 'unsupported_token_type')
})
