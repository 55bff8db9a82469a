import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { User } from '../../src/core/accounts.ts'
import { type Auth, createAccessToken } from '../../src/core/auth.ts'
import { buildApp } from '../../src/server/app.ts'
import { memory } from '../../src/stores/memory.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'

let auth: Auth
let app: FastifyInstance
let admin: User
let member: User
const lines: string[] = []

beforeEach(async () => {
  auth = await createTestAuth()
  lines.length = 0
  app = await buildApp({
    auth,
    logRequests: true,
    logger: { level: 'trace', stream: { write: (line: string) => void lines.push(line) } },
  })
  admin = await auth.accounts.create({ username: 'ann', password: goodPassword, role: 'admin' })
  member = await auth.accounts.create({ username: 'bob', password: goodPassword })
})

afterEach(() => app.close())

async function as(user: User, scopes?: readonly string[]) {
  const token = await createAccessToken(auth, user.id, scopes)
  const authorization = `Bearer ${token}`
  return (method: InjectOptions['method'], url: string, payload?: object) =>
    app.inject({
      ...(method && { method }),
      url,
      headers: { authorization },
      ...(payload && { payload }),
    })
}

async function login(username: string, password = goodPassword) {
  return await app.inject({
    method: 'POST',
    url: '/auth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ username, password }).toString(),
  })
}

function assertProblem(
  answer: { statusCode: number; headers: object; json(): unknown },
  status: number,
  detail?: string | RegExp,
): void {
  assert.equal(answer.statusCode, status)
  const { 'content-type': type } = answer.headers as { 'content-type': string }
  assert.equal(type, 'application/problem+json; charset=utf-8')
  const problem = answer.json() as Record<string, unknown>
  assert.equal(problem.status, status)
  assert.equal(problem.type, 'about:blank')
  assert.equal(typeof problem.title, 'string')
  if (typeof detail === 'string') assert.equal(problem.detail, detail)
  else if (detail) assert.match(String(problem.detail), detail)
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

  test('is refused to an inactive user, who can still log in', async () => {
    await auth.accounts.deactivate(member.id)
    const answer = await login('bob')
    assert.equal(answer.statusCode, 200)
    const headers = { authorization: `Bearer ${answer.json().access_token}` }
    assertProblem(await app.inject({ url: '/me', headers }), 403, 'Inactive user')
  })
})

