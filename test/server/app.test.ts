import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { ConfigError, UnavailableError } from '../../src/core/errors.ts'
import type { User } from '../../src/core/users/user.ts'
import { buildApp } from '../../src/server/app.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import {
  assertProblem,
  connectTo,
  createTestLog,
  login,
  otherPassword,
  portOf,
  recentToken,
  sendForm,
} from './fixtures.ts'

let auth: Auth
let app: FastifyInstance
let admin: User
let member: User
const { options: logger, lines } = createTestLog()

beforeEach(async () => {
  auth = await createTestAuth()
  lines.length = 0
  app = await buildApp({ auth, logRequests: true, logger })
  admin = await auth.users.create({ username: 'ann', password: goodPassword, role: 'admin' })
  member = await auth.users.create({ username: 'bob', password: goodPassword })
})

afterEach(() => app.close())

type Call = (
  method: InjectOptions['method'],
  url: string,
  payload?: object,
) => Promise<LightMyRequestResponse>

function callWith(token: string): Call {
  return async (method, url, payload) =>
    await app.inject({
      ...(method && { method }),
      url,
      headers: { authorization: `Bearer ${token}` },
      ...(payload && { payload }),
    })
}

/** Requests of a user, as after a login. */
async function as(user: User, scopes?: readonly string[]): Promise<Call> {
  return callWith(await recentToken(auth, user.id, scopes))
}

/** Requests of a user who has logged in over the wire. */
async function logIn(username: string, scope = ''): Promise<Call> {
  return callWith((await login(app, username, { scope })).json().access_token)
}

describe('GET /me', () => {
  test('says who the user is, and what the token may do', async () => {
    const answer = await (await as(admin, ['stats:read']))('GET', '/me')
    const { id, username, role, createdAt } = admin
    const expected = { id, username, role, active: true, created_at: createdAt }
    assert.deepEqual(answer.json(), { ...expected, scope: 'stats:read' })
  })

  test('is refused without credentials, for HEAD too', async () => {
    const answer = await app.inject('/me')
    assertProblem(answer, 401, 'Not authenticated')
    assert.equal(answer.headers['www-authenticate'], 'Bearer')
    assert.equal((await app.inject({ method: 'HEAD', url: '/me' })).statusCode, 401)
  })

  test('HEAD says the same as GET, without the body', async () => {
    const call = await as(member)
    const [get, head] = [await call('GET', '/me'), await call('HEAD', '/me')]
    assert.equal(head.statusCode, 200)
    assert.equal(head.headers['content-length'], get.headers['content-length'])
    assert.equal(head.body, '')
  })

  test('a token that was tampered with is no token', async () => {
    const token = String(await createAccessToken(auth, member.id))
    const [header = '', claims = '', signature = ''] = token.split('.')
    const forged = Buffer.from(claims, 'base64url').toString().replace(member.id, admin.id)
    const other = `${header}.${Buffer.from(forged).toString('base64url')}.${signature}`
    const answer = await callWith(other)('GET', '/me')
    assertProblem(answer, 401, 'Could not validate credentials')
    assert.match(String(answer.headers['www-authenticate']), /^Bearer error="invalid_token"/)
  })

  test('is refused to an inactive user, who can still log in', async () => {
    await auth.users.deactivate(member.id)
    const call = await logIn('bob')
    assertProblem(await call('GET', '/me'), 403, 'Inactive user')
    assertProblem(await call('GET', '/admin/stats'), 403, 'Inactive user')
  })
})

const reasonsAgainstBob = [
  'The password must have at least 15 characters.',
  'The password must not be the username.',
]

