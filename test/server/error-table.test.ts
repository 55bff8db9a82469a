// The table of errors of docs/server.md: each of its rows is tried, or names the test that does.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { login, otherPassword } from './fixtures.ts'

const secret = 'a secret of at least 32 bytes, for a test'
let auth: Auth
let app: FastifyInstance
let admin: { readonly authorization: string }
let member: { readonly authorization: string }

before(async () => {
  auth = await createTestAuth({
    clients: [
      { id: 'backend', secret },
      { id: 'other', secret, grants: [], introspect: false },
    ],
  })
  await auth.users.create({ username: 'alice', password: goodPassword, role: 'admin' })
  await auth.users.create({ username: 'bob', password: goodPassword })
  app = await buildApp({ auth })
  admin = bearer((await login(app, 'alice')).json().access_token)
  member = bearer((await login(app, 'bob')).json().access_token)
})

after(async () => {
  await app.close()
  await auth.close()
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const basic = (id: string, password = secret) => ({
  authorization: `Basic ${btoa(`${id}:${encodeURIComponent(password)}`)}`,
})
const get = (url: string, headers = {}) => app.inject({ url, headers })
const send = (
  method: 'POST' | 'PUT',
  url: string,
  payload: InjectOptions['payload'],
  headers = admin,
) => app.inject({ method, url, headers, ...(payload !== undefined && { payload }) })
const form = (body: string, headers: Readonly<Record<string, string>> = {}, url = '/auth/token') =>
  app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: body,
  })

type Answers = () => Promise<readonly LightMyRequestResponse[]>

/** By what their first cells begin with. A path is that of a test. */
const cases: Readonly<Record<string, Answers | string>> = {
  'no credentials': async () => [await get('/me')],
  'two Authorization headers': async () => [await get('/me', bearer('a, Bearer b'))],
  'a token that is not a JWT': async () => [
    await get('/me', bearer('abc')),
    await get('/me', bearer('a b')),
    await get('/me', bearer('abc$def')),
  ],
  'deactivated or suspended user': async () => {
    const user = await auth.users.create({ username: 'carol', password: goodPassword })
    const before = (await login(app, 'carol')).json().access_token
    await auth.users.deactivate(user.id)
    const since = (await login(app, 'carol')).json().access_token
    return [await get('/me', bearer(before)), await get('/me', bearer(since))]
  },
  'a token of another issuer': 'test/server/issuers.test.ts',
  'wrong role': async () => [await get('/admin/stats', member)],
  'missing permission': async () => {
    const narrow = await login(app, 'alice', { scope: 'users:read' })
    return [await get('/admin/stats', bearer(narrow.json().access_token))]
  },
  'wrong username or password': async () => [await form('username=nobody&password=wrong')],
  'a token request with': async () => [
    await form('username=alice&username=bob&password=x'),
    await form('username=alice'),
    await form('username=alice&password=x%0Ay'),
    await form('username=alice&password=x%00y'),
    await send('POST', '/auth/token', { username: 'alice', password: goodPassword }),
  ],
  'a refresh token that is': async () => {
    const { refresh_token } = (await login(app, 'alice')).json()
    const grant = 'grant_type=refresh_token&refresh_token='
    return [await form(`${grant}unknown`), await form(grant + refresh_token, basic('backend'))]
  },
  'revocation by': async () => {
    const { refresh_token } = (await login(app, 'alice')).json()
    return [await form(`token=${refresh_token}`, basic('backend'), '/auth/revoke')]
  },
  'another grant type': async () => [
    await form('grant_type=authorization_code'),
    await login(app, 'alice', { scope: 'no:such' }),
  ],
  'a malformed `Basic` header': async () => [
    await form('username=alice&password=x', { authorization: 'Basic ???' }),
    await form('username=alice&password=x', basic('unknown')),
    await form('username=alice&password=x', basic('backend', 'another secret')),
  ],
  'client credentials in the header and': async () => [
    await form('username=alice&password=x&client_id=backend&client_secret=x', basic('backend')),
  ],
  'a grant, or introspection': async () => [
    await form('username=alice&password=x', basic('other')),
    await form('token=x', basic('other'), '/auth/introspect'),
  ],
  'a body larger than': async () => [
    await form(`username=alice&password=${'x'.repeat(16 * 1024)}`),
    await send('POST', '/admin/users', { username: 'x'.repeat(64 * 1024) }),
  ],
  'a compressed form': async () => [
    await form('username=alice&password=x', { 'content-encoding': 'gzip' }),
    await app.inject({
      method: 'POST',
      url: '/admin/users',
      headers: { ...admin, 'content-type': 'text/plain' },
      payload: 'alice',
    }),
  ],
  'a method that the path': async () => [
    await get('/auth/token'),
    await get('/auth/revoke'),
    await get('/auth/introspect'),
    await send('POST', '/me', {}),
  ],
  'a path and headers larger': 'test/server/app.test.ts',
  'a body that does not fit': async () => [await send('POST', '/admin/users', { name: 'dave' })],
  'a username or password that is refused': async () => [
    await send('POST', '/admin/users', { username: 'a b', password: otherPassword }),
    await send('POST', '/admin/users', { username: 'dave', password: 'short' }),
    await send('POST', '/admin/users', { username: 'dave', password: otherPassword, role: 'no' }),
  ],
  'the wrong old password': async () => [
    await send('PUT', '/me/password', { old_password: 'wrong', new_password: otherPassword }),
  ],
  'an issuer or subject': async () => {
    const { id } = (await get('/me', member)).json()
    const identity = { issuer: 'https://elsewhere.example', subject: 'x' }
    return [await send('POST', `/admin/users/${id}/identities`, identity)]
  },
  'a taken username': async () => {
    const { id } = (await get('/me', admin)).json()
    return [
      await send('POST', '/admin/users', { username: 'bob', password: otherPassword }),
      await send('PUT', `/admin/users/${id}/role`, { role: 'member' }),
    ]
  },
  'the right password of a deactivated': async () => {
    const user = await auth.users.create({ username: 'dora', password: goodPassword })
    await auth.users.deactivate(user.id)
    return [await login(app, 'dora')]
  },
  'the right password of a user who needs': 'test/server/factors/login.test.ts',
  'a second factor that is wrong': 'test/server/factors/login.test.ts',
  'an API key where a login is needed': 'test/http/guards/api-keys.test.ts',
  'a link that was used': 'test/server/accounts/links.test.ts',
  'a login that is too old': 'test/http/guards/recent-login.test.ts',
  'too many wrong old passwords': 'test/server/throttle.test.ts',
  'a body of another type than JSON': async () => [
    await app.inject({
      method: 'POST',
      url: '/admin/users',
      headers: { ...admin, 'content-type': 'text/plain' },
      payload: 'alice',
    }),
  ],
  'too many failed logins': async () => {
    for (let attempt = 0; attempt < 6; attempt++) await form('username=erin&password=wrong')
    return [await form('username=erin&password=wrong')]
  },
  'too many logins at once': 'test/server/database-lost.test.ts',
}

