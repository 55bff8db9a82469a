// The flow as each framework mounts it: the same answers, with every cookie and header.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import type { Auth } from '../../../src/core/auth.ts'
import { oauthEndpoints as expressEndpoints } from '../../../src/express/oauth-endpoints.ts'
import { portcullis } from '../../../src/fastify/portcullis.ts'
import { oauthEndpoints as honoEndpoints } from '../../../src/hono/oauth-endpoints.ts'
import { goodPassword } from '../../fixtures.ts'
import { type Answering, openBrowser } from './browser.ts'
import { assertAnswer, assertPage, issuer, openLoginSite } from './login-site.ts'

interface Running {
  readonly answering: Answering
  close(): Promise<unknown>
}

/** Asks a server on a port what a browser asks at the issuer. */
function at(base: string): Answering {
  return async (request) => {
    const { pathname, search } = new URL(request.url)
    const body = request.method === 'GET' ? undefined : await request.text()
    return await fetch(base + pathname + search, {
      ...{ method: request.method, headers: request.headers, redirect: 'manual' },
      ...(body && { body }),
    })
  }
}

const frameworks: Readonly<Record<string, (auth: Auth) => Promise<Running>>> = {
  async Fastify(auth) {
    const app = Fastify()
    await app.register(portcullis, { auth })
    return {
      answering: at(await app.listen({ port: 0, host: '127.0.0.1' })),
      close: () => app.close(),
    }
  },
  async Express(auth) {
    const server = express().use(expressEndpoints(auth)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { readonly port: number }
    return {
      answering: at(`http://127.0.0.1:${port}`),
      async close() {
        server.closeAllConnections()
        server.close()
      },
    }
  },
  async Hono(auth) {
    const app = new Hono().use(honoEndpoints(auth, () => '192.0.2.1'))
    return { answering: async (request) => await app.request(request), close: async () => {} }
  },
}

for (const [name, start] of Object.entries(frameworks)) {
  test(`${name} serves the whole flow`, async () => {
    const site = await openLoginSite({
      auth: { apiKeys: {}, factors: {}, accounts: { deletion: true } },
    })
    const { answering, close } = await start(site.auth)
    try {
      const browser = openBrowser(issuer, answering)
      const page = await browser.open(site.authorize('third'))
      assertPage(page, 'login')
      assert.equal(page.headers.get('referrer-policy'), 'same-origin')
      assert.equal(page.headers.get('cross-origin-opener-policy'), 'unsafe-none')
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
      const long = { username: 'alice', password: 'x'.repeat(17 * 1024) }
      assertPage(await browser.send(page, long), 'error', 413)
      const consent = await browser.send(page, { username: 'alice', password: goodPassword })
      assertPage(consent, 'consent')
      const arrival = await browser.send(consent, {}, { button: 'allow' })
      assertAnswer(arrival, null)
      await site.exchange('third', arrival)

      const own = await site.exchange('web', await browser.open(site.authorize('web')))
      const headers = { authorization: `Bearer ${own.accessToken}` }
      const grants = (method: string, client = ''): Promise<Response | null> =>
        answering(new Request(`${issuer}/me/grants${client}`, { method, headers }))
      assert.equal((await grants('GET'))?.status, 200)
      assert.equal((await grants('DELETE', '/third'))?.status, 204)
      assert.equal((await grants('DELETE', '/third'))?.status, 404)

      for (const page of ['sign-in', 'sessions', 'keys', 'delete']) {
        const shown = await browser.open(`/account/${page}`)
        assert.equal(shown.status, 200, page)
        assert.match(shown.kind ?? '', /^(sign-in|sessions|keys|deletion)$/)
      }
      const account = await browser.open('/account')
      assertPage(account, 'account')
      const file = await browser.send(account)
      assert.equal(file.headers.get('content-disposition'), 'attachment; filename="account.json"')
      const sessions = await browser.send(await browser.open('/account/sessions'), {}, { form: 0 })
      assertPage(sessions, 'sessions')

      for (const path of [
        '/auth/authorize',
        '/auth/authorize/login',
        '/auth/logout',
        '/account/apps',
      ]) {
        const answer = await answering(new Request(issuer + path, { method: 'PUT' }))
        assert.equal(answer?.status, 405, path)
        assert.match(answer?.headers.get('allow') ?? '', /GET/)
      }
      const head = await answering(
        new Request(issuer + site.authorize('web'), {
          method: 'HEAD',
          headers: { cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; ') },
        }),
      )
      assert.equal(head?.status, 200)
      const logout = await browser.open('/auth/logout')
      // Two cookies are deleted, a header each.
      const done = await browser.send(logout)
      assertPage(done, 'logged-out')
      assert.equal(done.headers.getSetCookie().length, 2)
      assert.equal(browser.cookies.size, 0)
    } finally {
      await close()
      await site.close()
    }
  })
}
