// A server with login by browser that listens on this machine, for clients that other people have written.

import assert from 'node:assert/strict'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import type { ConfiguredClient } from '../../src/core/clients/configured.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { hostedLogin } from '../../src/hosted-login/hosted-login.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { type Arrival, openBrowser, type TestBrowser } from '../http/authorization/browser.ts'
import { freePort } from '../stores/postgres-server.ts'

/** Of every confidential client of these tests. */
export const clientSecret = 'a1f0c94e37d2485bb6e8d15c7f3092ae'

/** Where clients that are web applications have their pages: nothing answers there. */
export const appOrigin = 'https://app.example.com'
export const callback: string = `${appOrigin}/callback`

export interface LoginServer {
  /** Also its origin: http on loopback, or https with a certificate. */
  readonly issuer: string
  readonly auth: Auth
  /** A browser that has no session there yet. */
  browser(): TestBrowser
  close(): Promise<void>
}

/** Of a server, as PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** Alice, an address of hers that is verified, and clients that the configuration names. */
export async function startLoginServer(
  clients: readonly ConfiguredClient[],
  { tls, ...options }: Partial<AuthOptions> & { readonly tls?: Certificate } = {},
): Promise<LoginServer> {
  const port = await freePort()
  const issuer = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
  const auth = await createTestAuth({
    ...{ issuer, clients, hostedLogin: hostedLogin() },
    permissions: { 'items:read': 'Read your items' },
    roles: { member: ['items:read'] },
    ...options,
  })
  const email = { email: 'alice@example.com', emailVerified: true }
  await auth.users.create({ username: 'alice', password: goodPassword, role: 'member', ...email })
  const app = tls ? (Fastify({ https: tls }) as unknown as FastifyInstance) : Fastify()
  await app.register(portcullis, { auth, docs: false })
  await app.listen({ host: '127.0.0.1', port })
  return {
    ...{ issuer, auth },
    browser: () => openBrowser(issuer, (request) => fetch(request)),
    async close() {
      await app.close()
      await auth.close()
    },
  }
}

/** Opens an address of the server, and does there what Alice is asked for, until she is elsewhere. */
export async function logIn(browser: TestBrowser, url: URL): Promise<Arrival> {
  let arrival = await browser.open(url.href)
  for (let step = 0; step < 5 && !arrival.isElsewhere; step++) {
    assert.ok(['login', 'consent', 'continue'].includes(arrival.kind ?? ''), arrival.html)
    arrival =
      arrival.kind === 'login'
        ? await browser.send(arrival, { username: 'alice', password: goodPassword })
        : await browser.send(arrival, {}, { button: 'allow' })
  }
  assert.ok(arrival.isElsewhere, arrival.html)
  return arrival
}
