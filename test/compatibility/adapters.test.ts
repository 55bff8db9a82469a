// The option `compatibility` has the same answers in every framework.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import express, { type ErrorRequestHandler } from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import * as onExpress from '../../src/express/index.ts'
import * as onFastify from '../../src/fastify/index.ts'
import * as onHono from '../../src/hono/index.ts'
import * as web from '../../src/web/index.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'

const auth = await createTestAuth({
  roles: { member: ['me', 'items'], admin: ['*'] },
  compatibility: 'fastapi',
})
const { activeUser, requirePermission, requireRole } = web.createGuards(auth)
const meAndItems = requirePermission('me', 'items')
const administrator = requireRole('admin')

const alice = await auth.users.create({ username: 'alice', password: goodPassword })
const gone = await auth.users.create({ username: 'gone', password: goodPassword })
await auth.users.deactivate(gone.id)
const bearerOf = async (id: string, scopes?: readonly string[]) =>
  `Bearer ${await createAccessToken(auth, id, scopes)}`
const full = await bearerOf(alice.id)
const narrow = await bearerOf(alice.id, ['me'])

type Call = (
  path: string,
  init?: {
    readonly method?: string
    readonly headers?: Record<string, string>
    readonly body?: string
  },
) => Promise<Response>

const signUp = () => auth.users.create({ username: 'alice', password: null })

/** Calls a server on Node until the tests end. */
async function serve(listener: Parameters<typeof createServer>[1]): Promise<Call> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  const { port } = server.address() as AddressInfo
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init)
}

async function createFastify(): Promise<Call> {
  const app = Fastify()
  await app.register(onFastify.portcullis, { auth, docs: false })
  app.get('/me', { onRequest: activeUser }, () => 'reached')
  app.get('/items', { onRequest: meAndItems }, () => 'reached')
  app.get('/taken', onFastify.secured(activeUser, signUp))
  app.get('/sign-up', signUp)
  await app.register(
    onFastify.guarded(administrator, async (scope) => void scope.get('/', () => 'reached')),
    { prefix: '/admin' },
  )
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  after(() => app.close())
  return (path, init) => fetch(url + path, init)
}

function createHono(): Call {
  const app = new Hono()
  app.use(onHono.oauthEndpoints(auth, () => '192.0.2.1'))
  app.get(
    '/me',
    onHono.secured(activeUser, (_user, context) => context.text('reached')),
  )
  app.get(
    '/items',
    onHono.secured(meAndItems, (_user, context) => context.text('reached')),
  )
  app.get(
    '/taken',
    onHono.secured(activeUser, async (_user, context) => context.json(await signUp())),
  )
  app.get('/sign-up', async (context) => context.json(await signUp()))
  app.use('/admin/*', onHono.guarded(administrator))
  app.get('/admin/', (context) => context.text('reached'))
  app.onError(
    (error, context) => web.refusalResponse(error, auth) ?? onHono.answerErrors(error, context),
  )
  return async (path, init) => app.request(path, init)
}

function createExpress(): Promise<Call> {
  const app = express()
  app.use(onExpress.oauthEndpoints(auth))
  app.get(
    '/me',
    onExpress.secured(activeUser, (_user, _request, response) => response.send('reached')),
  )
  app.get(
    '/items',
    onExpress.secured(meAndItems, (_user, _request, response) => response.send('reached')),
  )
  app.get(
    '/taken',
    onExpress.secured(activeUser, async (_user, _request, response) =>
      response.json(await signUp()),
    ),
  )
  app.get('/sign-up', async (_request, response) => void response.json(await signUp()))
  app.use('/admin', onExpress.guarded(administrator), (_request, response) => {
    response.send('reached')
  })
  const answerErrors: ErrorRequestHandler = (error, _request, response, next) => {
    if (!web.sendRefusal(error, response, auth)) next(error)
  }
  app.use(answerErrors)
  return serve(app)
}

function createWeb(): Call {
  const answerOAuth = web.oauthEndpoints(auth)
  const reached = () => new Response('reached')
  const routes: Readonly<Record<string, web.WebHandler>> = {
    '/me': web.secured(activeUser, reached),
    '/items': web.secured(meAndItems, reached),
    '/admin/': web.secured(administrator, reached),
    '/taken': web.secured(activeUser, async () => Response.json(await signUp())),
    '/sign-up': web.secured(
      web.guard(() => null, { compatibility: { like: 'fastapi' } }),
      async () => Response.json(await signUp()),
    ),
  }
  return async (path, init) => {
    const request = new Request(`http://localhost${path}`, init)
    return (await answerOAuth(request, '192.0.2.1')) ?? (await routes[path]?.(request)) ?? reached()
  }
}

/** Path, authorization, and the answer: status, body and challenge. */
const rows: readonly (readonly [string, string | undefined, number, string, string?])[] = [
  ['/me', undefined, 401, 'Not authenticated', 'Bearer'],
  ['/items', undefined, 401, 'Not authenticated', 'Bearer'],
  ['/me', 'Bearer forged', 401, 'Could not validate credentials', 'Bearer'],
  ['/items', 'Bearer forged', 401, 'Could not validate credentials', 'Bearer scope="me items"'],
  ['/items', narrow, 401, 'Not enough permissions', 'Bearer scope="me items"'],
  ['/me', await bearerOf(gone.id), 400, 'Inactive user'],
  ['/admin/', full, 403, 'Not enough permissions'],
  ['/taken', full, 409, 'The username is taken.'],
  ['/sign-up', undefined, 409, 'The username is taken.'],
]

for (const [framework, call] of [
  ['Fastify', await createFastify()],
  ['Hono', createHono()],
  ['Express', await createExpress()],
  ['web', createWeb()],
] as const) {
  describe(`on ${framework}, like FastAPI`, () => {
    for (const [path, authorization, status, detail, challenge] of rows) {
      const shown = authorization?.replace(/^Bearer e.*/, 'a token of ours') ?? 'nothing'
      test(`${path} with ${shown} is ${status}: ${detail}`, async () => {
        const answer = await call(path, { headers: authorization ? { authorization } : {} })
        assert.equal(answer.status, status)
        assert.deepEqual(await answer.json(), { detail })
        assert.equal(answer.headers.get('www-authenticate'), challenge ?? null)
        assert.match(String(answer.headers.get('content-type')), /^application\/json(;|$)/)
      })
    }

    test('a token with the scopes passes', async () => {
      const answer = await call('/items', { headers: { authorization: full } })
      assert.deepEqual([answer.status, await answer.text()], [200, 'reached'])
    })

    test('a wrong password is 401 with the detail alone', async () => {
      const answer = await call('/auth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'username=nobody&password=wrong',
      })
      assert.equal(answer.status, 401)
      assert.deepEqual(await answer.json(), { detail: 'Incorrect username or password' })
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
      assert.equal(answer.headers.get('cache-control'), 'no-store')
    })
  })
}

test('on Fastify the challenge names the scopes of every guard of the route, outermost first', async () => {
  const app = Fastify()
  await app.register(onFastify.portcullis, { auth, docs: false })
  await app.register(
    onFastify.guarded(requirePermission('me'), async (scope) => {
      scope.get('/items', { onRequest: requirePermission('items') }, () => 'reached')
    }),
  )
  const answer = await app.inject({ url: '/items', headers: { authorization: narrow } })
  assert.equal(answer.statusCode, 401)
  assert.equal(answer.headers['www-authenticate'], 'Bearer scope="me items"')
  await app.close()
})

after(() => auth.close())
