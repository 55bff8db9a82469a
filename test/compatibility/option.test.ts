import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify from 'fastify'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { ThrottledError, UserError } from '../../src/core/errors.ts'
import { createResourceServer } from '../../src/core/issuers/resource-server.ts'
import { answerError, portcullis, secured } from '../../src/fastify/index.ts'
import { optional } from '../../src/http/guards/combinators.ts'
import { guard } from '../../src/http/guards/guard.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { BearerError } from '../../src/http/refusal.ts'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'
import { createTestAuth } from '../fixtures.ts'

const issuers = [
  rfc9068({ issuer: 'https://b.example.com', audience: 'api', users: 'token' }),
] as const

describe('the option compatibility', () => {
  const whole = (owner: string) =>
    `The option compatibility of ${owner} must be 'fastapi', or an object such as { like: 'fastapi', incorrectPassword: 400 }.`
  for (const [option, problem] of [
    ['flask', whole],
    [null, whole],
    [['fastapi'], whole],
    [{}, () => "The option compatibility.like is missing: pass 'fastapi'."],
    [{ like: 'flask' }, (owner) => `The option compatibility.like of ${owner} must be 'fastapi'.`],
    [
      { like: 'fastapi', incorrectPassword: 403 },
      (owner) => `The option compatibility.incorrectPassword of ${owner} must be 400 or 401.`,
    ],
    [
      { like: 'fastapi', incorectPassword: 400 },
      () =>
        'The option compatibility has no option "incorectPassword". Did you mean incorrectPassword?',
    ],
  ] satisfies readonly (readonly [unknown, (owner: string) => string])[]) {
    test(`is refused as ${JSON.stringify(option)}`, async () => {
      const compatibility = option as NonNullable<AuthOptions['compatibility']>
      await assert.rejects(createTestAuth({ compatibility }), {
        problems: [problem('createAuth')],
      })
      assert.throws(() => createResourceServer({ issuers, compatibility }), {
        problems: [problem('createResourceServer')],
      })
    })
  }

  test('has a long form, which the short one stands for', async () => {
    for (const compatibility of ['fastapi', { like: 'fastapi' }] as const) {
      const auth = await createTestAuth({ compatibility })
      assert.deepEqual(auth.compatibility, { like: 'fastapi' })
      await auth.close()
    }
  })

  test('is none unless it is given', async () => {
    const auth = await createTestAuth()
    assert.equal(auth.compatibility, null)
    assert.equal('compatibility' in createGuards(auth).activeUser.documentation, false)
    const server = createResourceServer({ issuers })
    assert.equal(server.compatibility, null)
    await Promise.all([auth.close(), server.close()])
  })

  test('counts for the guards of a resource server', async () => {
    const server = createResourceServer({ issuers, compatibility: 'fastapi' })
    const app = Fastify()
    await app.register(portcullis, { auth: server, docs: false })
    app.get('/', { onRequest: createGuards(server).activeUser }, () => 'reached')
    const answer = await app.inject({ url: '/', headers: { authorization: 'Bearer forged' } })
    assert.equal(answer.statusCode, 401)
    assert.deepEqual(answer.json(), { detail: 'Could not validate credentials' })
    await Promise.all([app.close(), server.close()])
  })
})