describe('PUT /me/password', () => {
  const new_password = otherPassword

  test('changes the password after a look at the old one', async () => {
    const call = await as(member)
    const body = { old_password: goodPassword, new_password }
    assert.equal((await call('PUT', '/me/password', body)).statusCode, 204)
    assert.equal((await login(app, 'bob')).statusCode, 401)
    assert.equal((await login(app, 'bob', { password: new_password })).statusCode, 200)
    assert.equal((await call('GET', '/me')).statusCode, 401, 'a token without a session ends')
  })

  test('refuses a wrong old password, and a weak new one with every reason', async () => {
    const call = await as(member)
    const wrong = await call('PUT', '/me/password', { old_password: 'wrong', new_password })
    assertProblem(wrong, 400, 'The old password is not right.')
    const weak = { old_password: goodPassword, new_password: 'bob' }
    const answer = await call('PUT', '/me/password', weak)
    assertProblem(answer, 422)
    assert.deepEqual(answer.json().errors, reasonsAgainstBob)
    assert.equal((await login(app, 'bob')).statusCode, 200, 'the old one still holds')
  })

  test('takes no other field, and nothing else of an account is a user’s own to set (AZ-11)', async () => {
    const call = await as(member)
    const good = { old_password: goodPassword, new_password }
    const foreign = { role: 'admin', active: false, id: admin.id, username: 'ann' }
    for (const [name, value] of Object.entries({ ...foreign, is_active: true, scope: '*' })) {
      assertProblem(await call('PUT', '/me/password', { ...good, [name]: value }), 400)
    }
    for (const method of ['PUT', 'POST'] as const) {
      assertProblem(await call(method, '/me', foreign), 405)
      assertProblem(await call(method, `/admin/users/${member.id}`, foreign), 405)
    }
    // A name is a user's own to change, and nothing else is.
    assertProblem(await call('PATCH', '/me', foreign), 400)
    assertProblem(await call('PATCH', `/admin/users/${member.id}`, foreign), 405)
    assertProblem(await call('PUT', `/admin/users/${member.id}/role`, { role: 'admin' }), 403)
    const { username, role } = (await call('GET', '/me')).json()
    assert.deepEqual([username, role], ['bob', 'member'])
    assert.equal((await login(app, 'bob')).statusCode, 200, 'nothing was changed')
  })
})

