// What tests of tokens by authorization code need: an application with clients of the flow, and codes without
// the pages that people get them by.

import { createHash, randomBytes } from 'node:crypto'
import { decodeJwt, type JWTPayload } from 'jose'
import type { Auth } from '../../../src/core/auth.ts'
import type { AuthOptions } from '../../../src/core/auth-options.ts'
import type {
  Authorization,
  BrowserSession,
} from '../../../src/core/authorization/authorization.ts'
import type { HostedLogin } from '../../../src/core/authorization/hosted-login.ts'
import type { ConfiguredClient } from '../../../src/core/clients/configured.ts'
import { internals } from '../../../src/core/internals.ts'
import type { Authentication } from '../../../src/core/tokens/authentication.ts'
import { hostedLogin } from '../../../src/hosted-login/hosted-login.ts'
import { type OAuthHandler, oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../../fixtures.ts'

export const issuer = 'https://auth.example.com'
export const clientSecret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'

/** One redirect URI of each client, on an origin of its own. */
export const callbackOf = (client: string): string => `https://${client}.example.com/callback`

/** Clients of every kind. */
export const flowClients: readonly ConfiguredClient[] = [
  // The application's own page: public.
  { id: 'spa', firstParty: true, redirectUris: [callbackOf('spa'), 'https://spa.example.com/2'] },
  // A stranger's server.
  { id: 'web', secret: clientSecret, redirectUris: [callbackOf('web')], introspect: true },
  // A page that gets no refresh token.
  {
    id: 'quiet',
    firstParty: true,
    grants: ['authorization_code'],
    redirectUris: [callbackOf('quiet')],
  },
  // A server that knows no PKCE.
  { id: 'old', secret: clientSecret, pkce: 'optional', redirectUris: [callbackOf('old')] },
  // One that may do a part of what its users may.
  { id: 'reader', scopes: ['items:read'], redirectUris: [callbackOf('reader')] },
  { id: 'login', grants: ['password', 'refresh_token'] },
]

/** The option as most applications have it. */
export const loginByBrowser: HostedLogin = hostedLogin()

/** What a code is made for. Default: the own page, all that it may have, with PKCE. */
export interface CodeOptions {
  readonly browser?: BrowserSession
  readonly client?: string
  readonly scopes?: readonly string[]
  readonly nonce?: string | null
  /** Null for none. */
  readonly verifier?: string | null
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** Tokens of an exchange. */
export interface FlowTokens {
  readonly access_token: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly scope: string
  readonly expires_in: number
}

export interface RelyingParty {
  readonly auth: Auth
  readonly authorization: Authorization
  readonly clock: TestClock
  readonly endpoints: OAuthHandler
  /** A browser in which a user has logged in. */
  browser(username?: string, authentication?: Authentication): Promise<BrowserSession>
  code(options?: CodeOptions): Promise<string>
  /** Sends a form to the token endpoint, with what the code needs, unless another value is given. */
  exchange(code: string, fields?: Readonly<Record<string, string | null>>): Promise<Answered>
  /** Gets tokens by a code. */
  tokens(options?: CodeOptions): Promise<FlowTokens>
  refresh(
    client: string,
    token: string,
    fields?: Readonly<Record<string, string>>,
  ): Promise<Answered>
  send(
    method: string,
    path: string,
    options?: { readonly form?: Readonly<Record<string, string>>; readonly headers?: HeadersInit },
  ): Promise<Answered>
  userinfo(token: string): Promise<Answered>
  /** What introspection says to the client `web` of a token. */
  introspect(token: string | undefined): Promise<Answered['body']>
}

export const verifier: string = randomBytes(32).toString('base64url')

export function challengeOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** HTTP Basic of a confidential client, or the name of a public one. */
export function authenticationOf(client: string): Readonly<Record<string, string>> {
  const isConfidential = ['web', 'old'].includes(client)
  return { client_id: client, ...(isConfidential && { client_secret: clientSecret }) }
}

export async function createRelyingParty({
  clock = createTestClock(),
  ...options
}: Partial<AuthOptions> & { readonly clock?: TestClock } = {}): Promise<RelyingParty> {
  const auth = await createTestAuth({
    ...{ clock, issuer, clients: flowClients, hostedLogin: loginByBrowser },
    roles: { admin: ['*'], member: ['items:read', 'items:write'] },
    ...options,
  })
  const { hosted, store } = auth[internals]
  if (hosted === null) throw new Error('no hosted login')
  const { authorization } = hosted
  for (const username of ['alice', 'bob']) {
    if (await auth.users.findByUsername(username)) continue
    const email = `${username}@example.com`
    await auth.users.create({ username, password: goodPassword, email, emailVerified: true })
  }
  const endpoints = oauthEndpoints(auth)

  async function send(
    method: string,
    path: string,
    { form, headers }: Parameters<RelyingParty['send']>[2] = {},
  ): Promise<Answered> {
    const body = form && new URLSearchParams(form)
    const url = new URL(path, auth.issuer)
    const answer = await endpoints(
      new Request(url, { method, ...(headers && { headers }), ...(body && { body }) }),
      '192.0.2.1',
    )
    if (answer === null) throw new Error(`nothing answers ${method} ${path}`)
    const text = await answer.text()
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? {} : JSON.parse(text),
    }
  }

  const party: RelyingParty = {
    ...{ auth, authorization, clock, endpoints, send },
    async browser(username = 'alice', authentication) {
      const user = await store.users.findByUsername(username)
      const opened = user && (await authorization.browserSessions.open(user, { authentication }))
      const browser = opened && (await authorization.browserSessions.read(opened.cookie))
      if (!browser) throw new Error(`${username} cannot log in`)
      return browser
    },
    async code({ client = 'spa', scopes = ['openid'], nonce = null, ...more } = {}) {
      const proof = more.verifier === undefined ? verifier : more.verifier
      const browser = more.browser ?? (await party.browser())
      // As the page does it.
      await authorization.consents.allow(browser.user.id, client, scopes)
      const code = await authorization.codes.issue({
        browser,
        ...{ clientId: client, scopes, nonce, redirectUri: callbackOf(client) },
        codeChallenge: proof === null ? null : challengeOf(proof),
      })
      if (code === null) throw new Error('no code')
      return code
    },
    async exchange(code, fields = {}) {
      const { client = 'spa', ...others } = fields
      const form = {
        ...{ grant_type: 'authorization_code', code, code_verifier: verifier },
        redirect_uri: callbackOf(String(client)),
        ...authenticationOf(String(client)),
        ...others,
      }
      const given = Object.entries(form).filter(
        (each): each is [string, string] => each[1] !== null,
      )
      return await send('POST', '/auth/token', { form: Object.fromEntries(given) })
    },
    async tokens(options = {}) {
      const { client = 'spa', verifier: proof } = options
      const none = proof === null && { code_verifier: null }
      const { status, body } = await party.exchange(await party.code(options), { client, ...none })
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
      return body as unknown as FlowTokens
    },
    refresh: (client, refresh_token, fields = {}) =>
      send('POST', '/auth/token', {
        form: {
          ...{ grant_type: 'refresh_token', refresh_token, ...authenticationOf(client) },
          ...fields,
        },
      }),
    userinfo: (token) =>
      send('GET', '/auth/userinfo', { headers: { authorization: `Bearer ${token}` } }),
    async introspect(token = '') {
      const form = { token, ...authenticationOf('web') }
      return (await send('POST', '/auth/introspect', { form })).body
    },
  }
  return party
}

/** The claims of a token of ours, which its issuer need not be asked about. */
export function claimsIn(token: string): JWTPayload {
  return decodeJwt(token)
}
