// A server with login by browser at `https://auth.example.com`, or by http on loopback, and clients of it.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { decodeJwt } from 'jose'
import type { AccountOptions } from '../../src/core/accounts/account-options.ts'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import type { NewClient } from '../../src/core/clients/registration.ts'
import type { FactorsOptions } from '../../src/core/factors/factor-options.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { hostedLogin } from '../../src/hosted-login/hosted-login.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../fixtures.ts'
import { deployedName } from './chromium.ts'
import { codeVerifier } from './client-site.ts'
import { type SeenRequest, startWebServer } from './web-server.ts'

export interface HostedSite {
  /** Also its origin. */
  readonly issuer: string
  readonly auth: Auth
  readonly clock: TestClock
  readonly seen: readonly SeenRequest[]
  /** The address of an authorization request. */
  authorize(request: URLSearchParams): string
  /** Exchanges what came back, for what the access token says. */
  exchange(clientId: string, redirectUri: string, code: string | null): Promise<TokenSays>
  /** Ends the server and starts it once more on the same database and port. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Members of an access token. */
export interface TokenSays {
  readonly sub: string
  readonly scope: string
  readonly acr: string
  readonly amr: readonly string[]
}

/** The clients of the tests: two of the application, one of somebody else, and one that is a program. */
export function testClients(clientOrigin: string): readonly NewClient[] {
  const web = { redirectUris: [`${clientOrigin}/callback`, `${clientOrigin}/further`] }
  return [
    { id: 'web', name: 'Example App', firstParty: true, ...web },
    {
      ...{ id: 'other', name: 'Other App', firstParty: true },
      redirectUris: [`${clientOrigin}/callback?of=other`],
    },
    { id: 'third', name: 'Somebody’s App', clientUri: clientOrigin, ...web },
    { id: 'native', name: 'Example Tool', firstParty: true, redirectUris: [nativeCallback] },
  ]
}

/** Where the program is called back. */
export const nativeCallback = 'com.example.tool:/callback'

async function addUsersAndClients(auth: Auth, clients: readonly NewClient[]): Promise<void> {
  for (const username of ['alice', 'bob']) {
    await auth.users.create({ username, password: goodPassword })
  }
  for (const client of clients) await auth.clients.register({ ...client, confidential: false })
}

export interface HostedSiteOptions {
  /** Default true. */
  readonly tls?: boolean
  /** The host of the issuer without TLS. Default `127.0.0.1`. */
  readonly host?: string
  readonly accounts?: AccountOptions
  readonly factors?: FactorsOptions
  readonly auth?: Partial<AuthOptions>
}

/** Alice and Bob have accounts there, with the same good password. */
export async function openHostedSite(
  clients: readonly NewClient[],
  { tls = true, host = '127.0.0.1', accounts, factors, auth: more }: HostedSiteOptions = {},
): Promise<HostedSite> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-hosted-'))
  const server = await startWebServer({ tls })
  const issuer = tls ? `https://${deployedName}:${server.port}` : `http://${host}:${server.port}`
  const clock = createTestClock()

  async function start(): Promise<{ readonly auth: Auth; readonly app: FastifyInstance }> {
    const auth = await createTestAuth({
      ...{ issuer, clock, store: sqlite(join(directory, 'portcullis.db')) },
      hostedLogin: hostedLogin({ staySignedIn: 30 * 24 * 60 * 60 }),
      permissions: { 'items:read': 'Read your items' },
      roles: { member: ['items:read'] },
      ...(accounts && { accounts }),
      ...(factors && { factors }),
      ...more,
    })
    const app = Fastify()
    await app.register(portcullis, { auth })
    await app.ready()
    server.answerWith((request, response) => app.routing(request, response))
    return { auth, app }
  }

  async function stop(): Promise<void> {
    await running.app.close()
    await running.auth.close()
  }

  let running = await start()
  await addUsersAndClients(running.auth, clients)
  return {
    ...{ issuer, clock, seen: server.seen },
    get auth() {
      return running.auth
    },
    authorize: (request) => `${issuer}/auth/authorize?${request}`,
    async exchange(clientId, redirectUri, code) {
      const answer = await running.app.inject({
        ...{ method: 'POST', url: '/auth/token' },
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams({
          ...{ grant_type: 'authorization_code', client_id: clientId },
          ...{ redirect_uri: redirectUri, code: code ?? '', code_verifier: codeVerifier },
        }).toString(),
      })
      assert.equal(answer.statusCode, 200, answer.body)
      const { access_token: token } = answer.json<{ readonly access_token: string }>()
      return decodeJwt<TokenSays>(token)
    },
    async restart() {
      await stop()
      running = await start()
    },
    async close() {
      await stop()
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