describe('the administration', () => {
  test('is for administrators', async () => {
    const call = await as(member)
    for (const path of ['/admin/stats', '/admin/users', `/admin/users/${member.id}`]) {
      assertProblem(await call('GET', path), 403, 'Not enough permissions')
      assertProblem(await app.inject(path), 401, 'Not authenticated')
    }
    assertProblem(await call('POST', '/admin/users', {}), 403, 'Not enough permissions')
  })

  test('is closed to a token of less than it needs', async () => {
    const call = await as(admin, ['stats:read'])
    assert.equal((await call('GET', '/admin/stats')).statusCode, 200)
    const answer = await call('GET', '/admin/users')
    assertProblem(answer, 403, 'Not enough permissions')
    assert.match(
      String(answer.headers['www-authenticate']),
      /error="insufficient_scope".*scope="users:read"/,
    )
    const narrow = await logIn('ann', 'stats:read')
    assert.equal((await narrow('GET', '/me')).json().scope, 'stats:read')
    assert.equal((await narrow('GET', '/admin/stats')).statusCode, 200)
    assertProblem(await narrow('GET', '/admin/users'), 403, 'Not enough permissions')
    const reader = await as(admin, ['users:read'])
    assert.equal((await reader('GET', '/admin/users')).statusCode, 200)
    assert.equal((await reader('DELETE', `/admin/users/${member.id}`)).statusCode, 403)
  })

  test('counts users as they are now', async () => {
    const call = await as(admin)
    const before = (await call('GET', '/admin/stats')).json()
    assert.deepEqual(before, {
      status: 'ok',
      requested_by: 'ann',
      users: { total: 2, active: 2, by_role: { admin: 1, member: 1 } },
    })
    const count = async () => (await call('GET', '/admin/stats')).json().users
    await call('POST', `/admin/users/${member.id}/deactivate`)
    assert.deepEqual(await count(), { total: 2, active: 1, by_role: { admin: 1, member: 1 } })
    const body = { username: 'cleo', password: goodPassword, role: 'admin' }
    const { id } = (await call('POST', '/admin/users', body)).json()
    assert.deepEqual(await count(), { total: 3, active: 2, by_role: { admin: 2, member: 1 } })
    await call('PUT', `/admin/users/${id}/role`, { role: 'member' })
    assert.deepEqual(await count(), { total: 3, active: 2, by_role: { admin: 1, member: 2 } })
    await call('DELETE', `/admin/users/${member.id}`)
    assert.deepEqual(await count(), { total: 2, active: 2, by_role: { admin: 1, member: 1 } })
  })

  test('creates a user, who can log in', async () => {
    const call = await as(admin)
    const body = { username: 'Cleo', password: goodPassword, role: 'admin' }
    const answer = await call('POST', '/admin/users', body)
    assert.equal(answer.statusCode, 201)
    const { id, username, role } = answer.json()
    assert.deepEqual({ username, role }, { username: 'cleo', role: 'admin' })
    assert.equal(answer.headers.location, `/admin/users/${id}`)
    assert.deepEqual((await call('GET', `/admin/users/${id}`)).json(), answer.json())
    assert.equal((await login(app, 'CLEO')).statusCode, 200)
  })

  test('refuses a user that cannot be, and says why', async () => {
    const call = await as(admin)
    const create = (body: object) => call('POST', '/admin/users', body)
    const password = goodPassword
    assertProblem(await create({ username: 'BOB', password }), 409, 'The username is taken.')
    assertProblem(await create({ username: 'b b', password }), 422, /letters, digits/)
    assertProblem(await create({ username: 'x', password, role: 'king' }), 422, /admin, member/)
    assertProblem(await create({ username: 'x', password: 'x' }), 422, /at least 15 characters/)
    assertProblem(await create({ username: 'x', password, active: false }), 400, /additional/)
    assertProblem(await create({ username: 'x' }), 400, /password/)
    // A number is not silently made a text: as a number it has lost digits.
    assertProblem(await create({ username: 'x', password: 9.1e17 }), 400, /string/)
    assert.equal((await auth.users.counts()).total, 2)
  })

  test('gives every reason against a password', async () => {
    const call = await as(admin)
    for (const [method, path, body] of [
      ['POST', '/admin/users', { username: 'cleo', password: 'cleo' }],
      ['PUT', `/admin/users/${member.id}/password`, { password: 'bob' }],
    ] as const) {
      const answer = await call(method, path, body)
      assertProblem(answer, 422, reasonsAgainstBob.join(' '))
      assert.deepEqual(answer.json().errors, reasonsAgainstBob)
    }
    assert.equal((await login(app, 'bob')).statusCode, 200, 'the old one still holds')
  })

  test('a user without a role has the least', async () => {
    const call = await as(admin)
    const created = await call('POST', '/admin/users', { username: 'c', password: goodPassword })
    assert.equal(created.json().role, 'member')
    assertProblem(await (await logIn('c'))('GET', '/admin/stats'), 403, 'Not enough permissions')
  })

  test('shows no secret of a user, wherever it shows one', async () => {
    const call = await as(admin)
    const id = member.id
    for (const answer of [
      await call('POST', '/admin/users', { username: 'c', password: goodPassword }),
      await call('GET', `/admin/users/${id}`),
      await call('PUT', `/admin/users/${id}/role`, { role: 'member' }),
      await call('POST', `/admin/users/${id}/deactivate`),
      await call('POST', `/admin/users/${id}/reactivate`),
    ]) {
      const fields = Object.keys(answer.json()).sort()
      assert.deepEqual(fields, ['active', 'created_at', 'id', 'role', 'username'])
    }
    const list = await call('GET', '/admin/users')
    assert.doesNotMatch(list.body, /argon2|password|stamp/i)
  })

  test('a page holds 50 users unless another number is asked for', async () => {
    for (let number = 10; number < 70; number++) {
      await auth.users.create({ username: `user${number}`, password: null })
    }
    const call = await as(admin)
    const first = (await call('GET', '/admin/users')).json()
    assert.equal(first.users.length, 50)
    assert.equal(first.next, first.users.at(-1).username)
    const second = (await call('GET', `/admin/users?after=${first.next}`)).json()
    assert.equal(second.users.length, 12)
    assert.equal(second.next, null)
    assert.equal((await call('GET', '/admin/users?limit=62')).json().next, null, 'an exact fit')
  })

  test('lists users in pages, and finds them by a part of the name (DR-01)', async () => {
    for (const username of ['dan', 'dana', 'eve']) {
      await auth.users.create({ username, password: null })
    }
    const call = await as(admin)
    const names: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const page: { users: { username: string }[]; next: string | null } = (
        await call('GET', `/admin/users?limit=2&after=${next}`)
      ).json()
      assert.ok(page.users.length <= 2)
      names.push(...page.users.map(({ username }) => username))
      next = page.next
    }
    assert.deepEqual(names, ['ann', 'bob', 'dan', 'dana', 'eve'])
    const found = (await call('GET', '/admin/users?search=DAN')).json()
    assert.deepEqual(
      found.users.map((user: { username: string }) => user.username),
      ['dan', 'dana'],
    )
    for (const limit of ['0', '201', 'x', '1e9', '-1', '']) {
      assertProblem(await call('GET', `/admin/users?limit=${limit}`), 400)
    }
  })

  test('a changed role counts on the very next request', async () => {
    const call = await as(admin)
    const theirs = await as(member, ['*'])
    assert.equal((await theirs('GET', '/admin/stats')).statusCode, 403)
    const changed = await call('PUT', `/admin/users/${member.id}/role`, { role: 'admin' })
    assert.equal(changed.json().role, 'admin')
    assert.equal((await theirs('GET', '/admin/stats')).statusCode, 200)
    await call('PUT', `/admin/users/${member.id}/role`, { role: 'member' })
    assert.equal((await theirs('GET', '/admin/stats')).statusCode, 403)
  })

  test('a role that grants more than new users have is given after a recent login alone', async () => {
    const old = callWith(String(await createAccessToken(auth, admin.id)))
    const path = `/admin/users/${member.id}/role`
    const eve = { username: 'eve', password: otherPassword }
    for (const refused of [
      await old('PUT', path, { role: 'admin' }),
      await old('POST', '/admin/users', { ...eve, role: 'admin' }),
    ]) {
      assertProblem(refused, 401)
      const challenge = String(refused.headers['www-authenticate'])
      assert.match(challenge, /error="insufficient_user_authentication".*max_age="300"/)
    }
    assert.equal((await auth.users.find(member.id))?.role, 'member')
    assert.equal(await auth.users.findByUsername('eve'), null)
    assert.equal((await old('POST', '/admin/users', { ...eve, role: 'member' })).statusCode, 201)
    assert.equal((await old('PUT', path, { role: 'member' })).statusCode, 200)
    const recent = await as(admin)
    assert.equal((await recent('PUT', path, { role: 'admin' })).statusCode, 200)
    const { paths } = (await app.inject('/openapi.json')).json()
    for (const { responses } of [paths['/admin/users'].post, paths['/admin/users/{id}/role'].put]) {
      assert.match(responses['401'].description, /insufficient_user_authentication/)
    }
  })

  test('a deactivation, a set password and a deletion end every token at once', async () => {
    const call = await as(admin)
    for (const [method, path, body] of [
      ['POST', 'deactivate', undefined],
      ['PUT', 'password', { password: otherPassword }],
      ['DELETE', '', undefined],
    ] as const) {
      await auth.users.reactivate(member.id)
      const theirs = await as(member)
      assert.equal((await theirs('GET', '/me')).statusCode, 200)
      const url = `/admin/users/${member.id}/${path}`.replace(/\/$/, '')
      assert.ok((await call(method, url, body)).statusCode < 300)
      if (path === 'deactivate') {
        assertProblem(await theirs('GET', '/me'), 403, 'Inactive user')
        const again = await logIn('bob')
        assertProblem(await again('GET', '/me'), 403, 'Inactive user')
      } else {
        assertProblem(await theirs('GET', '/me'), 401, 'Could not validate credentials')
      }
      if (path === 'password') {
        assert.equal((await login(app, 'bob')).statusCode, 401)
        assert.equal((await login(app, 'bob', { password: otherPassword })).statusCode, 200)
      }
    }
    assert.equal((await login(app, 'bob', { password: otherPassword })).statusCode, 401)
    assertProblem(await call('GET', `/admin/users/${member.id}`), 404, 'There is no such user.')
  })

  test('a reactivated user logs in again', async () => {
    const call = await as(admin)
    await call('POST', `/admin/users/${member.id}/deactivate`)
    const answer = await call('POST', `/admin/users/${member.id}/reactivate`)
    assert.equal(answer.json().active, true)
    assert.equal((await (await logIn('bob'))('GET', '/me')).statusCode, 200)
  })

  test('the last active administrator stays one', async () => {
    const call = await as(admin)
    const other = await auth.users.create({ username: 'z', password: null, role: 'admin' })
    await auth.users.deactivate(other.id)
    const path = `/admin/users/${admin.id}`
    assertProblem(await call('PUT', `${path}/role`, { role: 'member' }), 409, /last active/)
    assertProblem(await call('POST', `${path}/deactivate`), 409, /last active/)
    assertProblem(await call('DELETE', path), 409, /last active/)
    await auth.users.reactivate(other.id)
    assert.equal((await call('DELETE', path)).statusCode, 204)
  })

  test('an id that nobody has is 404, whatever it is', async () => {
    const call = await as(admin)
    for (const id of ['x', member.id.toUpperCase(), '__proto__', "'%20or%201=1"]) {
      assertProblem(await call('GET', `/admin/users/${id}`), 404)
      assertProblem(await call('POST', `/admin/users/${id}/deactivate`), 404)
      assertProblem(await call('POST', `/admin/users/${id}/reactivate`), 404)
      assertProblem(await call('PUT', `/admin/users/${id}/role`, { role: 'admin' }), 404)
      const password = { password: goodPassword }
      assertProblem(await call('PUT', `/admin/users/${id}/password`, password), 404)
      assertProblem(await call('DELETE', `/admin/users/${id}`), 404)
      assertProblem(await call('GET', `/admin/users/${id}/sessions`), 404)
    }
    assertProblem(await call('GET', '/admin/users/%00'), 400)
    assertProblem(await call('GET', '/admin/users?search=%00'), 400)
  })
})