const page = readFileSync(join(root, 'docs/server.md'), 'utf8')
const tables = [...page.matchAll(/^\| what \| answer \|\n[|-]+\n([\s\S]*?)\n\n/gm)]
const rows = tables
  .flatMap(([, table = '']) => [...table.matchAll(/^\| (.*) \| (.*) \|$/gm)])
  .map(([, what = '', answer = '']) => ({ what, answer }))

test('each row of the table of errors is told once, and tried here or elsewhere', () => {
  const known = Object.keys(cases)
  const found = rows.map(({ what }) => known.filter((start) => what.startsWith(start)).join())
  assert.deepEqual(found.toSorted(), known.toSorted())
  for (const path of Object.values(cases)) {
    if (typeof path === 'string') assert.ok(existsSync(join(root, path)), path)
  }
})

for (const { what, answer } of rows) {
  const [, answers] = Object.entries(cases).find(([start]) => what.startsWith(start)) ?? []
  if (typeof answers !== 'function') continue
  test(`as the table of errors says: ${what}`, async () => {
    const [, status] = /^(\d{3})/.exec(answer) ?? []
    const codes = [...answer.matchAll(/`(?:error=")?([a-z_]+)"?`/g)].map(([, code = '']) => code)
    for (const { statusCode, headers, body } of await answers()) {
      assert.equal(String(statusCode), status, body)
      const said = `${headers['www-authenticate'] ?? ''} ${body}`
      assert.ok(codes.length === 0 || codes.some((code) => said.includes(code)), said)
      for (const [, sentence = ''] of answer.replace(/`[^`]*`/g, '').matchAll(/"([^"]+)"/g)) {
        assert.ok(body.includes(sentence), body)
      }
      for (const [, name = '', value = ''] of answer.matchAll(/`([A-Z][\w-]+)(?:: (\w+))?`/g)) {
        const sent = headers[name.toLowerCase()]
        assert.ok(sent !== undefined && String(sent).startsWith(value), `${name}: ${sent}`)
      }
    }
  })
}
