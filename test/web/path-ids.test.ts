// Endpoints whose path has an id, behind web requests and those of `node:http`.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import type { Auth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import { hostedLogin } from '../../src/hosted-login/hosted-login.ts'
import { matchPath } from '../../src/http/endpoints/match-path.ts'
import { nodeOAuthEndpoints } from '../../src/web/node.ts'
import { oauthEndpoints } from '../../src/web/oauth-endpoints.ts'
import { createTestAuth, createTestClock, goodPassword } from '../fixtures.ts'
import { deviceOf } from '../server/factors/device.ts'
import { mountEverywhere } from './every-framework.ts'

type Send = (method: string, path: string, body: object | null, token: string) => Promise<Response>

const clock = createTestClock()
const auth = await createTestAuth({ clock, factors: {} })
const handle = oauthEndpoints(auth as Auth)
const handleNode = nodeOAuthEndpoints(auth as Auth)
const server = createServer(async (request, response) => {
  if (!(await handleNode(request, response, '192.0.2.1'))) response.writeHead(404).end()
}).listen(0, '127.0.0.1')
await once(server, 'listening')
after(() => server.close())
const { port } = server.address() as { readonly port: number }

const initOf = (method: string, body: object | null, token: string): RequestInit => ({
  method,
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  ...(body && { body: JSON.stringify(body) }),
})
const sends: Readonly<Record<string, Send>> = {
  async web(method, path, body, token) {
    const request = new Request(`http://localhost${path}`, initOf(method, body, token))
    return (await handle(request, '192.0.2.1')) ?? new Response(null, { status: 404 })
  },
  'node:http': (method, path, body, token) =>
    fetch(`http://127.0.0.1:${port}${path}`, initOf(method, body, token)),
}

for (const [name, send] of Object.entries(sends)) {
  test(`a factor is set up, renamed and removed by its id: ${name}`, async () => {
    const username = `user ${name.length}`.replace(' ', '')
    await auth.users.create({ username, password: goodPassword })
    const login = new Request('http://localhost/auth/token', {
      method: 'POST',
      body: new URLSearchParams({ username, password: goodPassword }),
    })
    const { access_token: token } = (await (await handle(login, '192.0.2.1'))?.json()) ?? {}
    const begun = await (await send('POST', '/me/factors/totp', {}, token)).json()
    const device = deviceOf({ clock }, begun)
    const path = `/me/factors/${begun.id}`
    const wrong = await send('POST', '/me/factors/totp/x/confirm', { otp: device.code() }, token)
    assert.equal(wrong.status, 404)
    const confirm = `/me/factors/totp/${begun.id}/confirm`
    const confirmed = await send('POST', confirm, { otp: device.code() }, token)
    assert.equal(confirmed.status, 200)
    clock.advance(30)
    const stepped = await send('POST', '/auth/step-up', { otp: device.code() }, token)
    const { access_token: strong } = await stepped.json()
    const renamed = await send('PATCH', `${path}/`, { name: 'tablet' }, strong)
    assert.deepEqual([renamed.status, (await renamed.json()).name], [200, 'tablet'])
    for (const other of ['/me/factors/', '/me/factors/a/b', '/me/factor/x']) {
      assert.notEqual((await send('DELETE', other, null, strong)).status, 204, other)
    }
    assert.equal((await send('DELETE', path, null, strong)).status, 204)
    clock.advance(30)
  })
}

test('a path fits part by part, and an id is one part that is not empty', () => {
  const paths = ['/me/factors/:id', '/me/factors/totp/:id/confirm']
  for (const [asked, path] of [
    ['/me/factors/x', '/me/factors/:id'],
    ['/me/factors/totp', '/me/factors/:id'],
    ['/me/factors/totp/x/confirm', '/me/factors/totp/:id/confirm'],
    ['/me/factors/', null],
    ['/me/factors/x/y', null],
    ['/ME/factors/x', null],
    ['/me/factors/totp//confirm', null],
  ] as const) {
    assert.equal(matchPath(paths, asked)?.path ?? null, path, asked)
  }
  assert.deepEqual(matchPath(paths, '/me/factors/x')?.parameters, { id: 'x' })
})

test('an id is decoded after the path was taken apart, and what cannot be decoded is none', () => {
  const paths = ['/me/grants/:id']
  for (const [part, id] of [
    ['app%2Fweb', 'app/web'],
    ['100%25', '100%'],
    ['%2525', '%25'],
    ['a+b', 'a+b'],
    ['%C3%A4', 'ä'],
    ['%', null],
    ['%zz', null],
    ['%ff', null],
  ] as const) {
    const parameters = matchPath(paths, `/me/grants/${part}`)?.parameters ?? null
    assert.deepEqual(parameters, id === null ? null : { id }, part)
  }
  assert.equal(matchPath(paths, '/me%2Fgrants/x'), null)
})

for (const framework of ['fastify', 'express', 'node', 'hono', 'web']) {
  test(`what a client may do is withdrawn by an id of any signs: ${framework}`, async (t) => {
    const issuer = 'https://auth.example.com'
    const hosted = await createTestAuth({ issuer, hostedLogin: hostedLogin() })
    const { asks, close } = await mountEverywhere(hosted as Auth)
    t.after(async () => {
      await close()
      await hosted.close()
    })
    const ask = asks[framework] ?? assert.fail(framework)
    const { id: userId } = await hosted.users.create({ username: 'alice', password: goodPassword })
    const body = new URLSearchParams({ username: 'alice', password: goodPassword })
    const login = await ask('/auth/token', { method: 'POST', body })
    const { access_token: token } = (await login.json()) as { readonly access_token: string }
    const withdraw = async (part: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` }
      return (await ask(`/me/grants/${part}`, { method: 'DELETE', headers })).status
    }
    for (const id of ['app/web', '100%', '%', 'plain']) {
      const redirectUris = ['https://app.example.com/callback']
      await hosted.clients.register({ id, redirectUris, confidential: false })
      await hosted[internals].hosted?.authorization.consents.allow(userId, id, ['openid'])
      assert.equal(await withdraw(encodeURIComponent(id)), 204, id)
      assert.equal(await withdraw(encodeURIComponent(id)), 404, id)
    }
    // Fastify itself says that it is no URL.
    assert.equal(await withdraw('%'), framework === 'fastify' ? 400 : 404)
  })
}
