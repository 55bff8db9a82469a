// A server with login by browser and clients of it, without a network: for the tests of the flow.

import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'
import type { Auth } from '../../../src/core/auth.ts'
import type { AuthOptions } from '../../../src/core/auth-options.ts'
import type { NewClient } from '../../../src/core/clients/registration.ts'
import { type HostedLoginOptions, hostedLogin } from '../../../src/hosted-login/hosted-login.ts'
import type { EndpointOptions } from '../../../src/http/endpoints/mount.ts'
import { oauthEndpoints } from '../../../src/web/oauth-endpoints.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../../fixtures.ts'
import { type Answering, type Arrival, openBrowser, type TestBrowser } from './browser.ts'
import { challengeOf } from './relying-party.ts'

export const issuer = 'https://auth.example.com'
export const callback = 'https://app.example.com/callback'
export const nativeCallback = 'com.example.tool:/callback'

/** 43 characters, as every verifier of the tests. */
export const codeVerifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const codeChallenge: string = challengeOf(codeVerifier)

/** Of the application, of somebody else, a program of a device, and one that need not send a challenge. */
const clients: readonly (NewClient & { readonly confidential?: boolean })[] = [
  {
    ...{ id: 'web', name: 'Example App', firstParty: true, redirectUris: [callback] },
    postLogoutRedirectUris: ['https://app.example.com/bye'],
  },
  {
    ...{ id: 'third', name: 'Third App', clientUri: 'https://third.example.com' },
    redirectUris: ['https://third.example.com/cb?of=us'],
    postLogoutRedirectUris: ['https://third.example.com/bye'],
  },
  {
    ...{ id: 'native', name: 'Example Tool', firstParty: true },
    redirectUris: [nativeCallback, 'http://127.0.0.1/cb', 'http://[::1]/cb', 'http://localhost/cb'],
  },
  { id: 'old', firstParty: true, confidential: true, pkce: 'optional', redirectUris: [callback] },
  { id: 'strict', confidential: true, redirectUris: [callback] },
  { id: 'pager', grants: ['password'] },
]

export interface LoginSite {
  readonly auth: Auth
  readonly clock: TestClock
  readonly answering: Answering
  browser(): TestBrowser
  /** The path of an authorization request of a client; undefined leaves a parameter out. */
  authorize(clientId: string, parameters?: Readonly<Record<string, string | undefined>>): string
  /** Logs in where the form is. */
  logIn(browser: TestBrowser, url: string, username?: string, password?: string): Promise<Arrival>
  /** Exchanges the code of an arrival; the claims of the ID token, if there is one. */
  exchange(clientId: string, arrival: Arrival): Promise<Exchanged>
  /** Asks an endpoint that is no page. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

export interface Exchanged {
  readonly accessToken: string
  readonly idToken: string
  /** Empty if there is none. */
  readonly refreshToken: string
  /** What the access token says. */
  readonly token: Claims
  /** What the ID token says. */
  readonly id: Claims
  readonly scope: string
}

export type Claims = Readonly<Record<string, unknown>>

export interface LoginSiteOptions {
  readonly auth?: Partial<AuthOptions>
  readonly hosted?: HostedLoginOptions
  readonly endpoints?: EndpointOptions
}

/** Alice and Bob have accounts there, with the same good password. */
export async function openLoginSite(options: LoginSiteOptions = {}): Promise<LoginSite> {
  const clock = createTestClock()
  const auth = await createTestAuth({
    ...{ issuer, clock, hostedLogin: hostedLogin(options.hosted) },
    roles: { admin: ['*'], member: ['items:read', 'items:write'], guest: [] },
    permissions: { 'items:read': 'Read your items' },
    ...options.auth,
  })
  for (const username of ['alice', 'bob']) {
    await auth.users.create({ username, password: goodPassword, role: 'member' })
  }
  for (const { confidential = false, ...client } of clients) {
    // The compiler tells a client with a secret from one without.
    if (confidential) await auth.clients.register({ ...client, confidential })
    else await auth.clients.register({ ...client, confidential })
  }
  const handle = oauthEndpoints(auth, options.endpoints)
  const answering: Answering = (request) => handle(request, '192.0.2.1')
  const { origin, pathname } = new URL(auth.issuer)
  const root = pathname.replace(/\/$/, '') + (options.endpoints?.prefix ?? '')

  async function fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return (await answering(new Request(origin + path, init))) ?? assert.fail(`${path} is nowhere`)
  }

  return {
    ...{ auth, clock, answering, fetch },
    browser: () => openBrowser(origin, answering),
    authorize(clientId, parameters = {}) {
      const redirects: Readonly<Record<string, string>> = {
        third: 'https://third.example.com/cb?of=us',
        native: nativeCallback,
      }
      const all = {
        ...{ response_type: 'code', client_id: clientId },
        redirect_uri: redirects[clientId] ?? callback,
        ...{ scope: 'openid', state: 'of this', nonce: 'once' },
        ...{ code_challenge: codeChallenge, code_challenge_method: 'S256' },
        ...parameters,
      }
      const given = Object.entries(all).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      )
      return `${root}/auth/authorize?${new URLSearchParams(given)}`
    },
    async logIn(browser, url, username = 'alice', password = goodPassword) {
      const page = await browser.open(url)
      assert.equal(page.kind, 'login', page.html || page.url.href)
      return await browser.send(page, { username, password })
    },
    async exchange(clientId, { url }) {
      const redirectUri = new URL(url)
      for (const name of ['code', 'state', 'iss']) redirectUri.searchParams.delete(name)
      const body = new URLSearchParams({
        ...{ grant_type: 'authorization_code', client_id: clientId, code_verifier: codeVerifier },
        ...{ code: url.searchParams.get('code') ?? '', redirect_uri: redirectUri.href },
      })
      const answer = await fetch(`${root}/auth/token`, { method: 'POST', body })
      const json = (await answer.json()) as Readonly<Record<string, string>>
      assert.equal(answer.status, 200, JSON.stringify(json))
      const { access_token: accessToken = '', id_token: idToken = '', scope = '' } = json
      const { refresh_token: refreshToken = '' } = json
      const claims = { token: claimsOf(accessToken), id: claimsOf(idToken) }
      return { accessToken, idToken, refreshToken, scope, ...claims }
    },
    close: () => auth.close(),
  }
}

/** What a token says. Empty for none. */
export const claimsOf = (token: string): Claims => (token === '' ? {} : decodeJwt(token))

/** Fails unless the arrival is an answer to the client that has this error, or a code for none. */
export function assertAnswer(arrival: Arrival, error: string | null): void {
  assert.ok(arrival.isElsewhere, `no answer to a client: ${arrival.kind} ${arrival.title}`)
  const { searchParams } = arrival.url
  assert.equal(searchParams.get('error'), error)
  assert.equal(searchParams.has('code'), error === null)
  assert.equal(searchParams.get('iss'), issuer)
}

/** Fails unless the arrival is a page of this kind. */
export function assertPage(arrival: Arrival, kind: string, status = 200): void {
  assert.equal(arrival.kind, kind, `${arrival.url.href} ${arrival.title}`)
  assert.equal(arrival.status, status)
}
