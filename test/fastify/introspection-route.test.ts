import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { goodPassword } from '../fixtures.ts'
import { createTestApp } from './test-app.ts'

const secret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'
const api = `Basic ${Buffer.from(`api:${secret}`).toString('base64')}`

let app: FastifyInstance
let token: string

function asking(fields: Readonly<Record<string, string>>, authorization = api): InjectOptions {
  return {
    method: 'POST',
    url: '/auth/introspect',
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization },
    payload: new URLSearchParams(fields).toString(),
  }
}

before(async () => {
  const made = await createTestApp({
    auth: { clients: [{ id: 'api', secret, grants: [] }, { id: 'spa' }] },
  })
  app = made.app
  await made.auth.users.create({ username: 'alice', password: goodPassword, role: 'editor' })
  const login = { username: 'alice', password: goodPassword, client_id: 'spa' }
  const { authorization: _, ...headers } = asking({}).headers ?? {}
  const answer = await app.inject({ ...asking(login), headers, url: '/auth/token' })
  token = answer.json().access_token
})

function assertPrivate({ headers }: LightMyRequestResponse): void {
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers.pragma, 'no-cache')
  assert.match(String(headers['content-type']), /^application\/json; charset=utf-8$/)
}

describe('the introspection endpoint', () => {
  test('answers what the token may do, and nobody may keep it (PC-08)', async () => {
    const answer = await app.inject(asking({ token }))
    assert.equal(answer.statusCode, 200)
    assertPrivate(answer)
    const { active, scope, username, client_id } = answer.json()
    assert.deepEqual(
      { active, scope, username, client_id },
      { active: true, scope: 'items:read items:write', username: 'alice', client_id: 'spa' },
    )
  })

  test('answers one text to the byte for what is no token (RI-05)', async () => {
    for (const no of ['garbage', `${token}x`, `${token}=`, ` ${token}`]) {
      const answer = await app.inject(asking({ token: no }))
      assert.deepEqual([answer.statusCode, answer.body], [200, '{"active":false}'])
      assertPrivate(answer)
    }
  })

  test('answers 401 and a challenge to any caller but a confidential client', async () => {
    for (const authorization of [`${api}x`, 'Basic !!!!', 'Basic Og==', `Bearer ${token}`]) {
      const answer = await app.inject(asking({ token }, authorization))
      assert.equal(answer.statusCode, 401)
      assert.equal(answer.json().error, 'invalid_client')
      assert.equal(answer.headers['www-authenticate'], 'Basic realm="token endpoint"')
      assertPrivate(answer)
    }
  })

  test('reads a token from the form alone (PC-05), and serves POST alone (RI-05)', async () => {
    const inQuery = { ...asking({}), url: `/auth/introspect?token=${token}` }
    assert.equal((await app.inject(inQuery)).json().error, 'invalid_request')
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'] as const) {
      const answer = await app.inject({ ...asking({ token }), method })
      assert.deepEqual([answer.statusCode, answer.headers.allow], [405, 'POST'])
    }
  })

  test('may be served at another path, which the metadata and the document name', async () => {
    const made = await createTestApp({ introspectionPath: '/oauth/introspect' })
    const metadata = await made.app.inject('/.well-known/oauth-authorization-server')
    assert.equal(metadata.json().introspection_endpoint, 'http://localhost/oauth/introspect')
    const { paths } = (await made.app.inject('/openapi.json')).json()
    assert.ok(paths['/oauth/introspect'].post)
    assert.equal(
      (await made.app.inject({ ...asking({}), url: '/auth/introspect' })).statusCode,
      404,
    )
  })

  test('and the others are in the metadata with how a client authenticates (RFC 8414)', async () => {
    const metadata = (await app.inject('/.well-known/oauth-authorization-server')).json()
    const withSecret = ['client_secret_basic', 'client_secret_post']
    assert.partialDeepStrictEqual(metadata, {
      introspection_endpoint: 'http://localhost/auth/introspect',
      revocation_endpoint: 'http://localhost/auth/revoke',
      grant_types_supported: ['password', 'refresh_token', 'client_credentials'],
      token_endpoint_auth_methods_supported: ['none', ...withSecret],
      revocation_endpoint_auth_methods_supported: ['none', ...withSecret],
      introspection_endpoint_auth_methods_supported: withSecret,
    })
  })
})
