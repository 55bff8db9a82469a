import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { createHashPool } from '../../src/core/passwords/hash-pool.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { cheapHashing, goodPassword } from '../fixtures.ts'
import { createTestApp } from './test-app.ts'

const form = 'application/x-www-form-urlencoded'
const goodForm = `username=alice&password=${encodeURIComponent(goodPassword)}`

function posting(payload: string | Buffer, headers: Record<string, string> = {}): InjectOptions {
  return {
    method: 'POST',
    url: '/auth/token',
    headers: { 'content-type': form, ...headers },
    payload,
  }
}

let app: FastifyInstance

before(async () => {
  const made = await createTestApp()
  await made.auth.users.create({ username: 'alice', password: goodPassword, role: 'editor' })
  app = made.app
})

interface LogLine {
  readonly level: number
  readonly code?: string
  readonly err?: object
}

/** What is asked, and what the answer is: an error, or a token if there is none. */
interface Row {
  readonly name: string
  readonly request: InjectOptions
  readonly status: number
  readonly error?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
}

const rows: readonly Row[] = [
  { name: 'a good login', request: posting(goodForm), status: 200 },
  {
    name: 'a good login in UTF-8, as it says (PC-01)',
    request: posting(goodForm, { 'content-type': `${form};charset=UTF-8` }),
    status: 200,
  },
  {
    name: 'a good login as Swagger UI sends it',
    request: posting(`grant_type=password&${goodForm}`, { authorization: 'Basic Og==' }),
    status: 200,
  },
  {
    name: 'a wrong password',
    request: posting('username=alice&password=wrong'),
    status: 401,
    error: 'invalid_grant',
    headers: { 'www-authenticate': 'Bearer' },
  },
  {
    name: 'a malformed client (PC-13)',
    request: posting(goodForm, { authorization: 'Basic !!!!' }),
    status: 401,
    error: 'invalid_client',
    headers: { 'www-authenticate': 'Basic realm="token endpoint"' },
  },
  {
    name: 'an unknown scope',
    request: posting(`${goodForm}&scope=nope`),
    status: 400,
    error: 'invalid_scope',
  },
  {
    name: 'another grant',
    request: posting(`${goodForm}&grant_type=authorization_code`),
    status: 400,
    error: 'unsupported_grant_type',
  },
  {
    name: 'a repeated parameter (PC-02)',
    request: posting(`${goodForm}&username=alice`),
    status: 400,
    error: 'invalid_request',
  },
  {
    name: 'the names of prototypes (PC-04)',
    request: posting('__proto__=x&constructor[prototype][x]=1&a[b]=c'),
    status: 400,
    error: 'invalid_request',
  },
  {
    name: 'credentials in the query with an empty body (PC-05)',
    request: { ...posting(''), url: `/auth/token?${goodForm}` },
    status: 400,
    error: 'invalid_request',
  },
  {
    name: 'credentials in the query without a body (PC-05)',
    request: { method: 'POST', url: `/auth/token?grant_type=password&${goodForm}` },
    status: 400,
    error: 'invalid_request',
  },
  {
    name: 'a password in the query alone (PC-05)',
    request: { ...posting('username=alice'), url: `/auth/token?${goodForm}` },
    status: 400,
    error: 'invalid_request',
  },
  {
    name: 'a client in the query, which is not read (PC-05)',
    request: { ...posting(goodForm), url: '/auth/token?client_id=a&client_secret=b&scope=nope' },
    status: 200,
  },
  {
    name: 'a JSON body (PC-01)',
    request: {
      method: 'POST',
      url: '/auth/token',
      payload: { username: 'alice', password: goodPassword },
    },
    status: 400,
    error: 'invalid_request',
  },
  {
    name: 'a broken JSON body (PC-01)',
    request: posting('{', { 'content-type': 'application/json' }),
    status: 400,
    error: 'invalid_request',
  },
  {
    name: 'a text body (PC-01)',
    request: posting(goodForm, { 'content-type': 'text/plain' }),
    status: 400,
    error: 'invalid_request',
  },
  {
    name: 'a body of a type that is none',
    request: posting(goodForm, { 'content-type': 'nonsense' }),
    status: 415,
    error: 'invalid_request',
  },
  {
    name: 'a body of two megabytes (HH-01)',
    request: posting(`password=${'x'.repeat(2 * 1024 * 1024)}`),
    status: 413,
    error: 'invalid_request',
  },
  {
    name: 'a body of one byte too many (HH-01)',
    request: posting(`${goodForm}&z=`.padEnd(16 * 1024 + 1, 'z')),
    status: 413,
    error: 'invalid_request',
  },
  {
    name: 'the longest body (HH-01)',
    request: posting(`${goodForm}&z=`.padEnd(16 * 1024, 'z')),
    status: 200,
  },
  {
    name: 'a long JSON body, which is too large before it is of the wrong type (HH-01)',
    request: posting(`"${'x'.repeat(20_000)}"`, { 'content-type': 'application/json' }),
    status: 413,
    error: 'invalid_request',
  },
  {
    name: 'a compressed body, which is not unpacked (HH-01)',
    request: posting(gzipSync(goodForm), { 'content-encoding': 'gzip' }),
    status: 415,
    error: 'invalid_request',
  },
  ...(['GET', 'PUT', 'PATCH', 'DELETE'] as const).map((method) => ({
    name: `the method ${method} (PC-01)`,
    request: { method, url: `/auth/token?${goodForm}` },
    status: 405,
    error: 'invalid_request',
    headers: { allow: 'POST' },
  })),
  ...(['PUT', 'PATCH', 'DELETE'] as const).map((method) => ({
    name: `the method ${method} with a good form (PC-01)`,
    request: { ...posting(goodForm), method },
    status: 405,
    error: 'invalid_request',
    headers: { allow: 'POST' },
  })),
]

