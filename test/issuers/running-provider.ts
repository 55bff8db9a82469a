// oidc-provider at work: a certified OpenID provider, listening on this machine, which a test can stop,
// slow down, and give new keys.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as jose from 'jose'
import { Provider } from 'oidc-provider'

export const audience = 'https://items.example.com'
const otherAudience = 'https://other.example.com'
const callbackUrl = 'https://app.example.com/callback'
const month = 30 * 86400

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

/** Tokens of one login. */
export interface LoginTokens {
  readonly access_token: string
  readonly id_token: string
}

export interface RunningProvider {
  readonly issuer: string
  /** The paths of requests that were for metadata or keys. */
  readonly fetched: string[]
  /** Starts to sign with a new key. */
  rotate(): Promise<void>
  /** Answers metadata and keys this way from now on; undefined, as they are. */
  disturb(handler: Handler | undefined): void
  /** Logs a user in by the authorization code flow with PKCE, with a browser's cookies. */
  login(username: string, options?: { client?: string; resource?: string }): Promise<LoginTokens>
  /** A token of a machine, by the client credentials grant. */
  machineToken(resource?: string): Promise<string>
  close(): Promise<void>
}

export const resources: { readonly ours: string; readonly other: string } = {
  ours: audience,
  other: otherAudience,
}

export interface ProviderOptions {
  /** Additional claims in access tokens for users of a client. Default none. */
  readonly claims?: (clientId: string | undefined) => object
  /** Where a page takes the client `docs` back to; its tokens are for `audience` unasked. */
  readonly docsRedirect?: string
}

export async function startRunningProvider({
  claims = () => ({}),
  docsRedirect,
}: ProviderOptions = {}): Promise<RunningProvider> {
  let app: Handler | undefined
  let disturbance: Handler | undefined
  const fetched: string[] = []
  const server = createServer((request, response) => {
    const isFetch = /^\/(\.well-known|jwks)/.test(String(request.url))
    if (isFetch) fetched.push(String(request.url))
    const handler = isFetch && disturbance ? disturbance : app
    handler?.(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const keys: jose.JWK[] = []
  async function rotate(): Promise<void> {
    const { privateKey } = await jose.generateKeyPair('ES256', { extractable: true })
    const jwk = await jose.exportJWK(privateKey)
    // The newest signs; the one before stays published for a while.
    keys.unshift({ ...jwk, kid: `key-${keys.length + 1}`, alg: 'ES256', use: 'sig' })
    app = new Provider(issuer, configuration(keys.slice(0, 2), claims, docsRedirect)).callback()
  }
  await rotate()

  async function exchange(parameters: Readonly<Record<string, string>>): Promise<LoginTokens> {
    const body = new URLSearchParams(parameters)
    const answer = await fetch(`${issuer}/token`, { method: 'POST', body })
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    return JSON.parse(text)
  }

  return {
    issuer,
    fetched,
    rotate,
    disturb(handler) {
      disturbance = handler
    },
    async login(username, { client = 'web', resource = audience } = {}) {
      const verifier = 'a-verifier-that-is-long-enough-for-RFC-7636-section-4.1'
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
      const query = new URLSearchParams({
        client_id: client,
        response_type: 'code',
        redirect_uri: callbackUrl,
        scope: 'openid items:read',
        resource,
        nonce: 'n-0S6_WzA2Mj',
        code_challenge: Buffer.from(digest).toString('base64url'),
        code_challenge_method: 'S256',
      })
      const code = await authorize(issuer, `/auth?${query}`, username)
      return await exchange({
        grant_type: 'authorization_code',
        client_id: client,
        code,
        redirect_uri: callbackUrl,
        code_verifier: verifier,
      })
    },
    async machineToken(resource = audience) {
      const { access_token } = await exchange({
        grant_type: 'client_credentials',
        client_id: 'machine',
        client_secret: 'a secret of the machine',
        resource,
      })
      return access_token
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function configuration(
  keys: readonly jose.JWK[],
  claims: NonNullable<ProviderOptions['claims']>,
  docsRedirect: string | undefined,
): object {
  const browser = {
    redirect_uris: [callbackUrl],
    token_endpoint_auth_method: 'none',
    id_token_signed_response_alg: 'ES256',
  }
  return {
    jwks: { keys },
    cookies: { keys: ['a key of the cookies'] },
    clients: [
      { client_id: 'web', ...browser },
      { client_id: 'other', ...browser },
      ...(docsRedirect === undefined
        ? []
        : [{ ...browser, client_id: 'docs', redirect_uris: [docsRedirect] }]),
      {
        client_id: 'machine',
        client_secret: 'a secret of the machine',
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: ['openid', 'items:read'],
    clientBasedCORS: (_context: unknown, origin: string) =>
      docsRedirect?.startsWith(origin) === true,
    ttl: { AccessToken: month, ClientCredentials: month, IdToken: month },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id }),
    }),
    extraTokenClaims: (
      _context: unknown,
      { accountId, clientId }: { readonly accountId?: string; readonly clientId?: string },
    ) =>
      accountId === undefined
        ? undefined
        : {
            preferred_username: accountId,
            groups: [`team of ${accountId}`],
            ...claims(clientId),
          },
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context: unknown, client: { readonly clientId: string }) =>
          client.clientId === 'docs' ? audience : undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: 'items:read',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: month,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  }
}

/** Does what a browser does, with its cookies, until the provider sends it back with a code. */
async function authorize(issuer: string, path: string, username: string): Promise<string> {
  const cookies = new Map<string, string>()
  async function visit(url: string, form?: Readonly<Record<string, string>>): Promise<string> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    return location === null ? await answer.text() : new URL(location, url).href
  }

  let next = await visit(`${issuer}${path}`)
  for (let step = 0; step < 10; step++) {
    const code = next.startsWith(callbackUrl) ? new URL(next).searchParams.get('code') : null
    if (code !== null) return code
    assert.ok(next.startsWith(issuer), next)
    if (!/\/interaction\//.test(next)) {
      next = await visit(next)
      continue
    }
    const page = await visit(next)
    const isLogin = /name="prompt" value="login"/.test(page)
    const form = isLogin ? { prompt: 'login', login: username, password: 'any' } : undefined
    next = await visit(next, form ?? { prompt: 'consent' })
  }
  return assert.fail('the provider did not come to an end')
}
