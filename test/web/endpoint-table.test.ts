// The Fastify plugin and the handler of web requests mount one table: the same requests get the same answers.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import Fastify, { type FastifyInstance, type HTTPMethods } from 'fastify'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { endpoints } from '../../src/http/endpoints/endpoints.ts'
import { createTestAuth, type TestAuth } from '../../src/testing/test-auth.ts'
import { type OAuthHandler, oauthEndpoints } from '../../src/web/oauth-endpoints.ts'
import { goodPassword } from '../fixtures.ts'

const origin = 'http://localhost'
const secret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'
const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' }

/** Those of a JSON endpoint; with the token of alice when she has logged in. */
const asJson: Record<string, string> = { 'content-type': 'application/json' }

let auth: TestAuth
let app: FastifyInstance
let handle: OAuthHandler

before(async () => {
  auth = await createTestAuth({ clients: [{ id: 'api', secret }], accounts: {} })
  await auth.users.create({ username: 'alice', password: goodPassword })
  handle = oauthEndpoints(auth)
  app = Fastify()
  await app.register(portcullis, { auth })
  const login = await askWeb('/auth/token', good.token as RequestInit)
  asJson.authorization = `Bearer ${JSON.parse(login?.body ?? '').access_token}`
})
after(async () => {
  await app.close()
  await auth.close()
})

interface Answer {
  readonly status: number
  readonly headers: object
  readonly body: string
}

const judged = ['cache-control', 'pragma', 'www-authenticate', 'allow', 'retry-after'] as const
/** RFC 8259 §11: JSON has no charset, and Fastify names one. */
const typeOf = (value: string | null): string | undefined => value?.split(';')[0]

async function askWeb(path: string, init: RequestInit): Promise<Answer | null> {
  const response = await handle(new Request(origin + path, init), '192.0.2.1')
  if (response === null) return null
  const { headers } = response
  const found = Object.fromEntries(judged.map((name) => [name, headers.get(name) ?? undefined]))
  const type = typeOf(headers.get('content-type'))
  return { status: response.status, headers: { ...found, type }, body: await response.text() }
}

async function askFastify(path: string, init: RequestInit): Promise<Answer> {
  const request = new Request(origin + path, init)
  const payload = Buffer.from(await request.arrayBuffer())
  const { statusCode, headers, body } = await app.inject({
    method: request.method as 'GET',
    url: path,
    remoteAddress: '192.0.2.1',
    headers: Object.fromEntries(request.headers),
    ...(payload.length > 0 && { payload }),
  })
  const found = Object.fromEntries(judged.map((name) => [name, headers[name]]))
  const type = typeOf(String(headers['content-type']))
  return { status: statusCode, headers: { ...found, type }, body }
}

/** What differs from one token to the next. */
const constant = ({ body, ...rest }: Answer): Answer => ({
  ...rest,
  body: body.replace(/"(access_token|refresh_token)":"[^"]+"/g, '"$1":"…"'),
})

const withForm = (body: string, headers = {}): RequestInit => ({
  method: 'POST',
  headers: { ...urlencoded, ...headers },
  body,
})

