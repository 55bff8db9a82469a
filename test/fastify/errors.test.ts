// How an application's own routes answer the errors of the library, without doing anything.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { UnavailableError } from '../../src/core/errors.ts'
import { answerError, portcullis, secured } from '../../src/fastify/index.ts'
import { guard } from '../../src/http/guards/guard.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'

const problemType = 'application/problem+json; charset=utf-8'

function addRoutes(app: FastifyInstance, auth: Auth): void {
  const { activeUser, requireRole } = createGuards(auth)
  app.post('/register', async (request, reply) => {
    const { username, password } = request.body as { username: string; password: string }
    const user = await auth.users.create({ username, password })
    return reply.code(201).send({ id: user.id })
  })
  app.get(
    '/me',
    secured(activeUser, ({ username }) => ({ username })),
  )
  app.get('/admin', { onRequest: requireRole('admin') }, () => 'inside')
  app.post('/clients', () => auth.clients.register({ id: 'a b', confidential: false }))
  app.get('/down', () => {
    throw new UnavailableError('The database does not answer', 3, { cause: new Error('secret') })
  })
  app.get('/mistake', () => {
    throw new TypeError('x is not a function')
  })
  app.get('/thrown', () => {
    throw { statusCode: 418, tea: true }
  })
}

async function createApp(
  options: { answerErrors?: boolean } = {},
  prepare: (app: FastifyInstance) => void = () => {},
) {
  const auth = await createTestAuth()
  const app = Fastify()
  prepare(app)
  await app.register(portcullis, { auth, ...options })
  addRoutes(app, auth)
  return { app, auth }
}

const register = (app: FastifyInstance, username: string, password: string) =>
  app.inject({ method: 'POST', url: '/register', payload: { username, password } })

describe('an application that does nothing about errors', () => {
  test('answers a taken username with 409 and a refused password with 422', async () => {
    const { app } = await createApp()
    assert.equal((await register(app, 'alice', goodPassword)).statusCode, 201)
    const taken = await register(app, 'Alice', goodPassword)
    assert.equal(taken.statusCode, 409)
    assert.equal(taken.headers['content-type'], problemType)
    assert.equal(taken.json().title, 'Conflict')
    const refused = await register(app, 'bob', 'short')
    assert.equal(refused.statusCode, 422)
    assert.equal(refused.headers['content-type'], problemType)
    assert.ok(refused.json().errors.length > 0)
  })

  test('answers other changes that are refused, and what is unavailable, too', async () => {
    const { app } = await createApp()
    const invalid = await app.inject({ method: 'POST', url: '/clients' })
    assert.equal(invalid.statusCode, 422)
    const down = await app.inject('/down')
    assert.equal(down.statusCode, 503)
    assert.equal(down.headers['retry-after'], '3')
    assert.doesNotMatch(down.body, /secret/)
  })

  test('answers in scopes that are registered after the plugin', async () => {
    const { app, auth } = await createApp()
    await app.register(
      async (scope) => {
        scope.get('/taken', () => auth.users.create({ username: '', password: null }))
      },
      { prefix: '/deep' },
    )
    assert.equal((await app.inject('/deep/taken')).statusCode, 422)
  })

  test('leaves mistakes to Fastify', async () => {
    const { app } = await createApp()
    const mistake = await app.inject('/mistake')
    assert.equal(mistake.statusCode, 500)
    assert.match(String(mistake.headers['content-type']), /^application\/json/)
  })
})

function ownFormat(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = answerError(error)
  const status = answer?.status ?? (error as { statusCode?: number }).statusCode ?? 500
  reply.code(status).headers(answer?.headers ?? {})
  return reply.type('application/json').send({ ours: true, why: answer?.body.detail, seen: error })
}

describe("an application's own error handler", () => {
  for (const when of ['before', 'after'] as const) {
    test(`set ${when} the plugin keeps every error that is not of the library`, async () => {
      const { app } = await createApp({}, (made) => {
        if (when === 'before') made.setErrorHandler(ownFormat)
      })
      if (when === 'after') app.setErrorHandler(ownFormat)
      const mistake = await app.inject('/mistake')
      assert.deepEqual([mistake.statusCode, mistake.json().ours], [500, true])
      const thrown = await app.inject('/thrown')
      assert.deepEqual(
        [thrown.statusCode, thrown.json().seen],
        [418, { statusCode: 418, tea: true }],
      )
      assert.equal((await app.inject('/me')).headers['content-type'], problemType)
      assert.equal((await register(app, 'bob', 'short')).headers['content-type'], problemType)
    })
  }

  test('gets the errors of the library too if it asks to, for one format of all (BR-02)', async () => {
    const { app } = await createApp({ answerErrors: false }, (made) => {
      made.setErrorHandler(ownFormat)
    })
    await register(app, 'alice', goodPassword)
    for (const [url, status] of [
      ['/me', 401],
      ['/admin', 401],
      ['/down', 503],
      ['/mistake', 500],
    ] as const) {
      const answer = await app.inject(url)
      assert.deepEqual([answer.statusCode, answer.json().ours], [status, true], url)
    }
    assert.equal((await app.inject('/me')).headers['www-authenticate'], 'Bearer')
    const taken = await register(app, 'alice', goodPassword)
    assert.deepEqual([taken.statusCode, taken.json().ours], [409, true])
  })

  test('never gets the errors of the OAuth endpoints, whose form RFC 6749 says', async () => {
    const { app } = await createApp({ answerErrors: false }, (made) => {
      made.setErrorHandler(ownFormat)
    })
    const answer = await app.inject({ method: 'POST', url: '/auth/token', payload: {} })
    assert.deepEqual([answer.statusCode, answer.json().error], [400, 'invalid_request'])
  })

  test('of a route stands before ours', async () => {
    const { app, auth } = await createApp()
    const create = () => auth.users.create({ username: '', password: null })
    app.get('/own', { errorHandler: ownFormat }, create)
    const answer = await app.inject('/own')
    assert.deepEqual([answer.statusCode, answer.json().ours], [422, true])
  })

  test('without one, guards still refuse with their status and challenge', async () => {
    const { app } = await createApp({ answerErrors: false })
    const refused = await app.inject('/me')
    assert.equal(refused.statusCode, 401)
    assert.equal(refused.headers['www-authenticate'], 'Bearer')
  })
})

test('a thrown value that is no error is passed on as it was thrown', async () => {
  const seen: unknown[] = []
  const app = Fastify()
  app.setErrorHandler((error, _request, reply) => {
    seen.push(error)
    return reply.code(500).send({ detail: 'no' })
  })
  await app.register(portcullis, { auth: await createTestAuth() })
  app.get('/text', () => {
    throw 'no entry'
  })
  app.get('/guard', { onRequest: guard(() => Promise.reject('not you')) }, () => 'secret')
  for (const url of ['/text', '/guard']) {
    const answer = await app.inject(url)
    assert.deepEqual([answer.statusCode, answer.json()], [500, { detail: 'no' }])
  }
  assert.deepEqual(seen, ['no entry', 'not you'])
})
