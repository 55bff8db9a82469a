import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { Auth } from '../../src/core/auth.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../fixtures.ts'

let clock: TestClock
let auth: Auth
let app: FastifyInstance

beforeEach(async () => {
  clock = createTestClock()
  auth = await createTestAuth({
    clock,
    roles: { admin: ['*'], editor: ['stats:read', 'users:read'], member: [] },
  })
  app = await buildApp({ auth })
  for (const role of ['admin', 'editor', 'member']) {
    await auth.users.create({ username: role, password: goodPassword, role })
  }
})

afterEach(() => app.close())

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly scope: string
}

async function send(path: string, parameters: Record<string, string>) {
  return await app.inject({
    method: 'POST',
    url: path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'test' },
    payload: new URLSearchParams(parameters).toString(),
  })
}

async function login(username = 'admin', scope = ''): Promise<Tokens> {
  return (await send('/auth/token', { username, password: goodPassword, scope })).json()
}

const refresh = (refresh_token: string, scope = '') =>
  send('/auth/token', { grant_type: 'refresh_token', refresh_token, scope })

async function call(
  token: string,
  path = '/me',
  method: 'GET' | 'DELETE' | 'PUT' = 'GET',
  body?: object,
) {
  return await app.inject({
    method,
    url: path,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { payload: body }),
  })
}

test('a login answers with a pair, and a refresh with the next one (RFC 6749 §6)', async () => {
  const tokens = await login()
  assert.match(tokens.refresh_token, /^prt_/)
  const answer = await refresh(tokens.refresh_token)
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['cache-control'], 'no-store')
  const next: Tokens = answer.json()
  assert.deepEqual(Object.keys(next).sort(), [
    'access_token',
    'expires_in',
    'refresh_token',
    'scope',
    'token_type',
  ])
  assert.equal((await call(next.access_token)).statusCode, 200)
})

test('an inactive user gets an access token and no refresh token; a refresh is refused', async () => {
  const { access_token, refresh_token } = await login('member')
  const { sub = '' } = decodeJwt(access_token)
  await auth.users.deactivate(sub)
  const refused = await refresh(refresh_token)
  assert.equal(refused.statusCode, 400)
  assert.equal(refused.json().error, 'invalid_grant')
  const inactive = await login('member')
  assert.equal(inactive.refresh_token, undefined)
  assert.equal((await call(inactive.access_token)).statusCode, 403)
})

test('every refused refresh is the same 400 (PC-06)', async () => {
  const { refresh_token } = await login()
  const next: Tokens = (await refresh(refresh_token)).json()
  await refresh(next.refresh_token)
  const answers = [
    await refresh(refresh_token),
    await refresh('garbage'),
    await refresh(refresh_token.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'))),
  ]
  for (const answer of answers) {
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.body, answers[0]?.body)
    assert.equal(answer.json().error, 'invalid_grant')
  }
  const missing = await send('/auth/token', { grant_type: 'refresh_token' })
  assert.equal(missing.json().error, 'invalid_request')
})

test('a reused refresh token ends the access tokens of its session too (SR-06)', async () => {
  const { refresh_token } = await login()
  const next: Tokens = (await refresh(refresh_token)).json()
  const newest: Tokens = (await refresh(next.refresh_token)).json()
  await refresh(refresh_token)
  for (const { access_token } of [next, newest]) {
    assert.equal((await call(access_token)).statusCode, 401)
  }
})

test('a refresh may narrow the scope of one access token, and never widens it (AZ-07)', async () => {
  const tokens = await login('editor', 'stats:read users:read')
  const narrowed: Tokens = (await refresh(tokens.refresh_token, 'stats:read')).json()
  assert.equal(narrowed.scope, 'stats:read')
  const wide: Tokens = (await refresh(narrowed.refresh_token)).json()
  assert.equal(wide.scope, 'stats:read users:read')
  const refused = await refresh(wide.refresh_token, 'stats:read users:write')
  assert.equal(refused.json().error, 'invalid_scope')
  assert.equal((await refresh(wide.refresh_token)).statusCode, 200, 'it cost no token')
})

test('a login that asked for less is not widened by a refresh that asks for everything', async () => {
  const tokens = await login('editor', 'stats:read')
  assert.equal((await refresh(tokens.refresh_token, '*')).json().error, 'invalid_scope')
  assert.equal((await refresh(tokens.refresh_token)).json().scope, 'stats:read')
})

test('a refresh after a change of role grants what both the login and the new role do', async () => {
  const tokens = await login('editor')
  const { sub = '' } = decodeJwt(tokens.access_token)
  await auth.users.changeRole(sub, 'member')
  const demoted: Tokens = (await refresh(tokens.refresh_token)).json()
  assert.equal(demoted.scope, '')
  await auth.users.changeRole(sub, 'admin')
  assert.equal((await refresh(demoted.refresh_token)).json().scope, 'stats:read users:read')
})

