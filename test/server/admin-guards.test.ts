// Which users reach the administrators' routes. Each route that the router lists is tried.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { decodeJwt } from 'jose'
import type { Auth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import { buildApp } from '../../src/server/app.ts'
import { permissions } from '../../src/server/permissions.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { assertProblem, login } from './fixtures.ts'

interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
}

const everything = Object.keys(permissions)
let auth: Auth
let app: FastifyInstance
let routes: readonly Route[]

before(async () => {
  auth = await createTestAuth({
    permissions,
    roles: { admin: ['*'], helpdesk: everything, member: [] },
    clients: [
      {
        id: 'job',
        secret: 'a secret of 32 bytes, for a test',
        scopes: everything,
        grants: ['client_credentials'],
      },
    ],
  })
  for (const role of ['admin', 'helpdesk']) {
    await auth.users.create({ username: role, password: goodPassword, role })
  }
  app = await buildApp({ auth })
  routes = listRoutes(app).filter(({ url }) => url.startsWith('/admin/'))
})
after(async () => {
  await app.close()
  await auth.close()
})

/** Every route of an application, read from the tree that its router prints. */
function listRoutes(app: FastifyInstance): readonly Route[] {
  const above: string[] = []
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', path = '', methods = ''] = /^(.*?)─ (\S+) \((.*)\)$/.exec(line) ?? []
      if (path === '') return []
      const depth = Math.floor(indent.length / 4)
      above.length = depth
      const url = `${above[depth - 1] ?? ''}${path}`.replace(/^\/+/, '/')
      above[depth] = url
      return methods.split(', ').map((method) => ({ method, url }) as Route)
    })
}

async function send(
  { method, url }: Route,
  token: string | undefined,
): Promise<LightMyRequestResponse> {
  return await app.inject({
    method,
    url: url.replace(/:\w+/g, '00000000-0000-4000-8000-000000000000'),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(['POST', 'PUT'].includes(method) && { payload: {} }),
  })
}

async function tokenOf(username: string, scopes: readonly string[]): Promise<string> {
  const answer = await login(app, username, { scope: scopes.join(' ') })
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.json().access_token
}

/** What a route needs: to read, or to write, what its path begins with. */
function permissionFor({ method, url }: Route): string {
  const [, , subject] = url.split('/')
  return `${subject}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}`
}

test('the routes that are tried are those of the administrators', () => {
  const names = routes.map(({ method, url }) => `${method} ${url}`)
  for (const name of [
    'GET /admin/stats',
    'HEAD /admin/users',
    'PUT /admin/users/:id/role',
    'DELETE /admin/users/:id/sessions/:session',
    'GET /admin/events',
  ]) {
    assert.ok(names.includes(name), name)
  }
  assert.ok(names.length >= 20)
})

test('a role with every permission but * gets through to none of them (AZ-11)', async () => {
  const token = await tokenOf('helpdesk', everything)
  for (const route of routes) {
    const answer = await send(route, token)
    assert.equal(answer.statusCode, 403, `${route.method} ${route.url}`)
    if (route.method !== 'HEAD') assertProblem(answer, 403, 'Not enough permissions')
  }
  const helpdesk = await auth.users.findByUsername('helpdesk')
  const raised = await app.inject({
    method: 'PUT',
    url: `/admin/users/${helpdesk?.id}/role`,
    headers: { authorization: `Bearer ${token}` },
    payload: { role: 'admin' },
  })
  assert.equal(raised.statusCode, 403)
  assert.equal((await auth.users.findByUsername('helpdesk'))?.role, 'helpdesk')
})

test("a client's own token gets through to none of them", async () => {
  const answer = await app.inject({
    method: 'POST',
    url: '/auth/token',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${btoa(`job:${encodeURIComponent('a secret of 32 bytes, for a test')}`)}`,
    },
    payload: `grant_type=client_credentials&scope=${encodeURIComponent(everything.join(' '))}`,
  })
  const token: string = answer.json().access_token
  assert.equal(decodeJwt(token).scope, everything.join(' '))
  for (const route of routes) {
    const { statusCode } = await send(route, token)
    assert.ok(
      statusCode === 401 || statusCode === 403,
      `${route.method} ${route.url} ${statusCode}`,
    )
  }
})

test('without credentials there is no way to any of them', async () => {
  for (const route of routes) {
    assert.equal((await send(route, undefined)).statusCode, 401, `${route.method} ${route.url}`)
  }
})

test("an administrator's token needs the permission of each route, and no other", async () => {
  const only = new Map<string, string>()
  const without = new Map<string, string>()
  for (const permission of everything) {
    only.set(permission, await tokenOf('admin', [permission]))
    without.set(
      permission,
      await tokenOf(
        'admin',
        everything.filter((each) => each !== permission),
      ),
    )
  }
  for (const route of routes) {
    const permission = permissionFor(route)
    assert.ok(everything.includes(permission), `${permission} is no permission`)
    const refused = await send(route, without.get(permission))
    assert.equal(refused.statusCode, 403, `${route.method} ${route.url} without ${permission}`)
    const challenge = String(refused.headers['www-authenticate'])
    assert.match(challenge, /error="insufficient_scope"/)
    assert.ok(challenge.endsWith(`scope="${permission}"`), challenge)
    const { statusCode } = await send(route, only.get(permission))
    assert.ok(
      [200, 204, 400, 404].includes(statusCode),
      `${route.method} ${route.url} with ${permission}: ${statusCode}`,
    )
  }
})

test("a session is ended by its own user's path, and by no other's", async () => {
  const admin = await tokenOf('admin', [])
  const { sub: adminId } = decodeJwt(admin)
  const helpdesk = await tokenOf('helpdesk', [])
  const { sub: helpdeskId, sid } = decodeJwt(helpdesk)
  const end = async (url: string, token: string) =>
    (await app.inject({ method: 'DELETE', url, headers: { authorization: `Bearer ${token}` } }))
      .statusCode
  const sessionOf = (id: unknown) => `/admin/users/${id}/sessions/${sid}`
  assert.equal(await end(sessionOf(adminId), admin), 404)
  assert.equal(await end(`/me/sessions/${sid}`, admin), 404)
  assert.notEqual(await auth[internals].store.sessions.find(String(sid)), null)
  assert.equal(
    (await auth.sessions.list(String(helpdeskId))).some(({ id }) => id === sid),
    true,
  )
  assert.equal(await end(sessionOf(helpdeskId), admin), 204)
})
