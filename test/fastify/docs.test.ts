import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import Fastify, { type FastifyInstance, type HTTPMethods } from 'fastify'
import { UnavailableError } from '../../src/core/errors.ts'
import { documentGuards, portcullis, securityScheme } from '../../src/fastify/index.ts'
import { secured } from '../../src/fastify/secured.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { cognito } from '../../src/issuers/cognito.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth } from '../fixtures.ts'
import { createTestApp } from './test-app.ts'

async function openapi(app: FastifyInstance) {
  const response = await app.inject('/openapi.json')
  assert.equal(response.statusCode, 200)
  assert.match(String(response.headers['content-type']), /^application\/json/)
  return response.json()
}

describe('Swagger UI', () => {
  let app: FastifyInstance
  before(async () => {
    app = (await createTestApp()).app
  })

  for (const path of ['/docs', '/docs/']) {
    test(`is at ${path}, with nothing in it from elsewhere`, async () => {
      const { statusCode, headers, body } = await app.inject(path)
      assert.equal(statusCode, 200)
      assert.match(String(headers['content-type']), /^text\/html/)
      assert.match(body, /swagger-ui/)
      assert.doesNotMatch(body, /https?:|(src|href)="\/\//)
    })

    test(`has every file that ${path} names, served from here`, async () => {
      const { body } = await app.inject(path)
      const files = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
      assert.ok(files.some((file) => file.endsWith('.js')))
      assert.ok(files.some((file) => file.endsWith('.css')))
      for (const file of files) {
        const { pathname, host } = new URL(file, `http://api.test${path}`)
        assert.equal(host, 'api.test')
        const { statusCode, rawPayload } = await app.inject(pathname)
        assert.equal(statusCode, 200, pathname)
        assert.ok(rawPayload.length > 0, pathname)
      }
    })
  }

  test('reads the document of this application, and asks nobody to judge it', async () => {
    const { body } = await app.inject('/docs/static/swagger-initializer.js')
    assert.match(body, /url: resolveUrl\('\.\/json'\)/)
    assert.match(body, /validatorUrl: null/)
    assert.doesNotMatch(body, /https?:\/\//)
    assert.deepEqual((await app.inject('/docs/json')).json(), await openapi(app))
  })

  test('does not keep tokens in the browser, proves who began a login, and tells how long an answer took', async () => {
    const { body } = await app.inject('/docs/static/swagger-initializer.js')
    assert.match(body, /persistAuthorization: false/)
    assert.match(body, /usePkceWithAuthorizationCodeGrant: true/)
    assert.match(body, /displayRequestDuration: true/)
  })

  test('opens no window of another origin where nobody else signs tokens', async () => {
    const { headers } = await app.inject('/docs/')
    assert.equal(headers['cross-origin-opener-policy'], undefined)
  })

  test('may load nothing and call nobody elsewhere, and runs without TLS', async () => {
    const { headers } = await app.inject('/docs')
    const directives = String(headers['content-security-policy']).split(/; */)
    for (const directive of directives) {
      const [name = '', ...sources] = directive.split(' ')
      assert.notEqual(name, 'upgrade-insecure-requests')
      for (const source of sources)
        assert.ok(["'self'", "'none'", 'data:'].includes(source), source)
    }
    assert.ok(directives.includes("script-src 'self'"))
  })
})

describe('the OpenAPI document', () => {
  test('has the token endpoint as its password flow, and is of version 3.1', async () => {
    const { app } = await createTestApp()
    const { openapi: version, components } = await openapi(app)
    assert.equal(version, '3.1.0')
    const { OAuth2PasswordBearer: scheme, ...others } = components.securitySchemes
    assert.deepEqual(others, {})
    assert.equal(scheme.type, 'oauth2')
    assert.deepEqual(Object.keys(scheme.flows), ['password'])
    assert.equal(scheme.flows.password.tokenUrl, '/auth/token')
  })

  test('has the flow of clients that act for themselves where there is one at start', async () => {
    const { app, auth } = await createTestApp()
    await auth.clients.register({
      ...{ id: 'nightly', grants: ['client_credentials'], scopes: ['items:read'] },
      confidential: true,
    })
    for (const url of ['/openapi.json', '/docs/json']) {
      const { components } = (await app.inject(url)).json()
      const { password, clientCredentials } = components.securitySchemes.OAuth2PasswordBearer.flows
      assert.deepEqual(clientCredentials, password)
    }
    assert.match((await app.inject('/docs/yaml')).body, /^ +clientCredentials:$/m)
  })

  test('is no place for a mistake of the store to be passed over', async () => {
    const store = memory()
    const clients = { ...store.clients, list: () => Promise.reject(new Error('a mistake')) }
    const { app } = await createTestApp({ auth: { store: { ...store, clients } } })
    await assert.rejects(async () => await app.ready(), /a mistake/)
  })

  test('and the page are served without a query, so that they are there while the database is not', async () => {
    const store = memory()
    const queries: string[] = []
    const down = new Proxy(store.clients, {
      get(_target, name) {
        queries.push(String(name))
        throw new UnavailableError('The database does not answer', 1)
      },
    })
    const { app } = await createTestApp({ auth: { store: { ...store, clients: down } } })
    await app.ready()
    queries.length = 0
    for (const url of ['/openapi.json', '/docs/', '/docs/json', '/docs/yaml']) {
      assert.equal((await app.inject(url)).statusCode, 200, url)
    }
    assert.deepEqual(queries, [])
  })

  test('knows every permission: described, granted by a role, or made known later', async () => {
    const { app, auth } = await createTestApp({
      auth: { permissions: { 'stats:read': 'Read the statistics' } },
    })
    await app.ready()
    auth.permissions.add('jobs:run', 'Run jobs')
    assert.deepEqual(await scopesOf(app), {
      'stats:read': 'Read the statistics',
      'items:read': '',
      'items:write': '',
      'jobs:run': 'Run jobs',
    })
  })

  test('has a scope for each that a route requires', async () => {
    const { app, guards } = await createTestApp()
    app.get(
      '/a',
      secured(guards.requirePermission('items:read', 'items:write'), () => ''),
    )
    const { paths, components } = await openapi(app)
    const known = Object.keys(components.securitySchemes.OAuth2PasswordBearer.flows.password.scopes)
    const [{ OAuth2PasswordBearer: required }] = paths['/a'].get.security
    assert.deepEqual(required, ['items:read', 'items:write'])
    for (const scope of required) assert.ok(known.includes(scope))
  })

  test('documents of ours the OAuth endpoints alone, and no route that does not exist', async () => {
    const { app } = await createTestApp()
    const { paths } = await openapi(app)
    assert.deepEqual(Object.keys(paths), ['/auth/token', '/auth/revoke', '/auth/introspect'])
    for (const [url, operations] of Object.entries(paths)) {
      for (const method of Object.keys(operations as object)) {
        assert.ok(app.hasRoute({ method: method.toUpperCase() as HTTPMethods, url }))
      }
    }
  })

  test('documents the form of the token endpoint, and that it is open', async () => {
    const { app } = await createTestApp()
    const { paths, components } = await openapi(app)
    const { post, ...others } = paths['/auth/token']
    assert.deepEqual(others, {})
    assert.deepEqual(post.security, [])
    assert.deepEqual(post.requestBody.content, {
      'application/x-www-form-urlencoded': { schema: { $ref: '#/components/schemas/TokenForm' } },
    })
    const { required, properties } = components.schemas.TokenForm
    assert.equal(required, undefined, 'which are needed depends on the grant')
    assert.deepEqual(Object.keys(properties), [
      'grant_type',
      'username',
      'password',
      'refresh_token',
      'scope',
      'client_id',
      'client_secret',
    ])
    assert.deepEqual(Object.keys(post.responses), [
      '200',
      '400',
      '401',
      '405',
      '413',
      '415',
      '429',
      '503',
    ])
  })

  test('says what the application is called', async () => {
    const { app } = await createTestApp({
      docs: { title: 'Tea', version: '2.1.0', description: 'Hot' },
    })
    assert.deepEqual((await openapi(app)).info, {
      title: 'Tea',
      version: '2.1.0',
      description: 'Hot',
    })
  })

  async function scopesOf(app: FastifyInstance): Promise<Record<string, string>> {
    const { components } = await openapi(app)
    return components.securitySchemes.OAuth2PasswordBearer.flows.password.scopes
  }
})

test('a route without guards is left as it is in a document of one’s own', () => {
  const [schema, url, route] = [{ summary: 'Public' }, '/open', {}]
  assert.deepEqual(documentGuards({ schema, url, route }), { schema, url })
  assert.deepEqual(documentGuards({ schema: undefined, url, route }), { schema: {}, url })
})

test('the security scheme can be put into a document of one’s own', async () => {
  const { auth } = await createTestApp()
  const flow = { tokenUrl: '/login', scopes: { 'items:read': '', 'items:write': '' } }
  assert.deepEqual(Reflect.get(securityScheme(auth, '/login'), 'flows'), { password: flow })
  assert.deepEqual(Reflect.get(securityScheme(auth, '/login', true), 'flows'), {
    password: flow,
    clientCredentials: flow,
  })
})

test("Swagger UI may log in at the issuers' login domains, and nowhere else", async () => {
  const issuer = (domain: string) =>
    cognito({
      region: 'eu-central-1',
      userPoolId: 'eu-central-1_AbCdEfGhI',
      clientId: 'docs',
      domain,
    })
  const auth = await createTestAuth({
    issuers: [issuer('items.auth.eu-central-1.amazoncognito.com')],
  })
  const app = Fastify()
  await app.register(portcullis, { auth })
  const { headers } = await app.inject('/docs/')
  assert.match(
    String(headers['content-security-policy']),
    /connect-src 'self' https:\/\/cognito-idp\.eu-central-1\.amazonaws\.com https:\/\/items\.auth\.eu-central-1\.amazoncognito\.com;/,
  )
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin-allow-popups')
  const back = await app.inject('/docs/static/oauth2-redirect.html?code=1')
  assert.equal(back.headers['cross-origin-opener-policy'], 'unsafe-none', 'finds its opener')
  await app.close()
  for (const domain of [
    'https://items.example.com',
    "x.com; script-src 'unsafe-inline'",
    'a b.c',
  ]) {
    assert.throws(() => issuer(domain), /the domain must be a host name/)
  }
})

test('API keys are a scheme of their own, on the routes that let one pass', async () => {
  const auth = await createTestAuth({ store: memory(), apiKeys: true })
  const app = Fastify()
  await app.register(portcullis, { auth })
  const { activeUser, loggedInUser, requirePermission, requireRecentLogin } = createGuards(auth)
  for (const [path, guard] of Object.entries({
    open: activeUser,
    login: loggedInUser,
    recent: requireRecentLogin(),
    all: requirePermission('*'),
  })) {
    app.get(
      `/${path}`,
      secured<unknown>(guard, () => 'ok'),
    )
  }
  const { components, paths } = await openapi(app)
  const { ApiKey } = components.securitySchemes
  assert.deepEqual([ApiKey.type, ApiKey.scheme], ['http', 'bearer'])
  const login = 'OAuth2PasswordBearer'
  assert.deepEqual(paths['/open'].get.security, [{ [login]: [] }, { ApiKey: [] }])
  assert.deepEqual(paths['/all'].get.security, [{ [login]: ['*'] }, { ApiKey: [] }])
  for (const path of ['/login', '/recent']) {
    assert.deepEqual(paths[path].get.security, [{ [login]: [] }])
    assert.match(paths[path].get.responses[403].description, /a login, not an API key/)
  }
  for (const operation of [...Object.values(paths['/me/keys']), paths['/me/keys/{id}'].delete]) {
    assert.deepEqual((operation as { readonly security: unknown }).security, [{ [login]: [] }])
  }
  assert.deepEqual(
    paths['/me/keys/{id}'].delete.parameters.map((each: { readonly name: string }) => each.name),
    ['id'],
  )
  await app.close()
  await auth.close()
})
