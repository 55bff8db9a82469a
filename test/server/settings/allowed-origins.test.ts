import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../../src/server/app.ts'
import { readOrigins } from '../../../src/server/settings/allowed-origins.ts'
import { createTestAuth, type TestAuth } from '../../../src/testing/test-auth.ts'

const origin = 'https://app.example.com'
let auth: TestAuth
let app: FastifyInstance

before(async () => {
  auth = await createTestAuth()
  app = await buildApp({ auth, corsOrigins: [origin, 'http://localhost:5173'], docs: false })
})
after(async () => {
  await app.close()
  await auth.close()
})

test('a page of an allowed origin may send a token and read the answer, a refusal too (HH-05)', async () => {
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/me/password',
    headers: {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization, content-type, traceparent',
    },
  })
  assert.equal(preflight.statusCode, 204)
  assert.equal(preflight.headers['access-control-allow-origin'], origin)
  assert.match(String(preflight.headers['access-control-allow-methods']), /PUT/)
  const allowed = String(preflight.headers['access-control-allow-headers']).split(', ')
  for (const header of ['authorization', 'traceparent', 'tracestate', 'baggage', 'sentry-trace']) {
    assert.ok(allowed.includes(header), header)
  }
  assert.match(String(preflight.headers.vary), /Origin/i)

  const me = await app.inject({
    url: '/me',
    headers: { origin, ...(await auth.actAs('alice')) },
  })
  assert.equal(me.statusCode, 200)
  assert.equal(me.headers['access-control-allow-origin'], origin)
  const refused = await app.inject({ url: '/me', headers: { origin } })
  assert.equal(refused.statusCode, 401)
  assert.equal(refused.headers['access-control-allow-origin'], origin)
  assert.match(String(refused.headers['access-control-expose-headers']), /www-authenticate/)
})

test('a page of any other origin may not, whatever it is called (HH-05)', async () => {
  const others = [
    'https://app.example.com.evil.example',
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    'null',
    '*',
  ]
  for (const other of others) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const { headers } = await app.inject({
        method,
        url: '/me',
        headers: { origin: other, 'access-control-request-method': 'GET' },
      })
      assert.equal(headers['access-control-allow-origin'], undefined, other)
    }
  }
})

test('no cookie or other credential of the browser is ever asked for (HH-05)', async () => {
  const { headers } = await app.inject({ url: '/me', headers: { origin } })
  assert.equal(headers['access-control-allow-credentials'], undefined)
})

test('origins are read as browsers write them, and all that is wrong is told', () => {
  const problems: string[] = []
  assert.deepEqual(readOrigins(' https://a.example, http://localhost:5173 ,', problems), [
    'https://a.example',
    'http://localhost:5173',
  ])
  assert.deepEqual(readOrigins('', problems), [])
  assert.deepEqual(problems, [])
  for (const wrong of ['*', 'https://a.example/', 'a.example', 'https://*.a.example', 'null']) {
    const found: string[] = []
    readOrigins(`https://a.example,${wrong}`, found)
    assert.equal(found.length, 1, wrong)
  }
})

test('a page that is part of an app has an origin of its own scheme, answered exactly (HH-05)', async () => {
  const origins = [
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc',
    'app://portcullis.local:8080',
  ]
  const problems: string[] = []
  assert.deepEqual(readOrigins(origins.join(', '), problems), origins)
  assert.deepEqual(problems, [])
  const inApp = await buildApp({ auth, corsOrigins: origins, docs: false })
  for (const each of origins) {
    const { headers } = await inApp.inject({ url: '/me', headers: { origin: each } })
    assert.equal(headers['access-control-allow-origin'], each)
  }
  const other = await inApp.inject({ url: '/me', headers: { origin: 'capacitor://evil' } })
  assert.equal(other.headers['access-control-allow-origin'], undefined)
  await inApp.close()
})

test('what no browser sends as an origin of its own is refused', () => {
  for (const text of [
    'null',
    '*',
    'capacitor://*',
    'capacitor://',
    'capacitor:localhost',
    'capacitor://localhost/',
    'capacitor://localhost/index.html',
    'CAPACITOR://localhost',
    'file:///srv',
    'file://localhost',
    'data://a',
    'javascript://a',
    'chrome-extension://a?b',
    'chrome-extension://u@a',
  ]) {
    const problems: string[] = []
    readOrigins(text, problems)
    assert.equal(problems.length, 1, text)
  }
})
