// The two servers that the modules of the OpenID Foundation's plans are driven against: ours, and `oidc-provider`, a
// certified one, as an oracle.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as jose from 'jose'
import { Provider } from 'oidc-provider'
import { internals } from '../../../src/core/internals.ts'
import { goodPassword } from '../../fixtures.ts'
import { callback, clientSecret, startLoginServer } from '../../interop/login-server.ts'
import { type Arrival, openBrowser, type TestBrowser } from './browser.ts'

/** A page of a server, by what a person does there. */
export type PageKind = 'login' | 'consent' | 'error' | 'log out?' | 'logged out'

export interface Subject {
  readonly name: 'ours' | 'oidc-provider'
  readonly issuer: string
  browser(): TestBrowser
  /** Forgets what Alice has allowed the clients, so that each row begins where the others did. */
  forget(): Promise<void>
  kindOf(page: Arrival): PageKind
  /** Does what a user does on a page: logs in as Alice, allows, says yes. */
  answer(browser: TestBrowser, page: Arrival, kind: PageKind): Promise<Arrival>
  close(): Promise<void>
}

/** Where the clients are told of log-outs, and where their users come back to after one. */
export interface SubjectOptions {
  readonly backchannelLogoutUri: string
}

export const goodbye = 'https://app.example.com/bye'

/** As in the plans: two clients with `client_secret_basic`, and one with `client_secret_post`. */
const clients = [
  ['first', 'client_secret_basic'],
  ['second', 'client_secret_basic'],
  ['poster', 'client_secret_post'],
] as const

/** Signs by RS256, which the configuration plan wants. */
export async function startOurs({ backchannelLogoutUri }: SubjectOptions): Promise<Subject> {
  const registered = clients.map(([id, tokenEndpointAuthMethod]) => ({
    ...{ id, secret: clientSecret, tokenEndpointAuthMethod, pkce: 'optional' as const },
    ...{ redirectUris: [callback], postLogoutRedirectUris: [goodbye] },
    ...(id === 'first' && { backchannelLogoutUri }),
  }))
  const server = await startLoginServer(registered, { signingAlgorithm: 'RS256' })
  const kinds: Readonly<Record<string, PageKind>> = {
    ...{ login: 'login', consent: 'consent', error: 'error' },
    ...{ logout: 'log out?', 'logged-out': 'logged out' },
  }
  return {
    ...{ name: 'ours', issuer: server.issuer, browser: server.browser, close: server.close },
    async forget() {
      const alice = await server.auth.users.findByUsername('alice')
      const { consents } = server.auth[internals].hosted?.authorization ?? {}
      for (const [id] of clients) await consents?.withdraw(alice?.id ?? '', id)
    },
    kindOf({ kind, html }) {
      const found = kind === null ? undefined : kinds[kind]
      if (found === undefined) throw new Error(`a page of the kind ${kind}: ${html}`)
      return found
    },
    answer: (browser, page, kind) =>
      kind === 'login'
        ? browser.send(page, { username: 'alice', password: goodPassword })
        : browser.send(page, {}, kind === 'consent' ? { button: 'allow' } : {}),
  }
}

export async function startOracle({ backchannelLogoutUri }: SubjectOptions): Promise<Subject> {
  const server = createServer((request, response) => app(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true })
  const key = { ...(await jose.exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const app = new Provider(issuer, configuration(key, backchannelLogoutUri)).callback()
  return {
    ...{ name: 'oidc-provider', issuer },
    browser: () => openBrowser(issuer, (request) => fetch(request)),
    // It keeps them with the login of a browser.
    forget: async () => {},
    kindOf({ html, status }) {
      if (html.includes('value="login"')) return 'login'
      if (html.includes('value="consent"')) return 'consent'
      if (html.includes('op.logoutForm')) return 'log out?'
      if (html.includes('Sign-out Success')) return 'logged out'
      if (status >= 400) return 'error'
      throw new Error(`an unknown page: ${html}`)
    },
    answer: (browser, page, kind) =>
      browser.send(
        page,
        kind === 'login' ? { login: 'alice', password: 'any' } : kind === 'log out?' ? yes : {},
      ),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const yes = { logout: 'yes' }

function configuration(key: jose.JWK, backchannelLogoutUri: string): object {
  return {
    jwks: { keys: [key] },
    cookies: { keys: ['a key of the cookies'], long: { sameSite: 'none' } },
    enableHttpPostMethods: true,
    clients: clients.map(([id, method]) => ({
      ...{ client_id: id, client_secret: clientSecret, token_endpoint_auth_method: method },
      ...{ redirect_uris: [callback], post_logout_redirect_uris: [goodbye] },
      grant_types: ['authorization_code', 'refresh_token'],
      ...(id === 'first' && {
        backchannel_logout_uri: backchannelLogoutUri,
        backchannel_logout_session_required: true,
      }),
    })),
    claims: {
      openid: ['sub'],
      profile: ['preferred_username'],
      email: ['email', 'email_verified'],
    },
    pkce: { required: () => false },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({
        ...{ sub: accountId, preferred_username: accountId },
        ...{ email: `${accountId}@example.com`, email_verified: true },
      }),
    }),
    features: { backchannelLogout: { enabled: true } },
  }
}