describe('the token endpoint', () => {
  for (const { name, request, status, error, headers = {} } of rows) {
    test(`answers ${status}${error ? ` ${error}` : ''} to ${name}`, async () => {
      const response = await app.inject(request)
      assert.equal(response.statusCode, status, response.body)
      assert.equal(response.headers['cache-control'], 'no-store')
      assert.equal(response.headers.pragma, 'no-cache')
      assert.match(String(response.headers['content-type']), /^application\/json; charset=utf-8$/i)
      assert.equal(response.headers['www-authenticate'], headers['www-authenticate'])
      assert.equal(response.headers.allow, headers.allow)
      const body = response.json()
      assert.equal(body.error, error)
      assert.deepEqual(
        Object.keys(body),
        error
          ? ['error', 'error_description', 'detail']
          : ['access_token', 'token_type', 'expires_in', 'refresh_token', 'scope'],
      )
    })
  }

  test('answers a HEAD request like a GET, without a body (PC-01)', async () => {
    const response = await app.inject({ method: 'HEAD', url: '/auth/token' })
    assert.equal(response.statusCode, 405)
    assert.equal(response.headers.allow, 'POST')
    assert.equal(response.body, '')
  })

  test('gives a token that is a bearer token for the whole of the lifetime', async () => {
    const { access_token, refresh_token, ...rest } = (await app.inject(posting(goodForm))).json()
    assert.match(refresh_token, /^prt_/)
    assert.match(access_token, /^[\w-]+\.[\w-]+\.[\w-]+$/)
    assert.deepEqual(rest, {
      token_type: 'bearer',
      expires_in: 900,
      scope: 'items:read items:write',
    })
  })

  test('answers all wrong credentials alike to the byte, the headers too', async () => {
    const answers = await Promise.all(
      [
        'username=alice&password=wrong',
        'username=nobody&password=wrong',
        `username=alice&password=${'x'.repeat(1025)}`,
        `username=nobody&password=${'x'.repeat(1025)}`,
        'username=no%20name&password=wrong',
      ].map(async (body) => {
        const { statusCode, headers, rawPayload } = await app.inject(posting(body))
        const { date: _, ...others } = headers
        return JSON.stringify([statusCode, others, rawPayload.toString('hex')])
      }),
    )
    assert.equal(new Set(answers).size, 1)
    const { body } = await app.inject(posting('username=alice&password=wrong'))
    assert.equal(
      body,
      '{"error":"invalid_grant","error_description":"Incorrect username or password","detail":"Incorrect username or password"}',
    )
  })

  test('answers 503 and when to come again, if too many log in at once (PC-08, DR-02)', async () => {
    const pool = createHashPool({ concurrency: 1, maxWaiting: 0 })
    const lines: string[] = []
    const stream = { write: (line: string) => void lines.push(line) }
    const { app } = await createTestApp({
      auth: { passwordHash: { ...cheapHashing, pool } },
      fastify: { logger: { level: 'warn', stream } },
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    const blocking = pool.run(() => promise)
    const response = await app.inject(posting(goodForm))
    assert.equal(response.statusCode, 503)
    assert.equal(response.headers['retry-after'], '2')
    assert.equal(response.headers['cache-control'], 'no-store')
    assert.equal(response.json().error, 'temporarily_unavailable')
    // Nothing is broken, and there will be many: a warning, without a stack.
    const [{ level, code, err }] = lines.map((line) => JSON.parse(line)) as [LogLine]
    assert.deepEqual({ level, code, err }, { level: 40, code: 'overloaded', err: undefined })
    resolve()
    await blocking
    assert.equal((await app.inject(posting(goodForm))).statusCode, 401)
  })

  test('answers 500 to a mistake of ours, logs it, and says nothing of it', async () => {
    const healthy = memory()
    const findByUsername = () => Promise.reject(new Error('private reason'))
    const store = { ...healthy, users: { ...healthy.users, findByUsername } }
    const lines: string[] = []
    const stream = { write: (line: string) => void lines.push(line) }
    const { app } = await createTestApp({ auth: { store }, fastify: { logger: { stream } } })
    const response = await app.inject(posting(goodForm))
    assert.equal(response.statusCode, 500)
    assert.equal(response.headers['cache-control'], 'no-store')
    assert.equal(response.json().error, 'server_error')
    assert.doesNotMatch(response.body, /private/)
    assert.ok(lines.some((line) => line.includes('private reason')))
    assert.ok(!lines.some((line) => line.includes(goodPassword)))
    assert.ok(!lines.some((line) => line.includes(encodeURIComponent(goodPassword))))
  })
})

describe('the application around the token endpoint', () => {
  test('keeps its own body parsers and its own error handler', async () => {
    const { app } = await createTestApp()
    app.setErrorHandler((_error, _request, reply) => reply.code(500).send({ mine: true }))
    app.post('/echo', (request) => request.body)
    app.get('/fails', () => {
      throw new Error('x')
    })
    const echo = { method: 'POST', url: '/echo' } as const
    assert.deepEqual((await app.inject({ ...echo, payload: { a: 1 } })).json(), { a: 1 })
    const formed = await app.inject({ ...posting('a=1'), ...echo })
    assert.deepEqual(formed.json(), { mine: true })
    assert.deepEqual((await app.inject('/fails')).json(), { mine: true })
    const malformed = await app.inject(posting('{', { 'content-type': 'application/json' }))
    assert.equal(malformed.json().error, 'invalid_request')
  })

  test('may read forms itself, and the token endpoint reads its own', async () => {
    const { app } = await createTestApp()
    app.addContentTypeParser(form, { parseAs: 'string' }, (_request, body, done) =>
      done(null, { parsed: body }),
    )
    app.post('/form', (request) => request.body)
    const response = await app.inject({ ...posting('a=1'), url: '/form' })
    assert.deepEqual(response.json(), { parsed: 'a=1' })
    const refused = await app.inject(posting('a=1&a=1'))
    assert.equal(refused.json().error_description, 'A parameter occurs more than once')
  })

  test('may judge bodies in another way: the form is not judged by it', async () => {
    const { app, auth } = await createTestApp()
    app.setValidatorCompiler(() => () => ({ error: new Error('Never valid') }))
    await auth.users.create({ username: 'alice', password: goodPassword })
    assert.equal((await app.inject(posting(goodForm))).statusCode, 200)
  })
})
