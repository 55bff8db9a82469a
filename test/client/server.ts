// A running server with one user, for the tests of the client.

import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../fixtures.ts'

export interface RunningServer {
  readonly url: string
  readonly auth: Auth
  readonly clock: TestClock
  /** Method and path of every request so far, and whether it had a token. */
  readonly requests: readonly { readonly line: string; readonly authorized: boolean }[]
  close(): Promise<void>
}

/** Starts a server on which `alice` has the good password. */
export async function startServer(
  prepare: (app: FastifyInstance, auth: Auth) => void = () => {},
  options: Pick<AuthOptions, 'compatibility' | 'factors' | 'issuer'> = {},
): Promise<RunningServer> {
  const clock = createTestClock(Math.floor(Date.now() / 1000))
  const auth = await createTestAuth({ clock, accounts: {}, ...options })
  await auth.users.create({ username: 'alice', password: goodPassword })
  const app = await buildApp({ auth, docs: false })
  const requests: { line: string; authorized: boolean }[] = []
  app.addHook('onRequest', async ({ method, url, headers }) => {
    requests.push({ line: `${method} ${url}`, authorized: headers.authorization !== undefined })
  })
  prepare(app, auth)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    auth,
    clock,
    requests,
    async close() {
      await app.close()
      await auth.close()
    },
  }
}
