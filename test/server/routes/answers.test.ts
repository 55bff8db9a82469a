import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../../src/core/auth.ts'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import { buildApp } from '../../../src/server/app.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'

interface Operation {
  readonly operationId?: string
  readonly responses: Readonly<Record<string, { description: string; content?: object }>>
}

let auth: Auth
let app: FastifyInstance
let operations: Map<string, Operation>
before(async () => {
  auth = await createTestAuth()
  app = await buildApp({ auth })
  const { paths } = (await app.inject('/openapi.json')).json() as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  operations = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    ),
  )
})
after(() => app.close())

test('every route of the document has a name of its own, and describes its answers', () => {
  assert.ok(operations.size > 20)
  const names = new Set<string>()
  for (const [route, { operationId = '', responses }] of operations) {
    assert.match(operationId, /^[a-z]\w+$/, route)
    names.add(operationId)
    for (const [status, { description }] of Object.entries(responses)) {
      assert.doesNotMatch(description, /^(Default Response|OK|)$/, `${route} ${status}`)
    }
  }
  assert.equal(names.size, operations.size)
})

test('the problems that a route answers with are in its documentation, as problems', async () => {
  const admin = await auth.users.create({
    username: 'admin',
    password: goodPassword,
    role: 'admin',
  })
  const authorization = `Bearer ${await createAccessToken(auth, admin.id)}`
  for (const [route, url, payload, status] of [
    ['POST /admin/users', '/admin/users', { username: 'x' }, 400],
    ['POST /admin/users', '/admin/users', { username: 'admin', password: goodPassword }, 409],
    ['POST /admin/users', '/admin/users', { username: 'x', password: 'x' }, 422],
    ['GET /admin/users', '/admin/users?limit=x', undefined, 400],
    ['GET /admin/users/{id}', '/admin/users/x', undefined, 404],
    ['DELETE /admin/users/{id}', `/admin/users/${admin.id}`, undefined, 409],
    ['PUT /admin/users/{id}/role', `/admin/users/${admin.id}/role`, { role: 'x' }, 422],
    ['PUT /admin/users/{id}/role', `/admin/users/${admin.id}/role`, { role: 'member' }, 409],
    ['POST /admin/users/{id}/deactivate', `/admin/users/${admin.id}/deactivate`, undefined, 409],
    ['DELETE /me/sessions/{session}', '/me/sessions/x', undefined, 404],
    [
      'PUT /me/password',
      '/me/password',
      { old_password: 'x', new_password: 'three green tractors sing' },
      400,
    ],
    ['PUT /me/password', '/me/password', { old_password: goodPassword, new_password: 'x' }, 422],
  ] as const) {
    const method = route.split(' ', 1)[0] as 'GET'
    const answer = await app.inject({
      method,
      url,
      headers: { authorization },
      ...(payload && { payload }),
    })
    assert.equal(answer.statusCode, status, `${route}: ${answer.body}`)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    const documented = operations.get(route)?.responses[status]
    assert.ok(documented, `${route} ${status}`)
    assert.deepEqual(Object.keys(documented.content ?? {}), ['application/problem+json'])
  }
})
