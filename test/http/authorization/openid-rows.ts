// The modules of the plan `oidcc-basic-certification-test-plan` that run with static clients, a row each. What is
// said of a row is what the module looks at; the pages of a row are those that a user was shown.

import { randomBytes } from 'node:crypto'
import { mock } from 'node:test'
import * as client from 'openid-client'
import { callback } from '../../interop/login-server.ts'
import { type Asking, type Party, type Tokens, type Visit, wordsOf } from './openid-party.ts'

export interface Row {
  /** The name of the module, without its prefix `oidcc-`. */
  readonly module: string
  run(party: Party): Promise<string>
  readonly ours: string
  /** What `oidc-provider` does, where it differs. */
  readonly oracle?: string
  /** Of a difference: what the specifications say. */
  readonly because?: string
}

const loginOnce = 'login, consent, code'

/** A login in a new browser, and what is in its tokens. */
async function logIn(party: Party, asking?: Asking) {
  const browser = party.subject.browser()
  const visit = await party.ask(browser, asking)
  return { browser, visit, tokens: await party.tokens(visit) }
}

/** A request that must succeed, whatever is in it. */
const succeeds =
  (asking: Asking = {}) =>
  async (party: Party): Promise<string> => {
    const { visit, tokens } = await logIn(party, asking)
    const nonce = tokens.claims()?.nonce === undefined ? ' without nonce' : ''
    return wordsOf(visit) + nonce
  }

const subject = (tokens: Tokens): string => tokens.claims()?.sub ?? ''

/** Userinfo in a way of its own; the claims but `sub`, which must be that of the ID token. */
const userinfo =
  (how: (token: string) => RequestInit) =>
  async (party: Party): Promise<string> => {
    const { tokens } = await logIn(party)
    const url = party.metadata.userinfo_endpoint ?? ''
    const answer = await fetch(url, how(tokens.access_token))
    const { sub } = (await answer.json()) as { readonly sub?: string }
    return `${answer.status} ${sub === subject(tokens) ? 'same sub' : 'another sub'}`
  }

/** The claims that a scope brings; the ID token has none of them in the code flow (Core §5.4). */
const scope =
  (...names: readonly string[]) =>
  async (party: Party): Promise<string> => {
    const known = party.metadata.scopes_supported ?? []
    if (!names.every((name) => known.includes(name))) return 'skipped: not advertised'
    const { tokens } = await logIn(party, { with: { scope: ['openid', ...names].join(' ') } })
    const about = await client.fetchUserInfo(
      ...([await party.configuration(), tokens.access_token, subject(tokens)] as const),
    )
    const claims = Object.keys(about).filter((name) => name !== 'sub')
    const leaked = claims.filter((name) => tokens.claims()?.[name] !== undefined)
    return [...claims.sort(), ...leaked.map((name) => `${name} in the ID token`)].join(', ')
  }

/** A second request in the browser of a first, which `seconds` have passed since. */
const again =
  (second: (first: Tokens) => Asking, seconds = 0) =>
  async (party: Party): Promise<string> => {
    const { browser, visit, tokens } = await logIn(party, { with: { max_age: '100000' } })
    if (seconds > 0) mock.timers.tick(seconds * 1000)
    const next = await party.ask(browser, second(tokens))
    const end = next.parameters.has('code') ? [sameLogin(tokens, await party.tokens(next))] : []
    return [wordsOf(visit), [wordsOf(next), ...end].join(', ')].join('; ')
  }

function sameLogin(first: Tokens, next: Tokens): string {
  const [before, after] = [first.claims(), next.claims()]
  if (before?.sub !== after?.sub) return 'another user'
  return before?.auth_time === after?.auth_time ? 'same auth_time' : 'later auth_time'
}