/** Its headers are read when the request is made. */
const withJson = (body: object | string, headers = asJson): RequestInit => ({
  method: 'POST',
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

const withMore = (more: Readonly<Record<string, string>>): Record<string, string> => ({
  get authorization() {
    return asJson.authorization ?? ''
  },
  'content-type': 'application/json',
  ...more,
})

/** Refusals of the endpoint that takes JSON. */
const jsonRows: readonly (readonly [string, RequestInit, number])[] = [
  ['no token', withJson({ password: goodPassword }, { 'content-type': 'application/json' }), 401],
  ['a wrong password', withJson({ password: 'a wrong password' }), 400],
  ['no body', withJson(''), 400],
  ['what is no JSON', withJson('{'), 400],
  ['what is no object', withJson('[]'), 400],
  ['a member that is missing', withJson({}), 400],
  ['a member of another type', withJson({ password: 1 }), 400],
  ['a member that is not known', withJson({ password: goodPassword, admin: true }), 400],
  ['a form', withJson('password=x', withMore(urlencoded)), 415],
  ['a compressed body', withJson('{}', withMore({ 'content-encoding': 'gzip' })), 415],
  ['a large body', withJson('x'.repeat(17 * 1024)), 413],
  ['a large body without a token', withJson('x'.repeat(17 * 1024), urlencoded), 401],
]

function multipart(fields: Readonly<Record<string, string>>): RequestInit {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.set(name, value)
  return { method: 'POST', body }
}

const good: Readonly<Record<string, RequestInit>> = {
  token: multipart({ username: 'alice', password: goodPassword }),
  revocation: withForm('token=unknown'),
  introspection: withForm(`token=unknown&client_id=api&client_secret=${secret}`),
  stepUp: withJson({ password: goodPassword }),
  jwks: {},
  metadata: {},
}

for (const [name, endpoint] of Object.entries(endpoints)) {
  const { path, method } = endpoint
  const others = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((each) => each !== method)
  const rows: readonly (readonly [string, RequestInit, number])[] = [
    ['a good request', good[name] as RequestInit, 200],
    ...others.map((each): [string, RequestInit, number] => [
      `the method ${each}`,
      { method: each },
      each === 'HEAD' && method === 'GET' ? 200 : 405,
    ]),
    ...('createJson' in endpoint ? jsonRows : []),
    ...('contentTypes' in endpoint
      ? ([
          ['no body', { method }, 400],
          [
            'a JSON body',
            { method, body: '{}', headers: { 'content-type': 'application/json' } },
            400,
          ],
          ['a type that is none', withForm('a=b', { 'content-type': 'nonsense' }), 415],
          ['a repeated parameter', withForm('a=b&a=c'), 400],
          ['a compressed form', withForm('a=b', { 'content-encoding': 'gzip' }), 415],
          ['a large form', withForm('x'.repeat(17 * 1024)), 413],
          [
            'a large form that is compressed',
            withForm('x'.repeat(17 * 1024), { 'content-encoding': 'gzip' }),
            413,
          ],
          ['a malformed client', withForm('token=x', { authorization: 'Basic !' }), 401],
        ] as const)
      : []),
  ]
  describe(`the endpoint ${name}, from Fastify and from the web handler`, () => {
    for (const [what, init, status] of rows) {
      test(`answers ${status} to ${what}`, async () => {
        const ofWeb = await askWeb(path, init)
        const ofFastify = await askFastify(path, init)
        assert.ok(ofWeb)
        assert.equal(ofWeb.status, status, ofWeb.body)
        assert.deepEqual(constant(ofWeb), constant(ofFastify))
        const { allow } = ofWeb.headers as { allow?: string }
        assert.equal(allow, status === 405 ? (method === 'POST' ? 'POST' : 'GET, HEAD') : undefined)
      })
    }

    test('answers at its path with a slash at the end too', async () => {
      const init = good[name] as RequestInit
      const ofWeb = await askWeb(`${path}/`, init)
      assert.equal(ofWeb?.status, 200)
      assert.deepEqual(constant(ofWeb), constant(await askFastify(`${path}/`, init)))
    })

    test('leaves OPTIONS to the application', async () => {
      assert.equal(await askWeb(path, { method: 'OPTIONS' }), null)
      assert.equal(app.hasRoute({ method: 'OPTIONS' as HTTPMethods, url: path }), false)
    })
  })
}

test('an unknown path is nobody’s', async () => {
  for (const path of ['/auth', '/auth/token/x', '/auth/tokens', '//auth/token', '/']) {
    assert.equal(await handle(new Request(origin + path), undefined), null, path)
    assert.equal((await app.inject(path)).statusCode, 404, path)
  }
})