describe('health', () => {
  test('a process that serves is live and ready', async () => {
    for (const path of ['/health/live', '/health/ready']) {
      assert.deepEqual((await app.inject(path)).json(), { status: 'ok' })
    }
  })

  test('without its database a process is live and not ready', async () => {
    const store = { ...memory(), check: () => Promise.reject(new Error('gone')) }
    const ill = await buildApp({ auth: await createTestAuth({ store }) })
    assert.equal((await ill.inject('/health/live')).statusCode, 200)
    assertProblem(await ill.inject('/health/ready'), 503, 'The database does not answer.')
    await ill.close()
  })
})

test('a server whose database was closed is live and not ready', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-app-'))
  try {
    const store = sqlite(join(directory, 'portcullis.db'))
    const onDisk = await createTestAuth({ store })
    const served = await buildApp({ auth: onDisk })
    assert.equal((await served.inject('/health/ready')).statusCode, 200)
    await onDisk.close()
    assert.equal((await served.inject('/health/live')).statusCode, 200)
    assertProblem(await served.inject('/health/ready'), 503, 'The database does not answer.')
    await served.close()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

describe('every answer', () => {
  test('of an error is a problem', async () => {
    assertProblem(await app.inject('/nowhere'), 404)
    assertProblem(await app.inject('/%zz'), 400, 'The path cannot be read.')
    assertProblem(await app.inject(`/admin/users/${'x'.repeat(200)}`), 414)
    assertProblem(await app.inject({ method: 'TRACE' as never, url: '/me' }), 405)
    const wrong = await app.inject({ method: 'OPTIONS', url: '/me' })
    assertProblem(wrong, 405)
    assert.equal(wrong.headers.allow, 'GET, HEAD, PATCH')
    const token = await app.inject({ method: 'OPTIONS', url: '/auth/token' })
    assert.deepEqual([token.statusCode, token.headers.allow], [405, 'POST'])
    const encoded = await app.inject({ method: 'PUT', url: '/%61dmin/users' })
    assert.deepEqual([encoded.statusCode, encoded.headers.allow], [405, 'GET, HEAD, POST'])
  })

  test('to a method that a path has not is 405, whatever its body (HH-07)', async () => {
    const bodies = [
      {},
      { headers: { 'content-type': 'application/xml' }, payload: '<me/>' },
      { headers: { 'content-type': 'application/json' }, payload: '{' },
      { headers: { 'content-type': 'application/json' }, payload: 'x'.repeat(100_000) },
    ]
    for (const method of ['QUERY', 'POST', 'PUT', 'DELETE'] as const) {
      for (const body of bodies) {
        const answer = await app.inject({ method: method as 'POST', url: '/me', ...body })
        assertProblem(answer, 405)
        assert.equal(answer.headers.allow, 'GET, HEAD, PATCH')
        assertProblem(await app.inject({ method: method as 'POST', url: '/x', ...body }), 404)
      }
    }
  })

  test('is the same with a slash at the end of the path', async () => {
    const call = await as(member)
    assert.deepEqual((await call('GET', '/me/')).json(), (await call('GET', '/me')).json())
    const payload = new URLSearchParams({ username: 'bob', password: goodPassword }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const login = await app.inject({ method: 'POST', url: '/auth/token/', headers, payload })
    assert.equal(login.statusCode, 200)
    const wrong = await app.inject({ method: 'DELETE', url: '/me/?x=/' })
    assert.deepEqual([wrong.statusCode, wrong.headers.allow], [405, 'GET, HEAD, PATCH'])
  })

  test('of an error is without what was sent (HH-06)', async () => {
    const token = await recentToken(auth, admin.id)
    const post = (payload: string, type = 'application/json') =>
      app.inject({
        method: 'POST',
        url: '/admin/users',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        payload,
      })
    const call = callWith(token)
    for (const [answer, status] of [
      [await post('{"password": canary'), 400],
      [await post('["canary"]'), 400],
      [await post('{"__proto__":{"canary":1}}'), 400],
      [await post('{"username":["canary"],"password":{"canary":1}}'), 400],
      [await post('{"username":"x","password":"canary","canary":"canary"}'), 400],
      [await post('{"username":"the canary","password":"canary"}'), 422],
      [await post('{"username":"x","password":"canary"}'), 422],
      [await post('{"username":"x","password":"canary","role":"canary"}'), 422],
      [await post('canary', 'text/canary'), 415],
      [await post('canary', 'text/plain'), 415],
      [await call('GET', '/admin/users?limit=canary'), 400],
      [await call('GET', '/admin/users?search=canary%00'), 400],
      [await call('GET', '/admin/users/canary'), 404],
      [await call('PUT', `/admin/users/${member.id}/role`, { role: 'canary' }), 422],
      [await app.inject('/canary?canary'), 404],
      [await app.inject('/%zz/canary?canary'), 400],
      [await callWith('canary')('GET', '/me'), 401],
      [await callWith('canary canary')('GET', '/me'), 401],
    ] as const) {
      assertProblem(answer, status)
      assert.doesNotMatch(`${JSON.stringify(answer.headers)}${answer.body}`, /canary/)
    }
  })

  test('carries the headers of security (HH-06)', async () => {
    for (const path of ['/me', '/nowhere', '/%zz', '/health/live', '/openapi.json', '/docs']) {
      const { headers } = await app.inject(path)
      assert.equal(headers['x-content-type-options'], 'nosniff', path)
      assert.equal(headers['referrer-policy'], 'no-referrer', path)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/, path)
      assert.equal(headers['x-powered-by'], undefined)
      assert.equal(headers.server, undefined)
      assert.equal(headers['strict-transport-security'], undefined, 'not over plain http')
    }
  })

  test('is framed nowhere, and has every header of a page if it is one (HH-06)', async () => {
    const ofPages = [
      ...['cross-origin-opener-policy', 'origin-agent-cluster', 'x-dns-prefetch-control'],
      ...['x-download-options', 'x-permitted-cross-domain-policies', 'x-xss-protection'],
    ]
    const accept = { accept: 'text/html' }
    for (const [url, isPage] of [
      ...[['/me', false] as const, ['/nowhere', false] as const, ['/health/live', false] as const],
      ...[['/openapi.json', false] as const, ['/', false] as const, ['/', true] as const],
      ['/docs', true] as const,
    ]) {
      const { headers } = await app.inject({ url, ...(isPage && { headers: accept }) })
      assert.equal(headers['x-frame-options'], 'DENY', url)
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin', url)
      for (const name of ofPages) assert.equal(headers[name] !== undefined, isPage, url + name)
    }
  })

  test('over https asks the browser to stay there (HH-06)', async () => {
    const issuer = 'https://auth.example.com'
    const secure = await buildApp({ auth: await createTestAuth({ issuer }) })
    const { headers } = await secure.inject('/health/live')
    assert.match(String(headers['strict-transport-security']), /^max-age=\d{8,}/)
    await secure.close()
  })
})

describe('a failure of the server', () => {
  async function failWith(error: unknown): Promise<LightMyRequestResponse> {
    const store = memory()
    const broken = { ...store, users: { ...store.users, counts: () => Promise.reject(error) } }
    auth = await createTestAuth({ store: broken })
    admin = await auth.users.create({ username: 'ann', password: null, role: 'admin' })
    await app.close()
    app = await buildApp({ auth, logger })
    return await (await as(admin))('GET', '/admin/stats')
  }

  test('is told to the log, and not to the client (HH-06, LA-10)', async () => {
    const answer = await failWith(new Error('canary: no such table'))
    assertProblem(answer, 500, 'The server made a mistake; it is logged.')
    assert.match(lines.join(''), /canary: no such table/)
  })

  test('is 500 too if what was thrown is no error (LA-10)', async () => {
    for (const thrown of ['canary', null, { statusCode: 'x' }]) {
      const answer = await failWith(thrown)
      assertProblem(answer, 500, 'The server made a mistake; it is logged.')
    }
  })

  test('that may pass is 503, and says when to try again', async () => {
    const cause = new Error('canary: database is locked')
    const answer = await failWith(new UnavailableError('The database is busy', 2, { cause }))
    assertProblem(answer, 503, 'The database is busy')
    assert.equal(answer.headers['retry-after'], '2')
    assert.match(lines.join(''), /canary: database is locked/)
  })
})

test('a server whose roles make no administrator is not built', async () => {
  const guests = await createTestAuth({ roles: { guest: [] } })
  await assert.rejects(buildApp({ auth: guests }), ConfigError)
})

test('without documentation there is none', async () => {
  const bare = await buildApp({ auth, docs: false })
  for (const path of ['/docs', '/docs/', '/openapi.json']) {
    assertProblem(await bare.inject(path), 404)
  }
  await bare.close()
})

test('a body larger than 64 KiB is refused (HH-01, CVE-2026-21717)', async () => {
  const call = await as(admin)
  const body = { username: 'x', password: 'p'.repeat(70_000) }
  assertProblem(await call('POST', '/admin/users', body), 413)
})

test('the log holds no password, token or query (LA-04)', async () => {
  const answer = await login(app, 'ann')
  const { access_token, refresh_token } = answer.json()
  await login(app, 'ann', { password: 'canary-wrong' })
  await login(app, 'canary-name')
  await sendForm(app, '/auth/token', { grant_type: 'refresh_token', refresh_token })
  await sendForm(app, '/auth/revoke', { token: 'canary-token' })
  await login(app, 'ann', { scope: 'canary-scope' })
  const call = callWith(access_token)
  await call('GET', '/me?password=canary-query')
  await call('POST', '/admin/users', { username: 'canary-user', password: 'canary-weak' })
  await call('PUT', `/admin/users/${member.id}/password`, { password: 'canary canary canary' })
  await call('PUT', '/me/password', { old_password: 'canary', new_password: 'canary' })
  await callWith('canary')('GET', '/me')
  await app.inject(`/nowhere?token=${access_token}`)
  await app.inject('/%zz?canary')
  const log = lines.join('')
  assert.match(log, /"path":"\/me"/)
  assert.match(log, /"path":"\/nowhere"/)
  assert.doesNotMatch(log, /canary/)
  for (const secret of [goodPassword, access_token, refresh_token]) {
    assert.ok(!log.includes(secret))
  }
})

test('a line of the log is one line, whatever was sent (LA-03)', async () => {
  await app.inject({ url: '/a%0Ab%1B[2J', headers: { 'user-agent': 'x' } })
  await login(app, 'ann\nbob')
  for (const line of lines) {
    assert.equal(line.indexOf('\n'), line.length - 1)
    assert.ok(!line.includes('\u001b'))
    JSON.parse(line)
  }
})

describe('on its port', () => {
  test('a client has 10 seconds for the headers, 15 for the request, and is then told and cut off (HH-02)', async () => {
    await app.listen({ port: 0 })
    const { headersTimeout, requestTimeout, keepAliveTimeout } = app.server
    assert.deepEqual([headersTimeout, requestTimeout], [10_000, 15_000])
    assert.ok(keepAliveTimeout > 0 && keepAliveTimeout <= 75_000)
    const accepted = once(app.server, 'connection')
    const connection = await connectTo(portOf(app))
    const [socket] = await accepted
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    app.server.emit('clientError', late, socket)
    const answer = await connection.closed
    assert.match(answer, /^HTTP\/1\.1 408 /)
    assert.match(answer, /The request did not arrive in time\./)
  })

  test('bytes that are no HTTP get 400 or 431, and the server goes on (HH-10)', async () => {
    await app.listen({ port: 0 })
    for (const [bytes, status] of [
      ['\0\x01\x02 garbage\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
      [`GET /me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'x'.repeat(100_000)}\r\n\r\n`, 431],
      [`GET /me?${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ] as const) {
      const connection = await connectTo(portOf(app))
      connection.socket.write(bytes)
      const answer = await connection.closed
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `))
      assert.match(head, /^content-type: application\/problem\+json; charset=utf-8$/im)
      assert.match(head, /^x-content-type-options: nosniff$/im)
      assert.equal(JSON.parse(body).status, status)
      assert.doesNotMatch(answer, /xxx|garbage/)
    }
    assert.equal((await fetch(`http://127.0.0.1:${portOf(app)}/health/live`)).status, 200)
  })

  test('while it shuts down it answers what still arrives, and says that it is not ready (DD-11)', async () => {
    await app.listen({ port: 0 })
    const connection = await connectTo(portOf(app))
    const body = new URLSearchParams({ username: 'ann', password: goodPassword }).toString()
    connection.socket.write(
      `POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    )
    await connection.until('HTTP/1.1 100')
    const closed = app.close()
    connection.socket.write(`${body}GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n`)
    const [, login = '', ready = ''] = (await connection.closed).split(/HTTP\/1\.1 (?=\d)/).slice(1)
    await closed
    assert.match(login, /^200 /)
    assert.match(ready, /^503 /)
    assert.match(ready, /^connection: close$/im)
    assert.match(ready, /^content-type: application\/problem\+json; charset=utf-8$/im)
    assert.match(ready, /The server is shutting down\./)
  })
})
