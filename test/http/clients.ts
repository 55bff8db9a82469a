// What tests of registered clients need: an application with some, and forms sent by them.

import assert from 'node:assert/strict'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import type { ConfiguredClient } from '../../src/core/clients/configured.ts'
import type { TokenEndpoint } from '../../src/http/endpoints/endpoint.ts'
import { createIntrospectionEndpoint } from '../../src/http/endpoints/introspection.ts'
import { createRevocationEndpoint } from '../../src/http/endpoints/revocation.ts'
import { createTokenEndpoint } from '../../src/http/endpoints/token.ts'
import type { TokenAnswer } from '../../src/http/token-messages.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../fixtures.ts'

/** A secret with every sign that an encoding can lose. */
export const oddSecret = 'a:b%+é &=/?~7h2kq9mx04bt6wzr8sfd'
export const plainSecret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'

export const clients: readonly ConfiguredClient[] = [
  { id: 'app', secret: plainSecret, introspect: false },
  { id: 'odd', secret: oddSecret },
  { id: 'api', secret: plainSecret, grants: [] },
  { id: 'spa' },
  { id: 'reader', scopes: ['items:read', 'stats:read'] },
  { id: 'login', grants: ['password'] },
]

const roles = { admin: ['*'], editor: ['items:read', 'items:write'], member: [] }

/** How a client names itself: Basic, or parameters of the form. */
export interface Caller {
  readonly authorization?: string
  readonly form?: Readonly<Record<string, string>>
}

export const nobody: Caller = {}

/** HTTP Basic with both parts encoded (RFC 6749 §2.3.1). */
export function basic(id: string, secret = ''): Caller {
  return rawBasic([id, secret].map(encodeURIComponent).join(':'))
}

export function rawBasic(pair: string): Caller {
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

export function post(id: string, secret?: string): Caller {
  return { form: { client_id: id, ...(secret !== undefined && { client_secret: secret }) } }
}

/** Tokens of a login. */
export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly scope: string
}

type Fields = Readonly<Record<string, string>>
type Send = (caller: Caller, fields: Fields) => Promise<TokenAnswer>

export interface TestClients {
  readonly auth: Auth
  readonly clock: TestClock
  readonly token: Send
  readonly revoke: Send
  readonly introspect: Send
  login(caller: Caller, username?: string, scope?: string): Promise<Tokens>
  refresh(caller: Caller, refreshToken: string): Promise<TokenAnswer>
}

/** An application with a user of each role, and the clients above. */
export async function createTestClients(options: Partial<AuthOptions> = {}): Promise<TestClients> {
  const clock = createTestClock()
  const auth = await createTestAuth({ clock, roles, clients, ...options })
  auth.permissions.add('stats:read')
  for (const role of Object.keys(roles)) {
    await auth.users.create({ username: role, password: goodPassword, role })
  }
  const token = sender(createTokenEndpoint(auth))
  return {
    auth,
    clock,
    token,
    revoke: sender(createRevocationEndpoint(auth)),
    introspect: sender(createIntrospectionEndpoint(auth)),
    async login(caller, username = 'admin', scope = '') {
      const { status, body } = await token(caller, { username, password: goodPassword, scope })
      assert.equal(status, 200, JSON.stringify(body))
      return body as Tokens
    },
    refresh: (caller, refresh_token) =>
      token(caller, { grant_type: 'refresh_token', refresh_token }),
  }
}

function sender(answer: TokenEndpoint): Send {
  return ({ authorization, form = {} }, fields) =>
    answer({
      contentType: 'application/x-www-form-urlencoded',
      authorization,
      body: Buffer.from(new URLSearchParams({ ...fields, ...form }).toString()),
    })
}

/** Fails unless the answer is this error of RFC 6749 §5.2, alike for all of its causes. */
export function assertError(answer: TokenAnswer, status: number, error: string): void {
  const { body, headers } = answer
  assert.ok(body && 'error' in body, JSON.stringify(body))
  assert.deepEqual([answer.status, body.error], [status, error])
  assert.equal(headers['cache-control'], 'no-store')
  const challenge = status === 401 ? 'Basic realm="token endpoint"' : undefined
  assert.equal(headers['www-authenticate'], challenge)
}