test('the log-out endpoint ends the session, by its refresh token or its access token (RFC 7009, RI-03)', async () => {
  for (const pick of ['refresh_token', 'access_token'] as const) {
    const tokens = await login()
    const other = await login()
    const answer = await send('/auth/revoke', { token: tokens[pick], token_type_hint: 'nonsense' })
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), {})
    assert.equal((await call(tokens.access_token)).statusCode, 401)
    assert.equal((await refresh(tokens.refresh_token)).statusCode, 400)
    assert.equal((await call(other.access_token)).statusCode, 200)
  }
})

test('the log-out endpoint answers 200 for whatever is no live token (RI-01)', async () => {
  const tokens = await login()
  await send('/auth/revoke', { token: tokens.refresh_token })
  for (const token of [tokens.refresh_token, tokens.access_token, 'garbage', 'a.b.c']) {
    assert.equal((await send('/auth/revoke', { token })).statusCode, 200)
  }
  assert.equal((await send('/auth/revoke', {})).statusCode, 400)
  assert.equal((await app.inject('/auth/revoke')).statusCode, 405)
})

test('users see their sessions, and end one, or all (SR-12)', async () => {
  const one = await login('member')
  const two = await login('member')
  const list = (await call(one.access_token, '/me/sessions')).json().sessions
  assert.equal(list.length, 2)
  const [other] = list.filter((session: { current: boolean }) => !session.current)
  assert.equal(other.label, 'test')
  assert.equal(other.id, decodeJwt(two.access_token).sid)
  const ended = await call(one.access_token, `/me/sessions/${other.id}`, 'DELETE')
  assert.equal(ended.statusCode, 204)
  assert.equal((await call(two.access_token)).statusCode, 401)
  assert.equal((await call(one.access_token)).statusCode, 200)

  await login('member')
  assert.equal((await call(one.access_token, '/me/sessions', 'DELETE')).statusCode, 204)
  assert.equal((await call(one.access_token)).statusCode, 401)
})

test("nobody ends somebody else's session by its id (SR-12)", async () => {
  const mine = await login('member')
  const theirs = await login('editor')
  const { sid } = decodeJwt(theirs.access_token)
  assert.equal((await call(mine.access_token, `/me/sessions/${sid}`, 'DELETE')).statusCode, 404)
  assert.equal((await call(theirs.access_token)).statusCode, 200)
})

test('administrators see and end the sessions of any user; others do not', async () => {
  const admin = await login()
  const member = await login('member')
  const { sub, sid } = decodeJwt(member.access_token)
  const path = `/admin/users/${sub}/sessions`
  for (const [url, method] of [
    [path, 'GET'],
    [path, 'DELETE'],
    [`${path}/${sid}`, 'DELETE'],
  ] as const) {
    assert.equal((await call(member.access_token, url, method)).statusCode, 403)
  }
  assert.equal((await call(admin.access_token, path)).json().sessions[0].id, sid)
  assert.equal((await call(admin.access_token, `${path}/${sid}`, 'DELETE')).statusCode, 204)
  assert.equal((await call(member.access_token)).statusCode, 401)
  assert.equal((await call(admin.access_token, `${path}/${sid}`, 'DELETE')).statusCode, 404)

  const again = await login('member')
  assert.equal((await call(admin.access_token, path, 'DELETE')).statusCode, 204)
  assert.equal((await call(again.access_token)).statusCode, 401)
})

test('a change of password keeps the access token in hand, and ends the others (SR-11)', async () => {
  const mine = await login('member')
  const other = await login('member')
  const body = { old_password: goodPassword, new_password: 'nine brave lanterns whisper' }
  assert.equal((await call(mine.access_token, '/me/password', 'PUT', body)).statusCode, 204)
  assert.equal((await call(mine.access_token)).statusCode, 200)
  assert.equal((await refresh(mine.refresh_token)).statusCode, 200)
  assert.equal((await call(other.access_token)).statusCode, 401)
})

test('an access token does not outlive its session', async () => {
  await app.close()
  auth = await createTestAuth({ clock, sessions: { lifetime: 100 } })
  app = await buildApp({ auth })
  await auth.users.create({ username: 'admin', password: goodPassword, role: 'admin' })
  const tokens = await login()
  assert.equal(tokens.expires_in, 100)
  const { iat = 0, exp } = decodeJwt(tokens.access_token)
  assert.equal(exp, iat + 100)
})

test('the metadata names the endpoints below the issuer, not below the Host (RFC 8414, PC-18, RI-10)', async () => {
  const { body, statusCode } = await app.inject({
    url: '/.well-known/oauth-authorization-server',
    headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
  })
  assert.equal(statusCode, 200)
  assert.doesNotMatch(body, /evil/)
  const metadata = JSON.parse(body)
  assert.equal(metadata.issuer, auth.issuer)
  for (const endpoint of ['token_endpoint', 'revocation_endpoint', 'jwks_uri']) {
    const { pathname } = new URL(metadata[endpoint])
    const method = endpoint === 'jwks_uri' ? 'GET' : 'POST'
    assert.notEqual((await app.inject({ method, url: pathname })).statusCode, 404)
  }
})