describe('an answer like that of FastAPI', () => {
  const style = { compatibility: { like: 'fastapi' } } as const

  test('to another error has its status and headers, and every reason in the detail', () => {
    assert.deepEqual(answerError(new ThrottledError(7), style), {
      status: 429,
      headers: { 'retry-after': '7', 'content-type': 'application/json' },
      body: { detail: 'Too many failed attempts, try again later' },
    })
    const refused = new UserError('password_refused', ['Too short.', 'Well known.'])
    const answer = answerError(refused, style)
    assert.deepEqual([answer?.status, answer?.body], [422, { detail: 'Too short. Well known.' }])
    assert.equal(answerError(new TypeError('a mistake'), style), null)
  })

  test('names the scopes of the error where the guards are not known', () => {
    const { status, headers } =
      answerError(new BearerError('insufficient_scope', ['me']), style) ?? {}
    assert.deepEqual([status, headers?.['www-authenticate']], [401, 'Bearer scope="me"'])
  })

  test('to two headers is 400 still', () => {
    const { status, headers } = answerError(new BearerError('invalid_request'), style) ?? {}
    assert.deepEqual([status, headers?.['www-authenticate']], [400, 'Bearer'])
  })

  test('keeps what a guard says of itself through optional', async () => {
    const auth = await createTestAuth({ compatibility: 'fastapi' })
    const app = Fastify()
    await app.register(portcullis, { auth, docs: false, answerErrors: false })
    app.setErrorHandler((error, _request, reply) => {
      const answer = answerError(error, visitor.documentation)
      return reply.code(answer?.status ?? 500).send(answer?.body)
    })
    const visitor = optional(createGuards(auth).activeUser)
    app.get(
      '/',
      secured(visitor, (user) => ({ user })),
    )
    assert.deepEqual((await app.inject('/')).json(), { user: null })
    const forged = await app.inject({ url: '/', headers: { authorization: 'Bearer forged' } })
    assert.deepEqual(
      [forged.statusCode, forged.json()],
      [401, { detail: 'Could not validate credentials' }],
    )
    await Promise.all([app.close(), auth.close()])
  })
})

describe('the OpenAPI document of answers like those of FastAPI', () => {
  async function documented(compatibility: NonNullable<AuthOptions['compatibility']>) {
    const auth = await createTestAuth({ roles: { member: ['me'], admin: ['*'] }, compatibility })
    const { accessToken, requirePermission, requireRole } = createGuards(auth)
    const app = Fastify()
    await app.register(portcullis, { auth })
    app.get('/me', { onRequest: requirePermission('me') }, () => '')
    app.get('/token', { onRequest: accessToken }, () => '')
    app.get(
      '/key',
      { onRequest: guard(() => null, { compatibility: { like: 'fastapi' } }) },
      () => '',
    )
    app.get('/admin', { onRequest: requireRole('admin') }, () => '')
    const { paths, components } = (await app.inject('/openapi.json')).json()
    await Promise.all([app.close(), auth.close()])
    /** What the body of an answer must have, by the schema that it names. */
    const requiredOf = ({ content }: { content: Record<string, { schema: { $ref: string } }> }) => {
      const { $ref = '' } = content['application/json']?.schema ?? {}
      return components.schemas[$ref.replace('#/components/schemas/', '')].required
    }
    return { paths, requiredOf }
  }

  test('has the refusals of guarded routes with their status and body', async () => {
    const { paths, requiredOf } = await documented('fastapi')
    const { 400: inactive, 401: unauthorized, 403: forbidden } = paths['/me'].get.responses
    assert.equal(inactive.description, 'The user is inactive')
    assert.match(unauthorized.description, /lacks the scope me$/)
    assert.equal(forbidden.description, 'Requires a user')
    assert.equal(paths['/admin'].get.responses[403].description, 'Requires a user, the role admin')
    const { responses } = paths['/token'].get
    assert.deepEqual(Object.keys(responses), ['200', '401', '503'])
    assert.equal(
      responses[401].description,
      'The access token is missing, invalid, expired or revoked',
    )
    assert.deepEqual(Object.keys(paths['/key'].get.responses), ['200'])
    for (const answer of [inactive, unauthorized, forbidden]) {
      assert.deepEqual(Object.keys(answer.content), ['application/json'])
      assert.deepEqual(requiredOf(answer), ['detail'])
    }
  })

  for (const [option, status, other] of [
    ['fastapi', 401, 400],
    [{ like: 'fastapi', incorrectPassword: 400 }, 400, 401],
  ] as const) {
    test(`says that a wrong password is ${status} with the detail alone`, async () => {
      const { paths, requiredOf } = await documented(option)
      const { responses } = paths['/auth/token'].post
      assert.match(responses[status].description, /incorrect username or password/i)
      assert.deepEqual(requiredOf(responses[status]), ['detail'])
      assert.doesNotMatch(responses[other].description, /password/i)
      assert.ok(requiredOf(responses[other]).includes('error'))
    })
  }
})
