import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as open, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { createTestAuth, type TestAuth } from '../../src/testing/test-auth.ts'
import { createGuards, nodeOAuthEndpoints, sendRefusal } from '../../src/web/index.ts'
import { goodPassword } from '../fixtures.ts'

let auth: TestAuth
let server: Server
let url: string
const mistakes: unknown[] = []

before(async () => {
  auth = await createTestAuth()
  await auth.users.create({ username: 'alice', password: goodPassword })
  const handle = nodeOAuthEndpoints(auth)
  const { activeUser } = createGuards(auth)
  server = createServer(async (request, response): Promise<unknown> => {
    try {
      const isAnswered = await handle(request, response, request.socket.remoteAddress)
      assert.equal(isAnswered, response.writableEnded, 'what it has answered is no other route')
      if (isAnswered) return undefined
      if (request.url !== '/me') return response.end(`${request.method} ${await text(request)}`)
      return response.end((await activeUser(request)).username)
    } catch (error) {
      return sendRefusal(error, response) || mistakes.push(error)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await auth.close()
  assert.deepEqual(mistakes, [])
})

const post = (path: string, body: string | URLSearchParams, headers = {}) =>
  fetch(url + path, { method: 'POST', body, headers })

const form = { 'content-type': 'application/x-www-form-urlencoded' }

test('a login, a guarded route and a log-out', async () => {
  const login = await post(
    '/auth/token?x',
    new URLSearchParams({ username: 'alice', password: goodPassword }),
  )
  assert.equal(login.status, 200)
  assert.equal(login.headers.get('cache-control'), 'no-store')
  assert.equal(login.headers.get('content-type'), 'application/json')
  assert.equal(login.headers.get('connection'), 'keep-alive')
  const { access_token } = await login.json()
  const headers = { authorization: `Bearer ${access_token}` }
  assert.equal(await (await fetch(`${url}/me`, { headers })).text(), 'alice')
  const revoked = await post('/auth/revoke', new URLSearchParams({ token: access_token }))
  assert.deepEqual([revoked.status, await revoked.text()], [200, '{}'])
  const refused = await fetch(`${url}/me`, { headers })
  assert.equal(refused.status, 401)
  assert.equal(refused.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  assert.equal((await refused.json()).status, 401)
})

test('a mistake of the application is no refusal, and is left to it', () => {
  const untouched = {} as ServerResponse
  assert.equal(sendRefusal(new Error('a mistake'), untouched), false)
})

test('the address of a login is the one that it is given', async () => {
  const user = await auth.users.findByUsername('alice')
  assert.ok(user)
  await post('/auth/token', new URLSearchParams({ username: 'alice', password: goodPassword }))
  const sessions = await auth.sessions.list(user.id)
  assert.deepEqual(
    sessions.map(({ address }) => address),
    ['127.0.0.1'],
  )
})

test('metadata and keys are served', async () => {
  for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/jwks.json']) {
    assert.equal((await fetch(url + path)).status, 200)
  }
})

test('a large body is refused without reading it, and the answer arrives', async () => {
  const request = open(`${url}/auth/token`, { method: 'POST', headers: form })
  request.on('error', () => {})
  request.write('x'.repeat(17 * 1024))
  // It has not ended, and never does.
  const [response] = await once(request, 'response')
  assert.equal(response.statusCode, 413)
  assert.equal(response.headers.connection, 'close')
  assert.equal(JSON.parse(await text(response)).error, 'invalid_request')
  request.destroy()
})

test('of other paths nothing is read, whatever the method', async () => {
  const answer = await post('/items', 'the body')
  assert.equal(await answer.text(), 'POST the body')
  const request = open(`${url}/items`, { method: 'TRACE' }).end()
  const [response] = await once(request, 'response')
  assert.equal(await text(response), 'TRACE ')
})

test('repeated headers are refused, not chosen from', async () => {
  const body = new URLSearchParams({ username: 'alice', password: goodPassword }).toString()
  const request = open(`${url}/auth/token`, { method: 'POST' })
  request.setHeader('content-type', [form['content-type'], 'application/json'])
  request.end(body)
  const [response] = await once(request, 'response')
  response.resume()
  assert.equal(response.statusCode, 400)
})
