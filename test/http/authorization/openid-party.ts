// A relying party of the plans, on openid-client with its strict checks, at either of the two servers.

import * as client from 'openid-client'
import { callback, clientSecret } from '../../interop/login-server.ts'
import type { Arrival, TestBrowser } from './browser.ts'
import type { PageKind, Subject } from './openid-subjects.ts'

/** What a request differs by from `response_type=code&scope=openid` with state and nonce. */
export interface Asking {
  readonly client?: string
  /** Undefined leaves a parameter out. */
  readonly with?: Readonly<Record<string, string | undefined>>
  readonly pkce?: boolean
  /** Sends the request as a form. */
  readonly post?: boolean
  /** Does nothing on the first page that is shown. */
  readonly only?: boolean
}

export interface Visit {
  readonly client: string
  /** The pages that were shown on the way, in this order. */
  readonly pages: readonly PageKind[]
  /** The last of them. */
  readonly last: Arrival
  /** What the client is sent, as it is sent; null where the way ended on a page. */
  readonly answer: URL | Request | null
  readonly parameters: URLSearchParams
  readonly checks: client.AuthorizationCodeGrantChecks
}

export type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers

export interface Party {
  readonly subject: Subject
  readonly metadata: client.ServerMetadata
  configuration(id?: string): Promise<client.Configuration>
  ask(browser: TestBrowser, asking?: Asking): Promise<Visit>
  /** Goes to a page, and answers each page that is shown. */
  visit(
    browser: TestBrowser,
    url: string,
  ): Promise<{ readonly pages: readonly PageKind[]; readonly last: Arrival }>
  tokens(visit: Visit): Promise<Tokens>
  refresh(refreshToken: string): Promise<Tokens>
  /** The next logout token that the client `first` is sent. */
  told(): Promise<string>
  /** Sends a form to the token endpoint, as somebody who checks nothing. */
  post(id: string, form: Readonly<Record<string, string>>): Promise<string>
}

/** In short: the pages that were shown, and how it ended. */
export function wordsOf({ pages, answer, parameters }: Visit): string {
  const end = answer === null ? [] : [parameters.get('error') ?? 'code']
  return [...pages, ...end].join(', ')
}

export async function createParty(
  subject: Subject,
  responseMode: 'query' | 'form_post',
  told: () => Promise<string>,
): Promise<Party> {
  const configurations = new Map<string, Promise<client.Configuration>>()
  const discover = (id: string) =>
    client.discovery(
      ...([new URL(subject.issuer), id, clientSecret] as const),
      id === 'poster' ? client.ClientSecretPost() : client.ClientSecretBasic(),
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    )
  const configuration: Party['configuration'] = (id = 'first') => {
    const found = configurations.get(id) ?? discover(id)
    configurations.set(id, found)
    return found
  }
  const metadata = (await configuration()).serverMetadata()

  async function follow(browser: TestBrowser, start: Arrival, only: boolean) {
    const pages: PageKind[] = []
    let last = start
    while (!last.isElsewhere && formFor(last) === null) {
      const kind = subject.kindOf(last)
      pages.push(kind)
      if (only || kind === 'error' || kind === 'logged out') break
      if (pages.length > 5) throw new Error(`no end of pages: ${pages}`)
      last = await subject.answer(browser, last, kind)
    }
    return { pages, last }
  }

  return {
    ...{ subject, metadata, configuration, told },
    async ask(browser, asking = {}) {
      const { client: id = 'first', pkce = false, post = false, only = false } = asking
      const verifier = pkce ? client.randomPKCECodeVerifier() : undefined
      const state = client.randomState()
      const given = {
        ...{ client_id: id, redirect_uri: callback, response_type: 'code', scope: 'openid' },
        ...{ state, nonce: client.randomNonce() },
        ...(responseMode !== 'query' && { response_mode: responseMode }),
        ...(verifier && {
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        }),
        ...asking.with,
      }
      const query = new URLSearchParams(
        Object.entries(given).filter((each): each is [string, string] => each[1] !== undefined),
      )
      const url = metadata.authorization_endpoint ?? ''
      const first = post
        ? await browser.post(url, Object.fromEntries(query))
        : await browser.open(`${url}?${query}`)
      const { pages, last } = await follow(browser, first, only)
      const form = formFor(last)
      const parameters = form ?? (last.isElsewhere ? last.url.searchParams : new URLSearchParams())
      const answer = form
        ? new Request(callback, { method: 'POST', body: form })
        : last.isElsewhere
          ? last.url
          : null
      const checks = {
        ...{ expectedState: state, idTokenExpected: true },
        ...(given.nonce && { expectedNonce: given.nonce }),
        ...(verifier && { pkceCodeVerifier: verifier }),
      }
      return { client: id, pages, last, answer, parameters, checks }
    },
    visit: async (browser, url) => await follow(browser, await browser.open(url), false),
    async tokens(visit) {
      if (visit.answer === null) throw new Error(`no answer, but: ${visit.pages}`)
      return await client.authorizationCodeGrant(
        ...([await configuration(visit.client), visit.answer, visit.checks] as const),
      )
    },
    refresh: async (token) => await client.refreshTokenGrant(await configuration(), token),
    async post(id, form) {
      const basic = Buffer.from(`${id}:${clientSecret}`).toString('base64')
      const answer = await fetch(metadata.token_endpoint ?? '', {
        ...{ method: 'POST', body: new URLSearchParams(form) },
        headers: { authorization: `Basic ${basic}` },
      })
      const { error = 'tokens' } = (await answer.json()) as { readonly error?: string }
      return error
    },
  }
}

/** What a page sends to the client by form (OAuth 2.0 Form Post Response Mode §2). */
function formFor({ forms }: Arrival): URLSearchParams | null {
  const found = forms.find(({ action }) => action === callback)
  return found ? new URLSearchParams(found.fields) : null
}