test('a resource server elsewhere verifies a token by the JWK Set alone (RFC 9068 §4)', async () => {
  const url = await app.listen({ port: 0 })
  const { access_token } = await login()
  const { payload } = await jwtVerify(
    access_token,
    createRemoteJWKSet(new URL('/.well-known/jwks.json', url)),
    {
      issuer: auth.issuer,
      audience: auth.audience,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(clock() * 1000),
    },
  )
  assert.deepEqual(payload.roles, ['admin'])
})

test('a secret is never in the JWK Set (KM-05)', async () => {
  await app.close()
  auth = await createTestAuth({ secretKey: 'e2c6a1d0b7f4938c5a6d7e8f90a1b2c3' })
  app = await buildApp({ auth })
  assert.deepEqual((await app.inject('/.well-known/jwks.json')).json(), { keys: [] })
})

test('a token that was issued to an inactive user does not come alive again', async () => {
  const { access_token } = await login('member')
  const { sub = '' } = decodeJwt(access_token)
  await auth.users.deactivate(sub)
  const inactive = await login('member')
  await auth.users.reactivate(sub)
  assert.equal((await call(inactive.access_token)).statusCode, 401)
})

test('a reused refresh token is told to the log, without the token (SR-06)', async () => {
  await app.close()
  const lines: string[] = []
  app = await buildApp({
    auth,
    logger: { level: 'info', stream: { write: (line: string) => void lines.push(line) } },
  })
  const { refresh_token } = await login()
  const next: Tokens = (await refresh(refresh_token)).json()
  await refresh(next.refresh_token)
  await refresh(refresh_token)
  const log = lines.join('')
  assert.match(log, /was used again: the session has been ended/)
  assert.match(log, /"type":"authn_token_reuse".*"user_id":"[^"]+".*"session_id":"[^"]+"/)
  assert.doesNotMatch(log, /prt_/)
})

test('a revocation is of the session: no other spelling of its tokens is let in, before or after (RI-09)', async () => {
  const { access_token, refresh_token } = await login()
  const [header = '', payload = '', signature = ''] = access_token.split('.')
  const reencoded = Buffer.from(
    JSON.stringify(JSON.parse(Buffer.from(header, 'base64url').toString()), null, 1),
  ).toString('base64url')
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  // The last letter of 64 bytes carries two bits that a lenient decoder drops.
  const last = letters[letters.indexOf(signature.at(-1) ?? '') ^ 1]
  const spellings = [
    `${header}.${payload}.${signature.slice(0, -1)}${last}`,
    `${header}.${payload}.${signature}==`,
    `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}=`,
    `${reencoded}.${payload}.${signature}`,
  ]
  const refused = async () => {
    for (const token of spellings) {
      assert.ok([400, 401].includes((await call(token)).statusCode), token)
    }
    for (const token of [`${refresh_token}=`, ` ${refresh_token}`, refresh_token.toUpperCase()]) {
      assert.equal((await refresh(token)).statusCode, 400)
    }
  }
  await refused()
  assert.equal((await call(access_token)).statusCode, 200)
  assert.equal((await send('/auth/revoke', { token: refresh_token })).statusCode, 200)
  assert.equal((await call(access_token)).statusCode, 401)
  assert.equal((await refresh(refresh_token)).statusCode, 400)
  await refused()
})

test('every use of a refresh token makes another one, and ends the one before (SR-03)', async () => {
  const { refresh_token } = await login()
  const next: Tokens = (await refresh(refresh_token)).json()
  assert.notEqual(next.refresh_token, refresh_token, 'every use makes another one')
  const newest: Tokens = (await refresh(next.refresh_token)).json()
  assert.equal((await refresh(refresh_token)).statusCode, 400)
  assert.equal((await refresh(newest.refresh_token)).statusCode, 400, 'the session is over')
})

test('what a user does with their own account is recorded with who and where it came from', async () => {
  const { access_token } = await login('member')
  const { sub } = decodeJwt(access_token)
  const body = { old_password: goodPassword, new_password: 'nine brave lanterns whisper' }
  assert.equal((await call(access_token, '/me/password', 'PUT', body)).statusCode, 204)
  assert.equal((await call(access_token, '/me/sessions', 'DELETE')).statusCode, 204)
  const events = await auth.events.list({ limit: 10, userId: String(sub) })
  for (const type of ['authn_password_change', 'sessions_ended']) {
    const event = events.find((each) => each.type === type)
    assert.equal(event?.actor, `user:${sub}`, `${type} of ${events.map((each) => each.type)}`)
    assert.equal(event?.address, '127.0.0.1')
    assert.ok(event?.requestId)
  }
})
