// Which pages of other origins may call what, in every framework (Fetch §3.3, §4.8).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import Fastify from 'fastify'
import type { Auth } from '../../../src/core/auth.ts'
import { portcullis } from '../../../src/fastify/portcullis.ts'
import { buildApp } from '../../../src/server/app.ts'
import { nodeOAuthEndpoints } from '../../../src/web/node.ts'
import { oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { createRelyingParty, issuer, type RelyingParty } from './relying-party.ts'

const page = 'https://spa.example.com'
const stranger = 'https://evil.example.com'

const ours = ['/auth/token', '/auth/revoke', '/auth/userinfo']
const everybodys = [
  ...['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
  '/.well-known/jwks.json',
]
const nobodys = ['/auth/introspect', '/auth/authorize']

interface Asked {
  readonly status: number
  readonly headers: Headers
}

type Ask = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
) => Promise<Asked>

interface Adapter {
  readonly name: string
  /** Of what is not answered by an endpoint. */
  readonly otherwise: number
  open(auth: Auth): Promise<{ ask: Ask; close(): Promise<unknown> }>
}

async function openFastify(auth: Auth, corsOrigins?: readonly string[]) {
  const app = corsOrigins
    ? await buildApp({ auth, prune: false, docs: false, corsOrigins })
    : Fastify()
  if (!corsOrigins) await app.register(portcullis, { auth, docs: false, prune: false })
  const ask: Ask = async (method, url, headers) => {
    const given = { method: method as 'GET', url, headers: { ...headers } }
    const answer = await app.inject(given)
    const pairs = Object.entries(answer.headers).map(([name, value]) => [name, String(value)])
    return { status: answer.statusCode, headers: new Headers(pairs as [string, string][]) }
  }
  return { ask, close: () => app.close() }
}

const adapters: readonly Adapter[] = [
  { name: 'Fastify', otherwise: 204, open: (auth) => openFastify(auth) },
  {
    name: 'the ready server with other origins of its own',
    otherwise: 204,
    open: (auth) => openFastify(auth, ['https://configured.example.com']),
  },
  {
    name: 'web',
    otherwise: 404,
    async open(auth) {
      const endpoints = oauthEndpoints(auth)
      const ask: Ask = async (method, path, headers) => {
        const request = new Request(issuer + path, { method, headers })
        return (await endpoints(request, undefined)) ?? new Response(null, { status: 404 })
      }
      return { ask, close: async () => {} }
    },
  },
  {
    name: 'node:http',
    otherwise: 404,
    async open(auth) {
      const endpoints = nodeOAuthEndpoints(auth)
      const server = createServer(async (request, response) => {
        if (!(await endpoints(request, response, undefined))) response.writeHead(404).end()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const ask: Ask = async (method, path, headers) =>
        await fetch(`http://127.0.0.1:${port}${path}`, { method, headers })
      return {
        ask,
        async close() {
          server.closeAllConnections()
          server.close()
        },
      }
    },
  },
]

const allowed = (answer: Asked): string | null => answer.headers.get('access-control-allow-origin')

for (const { name, otherwise, open } of adapters) {
  describe(`in ${name}`, () => {
    let party: RelyingParty
    let ask: Ask
    let close: () => Promise<unknown>

    before(async () => {
      party = await createRelyingParty()
      ;({ ask, close } = await open(party.auth))
    })
    after(async () => {
      await close()
      await party.auth.close()
    })

    const preflight = async (path: string, origin: string): Promise<Asked> =>
      await ask('OPTIONS', path, {
        ...{ origin, 'access-control-request-method': 'POST' },
        'access-control-request-headers': 'authorization,content-type',
      })

    test('a page of a registered client may ask for tokens, userinfo and an end (OP-71)', async () => {
      for (const path of ours) {
        const answer = await preflight(path, page)
        assert.equal(answer.status, 204, path)
        assert.equal(allowed(answer), page)
        assert.match(String(answer.headers.get('vary')), /Origin/)
        assert.match(String(answer.headers.get('access-control-allow-methods')), /POST/)
        const headers = String(answer.headers.get('access-control-allow-headers'))
        assert.match(headers, /authorization.*content-type/)
        assert.equal(answer.headers.get('access-control-allow-credentials'), null)
        for (const method of ['POST', 'PUT']) {
          const refused = await ask(method, path, { origin: page })
          assert.ok(refused.status >= 400)
          assert.equal(allowed(refused), page, `${method} ${path}`)
          assert.match(String(refused.headers.get('access-control-expose-headers')), /www-auth/)
        }
      }
    })

    test('a page of another origin, or of none, may not (OP-71)', async () => {
      for (const path of ours) {
        for (const origin of [
          stranger,
          'null',
          'https://spa.example.com.evil.com',
          'http://spa.example.com',
        ]) {
          const answer = await preflight(path, origin)
          assert.deepEqual([answer.status, allowed(answer)], [otherwise, null])
          assert.equal(allowed(await ask('POST', path, { origin })), null)
        }
        const plain = await ask('POST', path, {})
        assert.equal(allowed(plain), null)
        assert.match(String(plain.headers.get('vary')), /Origin/)
      }
    })

    test('every page may read the metadata and the keys (OP-71)', async () => {
      for (const path of everybodys) {
        for (const origin of [page, stranger, 'null']) {
          assert.equal(allowed(await preflight(path, origin)), '*')
          const answer = await ask('GET', path, { origin })
          assert.deepEqual([answer.status, allowed(answer)], [200, '*'])
        }
      }
    })

    test('no page may call the authorization endpoint or introspect (OP-71)', async () => {
      for (const path of nobodys) {
        for (const method of ['OPTIONS', 'GET', 'POST']) {
          const headers = { origin: page, 'access-control-request-method': 'POST' }
          assert.equal(allowed(await ask(method, path, headers)), null, `${method} ${path}`)
        }
      }
    })

    test('a client that is registered later is heard of, and one that is removed forgotten', async () => {
      const origin = 'https://later.example.com'
      assert.equal(allowed(await preflight('/auth/token', origin)), null)
      const redirectUris = [`${origin}/callback`]
      await party.auth.clients.register({ id: 'later', confidential: false, redirectUris })
      party.clock.advance(1)
      assert.equal(allowed(await preflight('/auth/token', origin)), origin)
      await party.auth.clients.remove('later')
      party.clock.advance(60)
      assert.equal(allowed(await preflight('/auth/token', origin)), null)
    })
  })
}

test('origins of the configuration stay allowed beside those of clients (OP-71)', async () => {
  const party = await createRelyingParty()
  const configured = 'https://configured.example.com'
  const { ask, close } = await openFastify(party.auth, [configured])
  const headers = { origin: configured, 'access-control-request-method': 'POST' }
  for (const path of [...ours, '/auth/introspect', '/me']) {
    const answer = await ask('OPTIONS', path, headers)
    assert.deepEqual([answer.status, allowed(answer)], [204, configured], path)
    assert.equal(allowed(await ask('POST', path, { origin: configured })), configured, path)
  }
  await close()
  await party.auth.close()
})