describe('PUT /me/password', () => {
  const new_password = 'four blue tractors dance'

  test('changes the password after a look at the old one', async () => {
    const call = await as(member)
    const body = { old_password: goodPassword, new_password }
    assert.equal((await call('PUT', '/me/password', body)).statusCode, 204)
    assert.equal((await login('bob')).statusCode, 401)
    assert.equal((await login('bob', new_password)).statusCode, 200)
    assert.equal((await call('GET', '/me')).statusCode, 401, 'a token without a session ends')
  })

  test('refuses a wrong old password, and a weak new one with every reason', async () => {
    const call = await as(member)
    const wrong = await call('PUT', '/me/password', { old_password: 'wrong', new_password })
    assertProblem(wrong, 400, 'The old password is not right.')
    const weak = { old_password: goodPassword, new_password: 'bob' }
    const answer = await call('PUT', '/me/password', weak)
    assertProblem(answer, 422)
    assert.equal(answer.json().errors.length, 2)
    assert.equal((await login('bob')).statusCode, 200, 'the old one still holds')
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
    await auth.accounts.deactivate(member.id)
    const { users } = (await call('GET', '/admin/stats')).json()
    assert.deepEqual(users, { total: 2, active: 1, by_role: { admin: 1, member: 1 } })
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
    assert.equal((await login('CLEO')).statusCode, 200)
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
    assert.equal((await auth.accounts.counts()).total, 2)
  })

  test('lists users in pages, and finds them by a part of the name', async () => {
    for (const username of ['dan', 'dana', 'eve']) {
      await auth.accounts.create({ username, password: null })
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

  test('a deactivation, a set password and a deletion end every token at once', async () => {
    const call = await as(admin)
    for (const [method, path, body] of [
      ['POST', 'deactivate', undefined],
      ['PUT', 'password', { password: 'four blue tractors dance' }],
      ['DELETE', '', undefined],
    ] as const) {
      await auth.accounts.reactivate(member.id)
      const theirs = await as(member)
      assert.equal((await theirs('GET', '/me')).statusCode, 200)
      const url = `/admin/users/${member.id}/${path}`.replace(/\/$/, '')
      assert.ok((await call(method, url, body)).statusCode < 300)
      assertProblem(await theirs('GET', '/me'), 401, 'Could not validate credentials')
    }
    assertProblem(await call('GET', `/admin/users/${member.id}`), 404, 'There is no such user.')
  })

  test('a reactivated user logs in again', async () => {
    const call = await as(admin)
    await call('POST', `/admin/users/${member.id}/deactivate`)
    const answer = await call('POST', `/admin/users/${member.id}/reactivate`)
    assert.equal(answer.json().active, true)
    const headers = { authorization: `Bearer ${(await login('bob')).json().access_token}` }
    assert.equal((await app.inject({ url: '/me', headers })).statusCode, 200)
  })

  test('the last active administrator stays one', async () => {
    const call = await as(admin)
    const other = await auth.accounts.create({ username: 'z', password: null, role: 'admin' })
    await auth.accounts.deactivate(other.id)
    const path = `/admin/users/${admin.id}`
    assertProblem(await call('PUT', `${path}/role`, { role: 'member' }), 409, /last active/)
    assertProblem(await call('POST', `${path}/deactivate`), 409, /last active/)
    assertProblem(await call('DELETE', path), 409, /last active/)
    await auth.accounts.reactivate(other.id)
    assert.equal((await call('DELETE', path)).statusCode, 204)
  })

  test('an id that nobody has is 404, whatever it is', async () => {
    const call = await as(admin)
    for (const id of ['x', member.id.toUpperCase(), '__proto__', "'%20or%201=1"]) {
      assertProblem(await call('GET', `/admin/users/${id}`), 404)
      assertProblem(await call('POST', `/admin/users/${id}/deactivate`), 404)
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

describe('every answer', () => {
  test('of an error is a problem, without what was sent', async () => {
    assertProblem(await app.inject('/nowhere'), 404)
    assertProblem(await app.inject('/%zz?secret=canary'), 400, 'The path cannot be read.')
    assertProblem(await app.inject({ method: 'TRACE' as never, url: '/me' }), 404)
    const call = await as(admin)
    const answer = await call('POST', '/admin/users', { username: ['canary'], password: {} })
    assertProblem(answer, 400)
    assert.doesNotMatch(answer.body, /canary/)
  })

  test('carries the headers of security (HH-06)', async () => {
    for (const path of ['/me', '/nowhere', '/health/live', '/openapi.json']) {
      const { headers } = await app.inject(path)
      assert.equal(headers['x-content-type-options'], 'nosniff', path)
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.match(String(headers['content-security-policy']), /default-src 'none'/)
      assert.equal(headers['x-powered-by'], undefined)
    }
  })
})

test('a body larger than 64 KiB is refused (HH-01)', async () => {
  const call = await as(admin)
  const body = { username: 'x', password: 'p'.repeat(70_000) }
  assertProblem(await call('POST', '/admin/users', body), 413)
})

test('the log holds no password, token or query (LA-04)', async () => {
  const answer = await login('ann')
  await login('ann', 'wrong-canary')
  const { access_token, refresh_token } = answer.json()
  const headers = { authorization: `Bearer ${access_token}` }
  await app.inject({ url: '/me?password=query-canary', headers })
  await app.inject({ url: `/nowhere?token=${access_token}` })
  const log = lines.join('')
  assert.match(log, /"path":"\/me"|"url":"\/me/)
  for (const secret of [goodPassword, 'wrong-canary', access_token, refresh_token]) {
    assert.ok(!log.includes(secret))
  }
})

test('bytes that are no HTTP get 400 or 431, and the server goes on (HH-10)', async () => {
  await app.listen({ port: 0 })
  const { port } = app.server.address() as { port: number }
  for (const [bytes, status] of [
    ['\0\x01\x02 garbage\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    [`GET /me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'x'.repeat(100_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connect(port)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    // The server may close while the bytes are still on their way.
    socket.on('error', () => {})
    socket.write(bytes)
    await once(socket, 'close')
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(answer, /application\/problem\+json/)
  }
  assert.equal((await fetch(`http://127.0.0.1:${port}/health/live`)).status, 200)
})