/** A code that is used twice; what the second answer and the access token of the first are. */
const reuse =
  (seconds: number) =>
  async (party: Party): Promise<string> => {
    const { visit, tokens } = await logIn(party)
    if (seconds > 0) mock.timers.tick(seconds * 1000)
    const form = { grant_type: 'authorization_code', redirect_uri: callback }
    const second = await party.post('first', { ...form, code: visit.parameters.get('code') ?? '' })
    const { status } = await fetch(party.metadata.userinfo_endpoint ?? '', {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    return `${second}; userinfo ${status}`
  }

async function refresh(party: Party): Promise<string> {
  const { tokens } = await logIn(party, {
    with: { scope: 'openid offline_access', prompt: 'consent' },
  })
  const refresh_token = tokens.refresh_token ?? ''
  const foreign = await party.post('second', { grant_type: 'refresh_token', refresh_token })
  const next = await party.refresh(refresh_token)
  const hasNonce = next.claims()?.nonce === undefined ? 'no nonce' : 'nonce'
  return `second client ${foreign}; ${sameLogin(tokens, next)}, ${hasNonce}`
}

const unsigned = (claims: object): string =>
  [{ alg: 'none' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
    .concat('.')

/** One request without a login. */
const ask =
  (asking: Asking, words: (visit: Visit) => string = wordsOf) =>
  async (party: Party): Promise<string> =>
    words(await party.ask(party.subject.browser(), asking))

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const optionsOfUnsigned = { response_type: 'code', client_id: 'first', redirect_uri: callback }

export const basicRows: readonly Row[] = [
  { module: 'server', run: succeeds(), ours: loginOnce },
  {
    module: 'response-type-missing',
    run: ask({ with: { response_type: undefined } }),
    ours: 'invalid_request',
  },
  {
    module: 'userinfo-get',
    run: userinfo((token) => ({ headers: bearer(token) })),
    ours: '200 same sub',
  },
  {
    module: 'userinfo-post-header',
    run: userinfo((token) => ({ method: 'POST', headers: bearer(token) })),
    ours: '200 same sub',
  },
  {
    module: 'userinfo-post-body',
    run: userinfo((access_token) => ({
      ...{ method: 'POST', body: new URLSearchParams({ access_token }) },
    })),
    ours: '200 same sub',
  },
  {
    module: 'ensure-request-without-nonce-succeeds-for-code-flow',
    run: succeeds({ with: { nonce: undefined } }),
    ours: `${loginOnce} without nonce`,
  },
  { module: 'scope-profile', run: scope('profile'), ours: 'preferred_username' },
  { module: 'scope-email', run: scope('email'), ours: 'email, email_verified' },
  { module: 'scope-address', run: scope('address'), ours: 'skipped: not advertised' },
  { module: 'scope-phone', run: scope('phone'), ours: 'skipped: not advertised' },
  {
    module: 'scope-all',
    run: scope('profile', 'email', 'address', 'phone'),
    ours: 'skipped: not advertised',
  },
  {
    module: 'alternate-happy-flow',
    run: succeeds({ with: { scope: 'email openid' } }),
    ours: loginOnce,
  },
  { module: 'display-page', run: succeeds({ with: { display: 'page' } }), ours: loginOnce },
  { module: 'display-popup', run: succeeds({ with: { display: 'popup' } }), ours: loginOnce },
  {
    module: 'prompt-login',
    run: again(() => ({ with: { prompt: 'login', max_age: '100000' } }), 2),
    ours: `${loginOnce}; login, code, later auth_time`,
  },
  {
    module: 'prompt-none-not-logged-in',
    run: ask({ with: { prompt: 'none', state: randomBytes(64).toString('hex') } }),
    ours: 'login_required',
  },
  {
    module: 'prompt-none-logged-in',
    run: again(() => ({ with: { prompt: 'none', max_age: '100000' } }), 2),
    ours: `${loginOnce}; code, same auth_time`,
  },
  {
    module: 'max-age-1',
    run: again(() => ({ with: { max_age: '1' } }), 2),
    ours: `${loginOnce}; login, code, later auth_time`,
  },
  {
    module: 'max-age-10000',
    run: again(() => ({ with: { max_age: '10000' } }), 2),
    ours: `${loginOnce}; code, same auth_time`,
  },
  {
    module: 'ensure-request-with-unknown-parameter-succeeds',
    run: succeeds({ with: { extra: 'foobar' } }),
    ours: loginOnce,
  },
  {
    module: 'id-token-hint',
    run: again(({ id_token }) => ({
      with: { prompt: 'none', id_token_hint: id_token, max_age: '100000' },
    })),
    ours: `${loginOnce}; code, same auth_time`,
  },
  {
    module: 'login-hint',
    run: ask({ only: true, with: { login_hint: 'alice' } }, ({ pages, last }) =>
      [...pages, last.html.includes('value="alice"') ? 'name filled in' : 'empty'].join(', '),
    ),
    ours: 'login, name filled in',
  },
  { module: 'ui-locales', run: succeeds({ with: { ui_locales: 'se' } }), ours: loginOnce },
  { module: 'claims-locales', run: succeeds({ with: { claims_locales: 'se' } }), ours: loginOnce },
  {
    module: 'ensure-request-with-acr-values-succeeds',
    run: succeeds({ with: { acr_values: '1 2' } }),
    ours: loginOnce,
  },
  { module: 'codereuse', run: reuse(0), ours: 'invalid_grant; userinfo 401' },
  { module: 'codereuse-30seconds', run: reuse(30), ours: 'invalid_grant; userinfo 401' },
  {
    module: 'ensure-registered-redirect-uri',
    run: ask({ with: { redirect_uri: `${callback}/${randomBytes(8).toString('hex')}` } }),
    ours: 'error',
  },
  { module: 'ensure-post-request-succeeds', run: succeeds({ post: true }), ours: loginOnce },
  { module: 'server-client-secret-post', run: succeeds({ client: 'poster' }), ours: loginOnce },
  {
    module: 'unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
    run: ask({ with: { request: unsigned(optionsOfUnsigned) } }),
    ours: 'request_not_supported',
  },
  {
    module: 'claims-essential',
    run: succeeds({ with: { claims: '{"userinfo":{"name":{"essential":true}}}' } }),
    ours: loginOnce,
  },
  {
    module: 'ensure-request-object-with-redirect-uri',
    run: ask({
      with: {
        request: unsigned(optionsOfUnsigned),
        redirect_uri: `${callback}/${randomBytes(8).toString('hex')}`,
      },
    }),
    ours: 'error',
  },
  {
    module: 'refresh-token',
    run: refresh,
    ours: 'second client invalid_grant; same auth_time, no nonce',
    oracle: 'second client invalid_grant; same auth_time, nonce',
    because: 'A refreshed ID token should have no nonce (OpenID Connect Core §12.2).',
  },
  {
    module: 'ensure-request-with-valid-pkce-succeeds',
    run: succeeds({ pkce: true }),
    ours: loginOnce,
  },
]
