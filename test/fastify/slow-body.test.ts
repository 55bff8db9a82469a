// A guard lets a request pass by its head. Its body may come minutes later, when that is no longer right.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import type { Store } from '../../src/core/store.ts'
import { guarded } from '../../src/fastify/guarded.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { secured } from '../../src/fastify/secured.ts'
import { optional } from '../../src/http/guards/combinators.ts'
import { guard } from '../../src/http/guards/guard.ts'
import { createGuards, type Guards } from '../../src/http/guards/guards.ts'
import { buildApp } from '../../src/server/app.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth } from '../fixtures.ts'
import { openSlowly, watchSubjects } from '../slow-request.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-slow-'))
after(() => rmSync(directory, { recursive: true, force: true }))

/** An application's security with two administrators, and when one of them was looked at. */
async function open(store: Store = memory()) {
  const looked = watchSubjects(store)
  const auth = await createTestAuth({ store })
  await auth.users.create({ username: 'root', password: null, role: 'admin' })
  const { id } = await auth.users.create({ username: 'alice', password: null, role: 'admin' })
  const headers = { authorization: `Bearer ${await createAccessToken(auth, id)}` }
  return { auth, id, headers, looked }
}

for (const [engine, store] of [
  ['in memory', memory],
  ['on SQLite', () => sqlite(join(directory, 'app.db'))],
] as const) {
  test(`the server makes no user for who was demoted before the body came, ${engine} (AZ-10)`, async (t) => {
    const { auth, id, headers, looked } = await open(store())
    const app = await buildApp({ auth })
    t.after(async () => {
      await app.close()
      await auth.close()
    })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const seen = looked()
    const body = { username: 'eve', password: 'vivid harbor ladle ox', role: 'admin' }
    const request = openSlowly(`${url}/admin/users`, { headers, body })
    await seen
    await auth.users.changeRole(id, 'member')
    assert.equal((await request.finish()).status, 403)
    assert.equal(await auth.users.findByUsername('eve'), null)
  })
}

describe('a guard is asked again when the body is here', () => {
  type Routes = (app: FastifyInstance, guards: Guards, handler: () => string) => unknown
  const forms: readonly (readonly [string, Routes])[] = [
    [
      'of a secured handler',
      (app, { activeUser }, handler) => app.post('/', secured(activeUser, handler)),
    ],
    [
      'as a hook of the route',
      (app, { activeUser }, handler) => app.put('/', { onRequest: activeUser }, handler),
    ],
    [
      'as a hook of the application',
      (app, { activeUser }, handler) => app.addHook('onRequest', activeUser).patch('/', handler),
    ],
    [
      'of a guarded scope',
      (app, { activeUser }, handler) =>
        app.register(
          guarded(activeUser, (scope) => {
            scope.delete('/', handler)
          }),
        ),
    ],
    [
      'behind other hooks of the route that take their time',
      (app, { activeUser }, handler) =>
        app.post('/', { preHandler: async () => {} }, secured(activeUser, handler)),
    ],
    [
      'that is optional',
      (app, { activeUser }, handler) => app.post('/', secured(optional(activeUser), handler)),
    ],
  ]
  for (const [name, addRoutes] of forms) {
    test(name, async (t) => {
      const { auth, id, headers, looked } = await open()
      const app = Fastify()
      t.after(() => app.close())
      await app.register(portcullis, { auth, docs: false })
      let handled = 0
      await app.register(async (scope) => {
        await addRoutes(scope, createGuards(auth), () => String(++handled))
      })
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      const [method = ''] = ['POST', 'PUT', 'PATCH', 'DELETE'].filter((method) =>
        app.hasRoute({ method, url: '/' }),
      )
      const slow = { method, headers, body: { a: 1 } }
      let seen = looked()
      let request = openSlowly(url, slow)
      await seen
      assert.equal((await request.finish()).body, '1')

      seen = looked()
      request = openSlowly(url, slow)
      await seen
      await auth.users.deactivate(id)
      assert.equal((await request.finish()).status, 403)
      assert.equal(handled, 1)
    })
  }

  test('with the guard of a guarded scope even without the plugin', async (t) => {
    const { auth, id, headers, looked } = await open()
    const app = Fastify()
    t.after(() => app.close())
    await app.register(
      guarded(createGuards(auth).activeUser, (scope) => {
        scope.post('/', () => assert.fail('was reached'))
      }),
    )
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const seen = looked()
    const request = openSlowly(url, { headers, body: {} })
    await seen
    await auth.users.deactivate(id)
    assert.equal((await request.finish()).status, 403)
  })
})

test('nothing of a route acts before the guard is asked again', async (t) => {
  const { auth, id, headers, looked } = await open()
  const app = Fastify()
  t.after(() => app.close())
  await app.register(portcullis, { auth, docs: false })
  let acted = 0
  const act = async (): Promise<void> => void acted++
  const { activeUser } = createGuards(auth)
  app.post('/', { preValidation: act, preHandler: act, handler: secured(activeUser, () => acted) })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const seen = looked()
  const request = openSlowly(url, { headers, body: {} })
  await seen
  await auth.users.deactivate(id)
  assert.equal((await request.finish()).status, 403)
  assert.equal(acted, 0)
})

test('a guard runs again for a body alone, and gives the handler what it says then', async () => {
  const app = Fastify()
  await app.register(portcullis, { auth: await createTestAuth(), docs: false })
  let runs = 0
  const counting = guard(() => ++runs)
  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/',
    handler: secured(counting, (run) => run),
  })
  app.get(
    '/read',
    secured(counting, (run) => run),
  )
  const value = async (method: 'GET' | 'HEAD' | 'POST' | 'DELETE', payload?: object) =>
    (await app.inject({ method, url: '/', ...(payload && { payload }) })).body
  assert.equal(await value('GET'), '1')
  assert.equal(await value('POST'), '2')
  assert.equal(await value('DELETE'), '3')
  assert.equal(await value('HEAD'), '')
  assert.equal(runs, 4)
  assert.equal(await value('POST', {}), '6')
  // Nobody reads the body of a GET.
  const unread = await app.inject({ method: 'GET', url: '/read', payload: {} })
  assert.equal(unread.body, '7')
})

test('a request that optional let pass without credentials is not refused for its body', async () => {
  const { auth } = await open()
  const app = Fastify()
  await app.register(portcullis, { auth, docs: false })
  app.post(
    '/',
    secured(optional(createGuards(auth).activeUser), (user) => user?.username ?? 'nobody'),
  )
  assert.equal((await app.inject({ method: 'POST', url: '/', payload: {} })).body, 'nobody')
})

for (const [requestTimeout, warnings] of [
  [0, 1],
  [15_000, 0],
] as const) {
  test(`an application whose requests may take ${requestTimeout || 'any'} ms is ${warnings ? '' : 'not '}warned of at start`, async () => {
    const lines: string[] = []
    const stream = { write: (line: string) => lines.push(line) }
    const app = Fastify({ requestTimeout, logger: { stream, level: 'warn' } })
    await app.register(portcullis, { auth: await createTestAuth(), docs: false })
    await app.listen({ host: '127.0.0.1', port: 0 })
    await app.close()
    assert.equal(lines.filter((line) => line.includes('requestTimeout')).length, warnings)
  })
}
