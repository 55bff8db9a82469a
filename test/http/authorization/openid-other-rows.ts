// The modules of the plans for configuration, `oidcc-rp-initiated-logout-certification-test-plan` and
// `oidcc-backchannel-rp-initiated-logout-certification-test-plan`, a row each.

import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { Party } from './openid-party.ts'
import type { Row } from './openid-rows.ts'
import { goodbye } from './openid-subjects.ts'

/** OpenID Connect Discovery §3 and the registry of RFC 8414 §7.1.2, as far as the two servers go. */
const knownMembers: readonly string[] = [
  ...['issuer', 'authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri'],
  ...['registration_endpoint', 'scopes_supported', 'response_types_supported'],
  ...['response_modes_supported', 'grant_types_supported', 'acr_values_supported'],
  ...[
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
    'display_values_supported',
  ],
  ...['token_endpoint_auth_methods_supported', 'token_endpoint_auth_signing_alg_values_supported'],
  ...['claim_types_supported', 'claims_supported', 'ui_locales_supported'],
  ...[
    'claims_parameter_supported',
    'request_parameter_supported',
    'request_uri_parameter_supported',
  ],
  ...['revocation_endpoint', 'introspection_endpoint', 'pushed_authorization_request_endpoint'],
  ...[
    'revocation_endpoint_auth_methods_supported',
    'introspection_endpoint_auth_methods_supported',
  ],
  ...['code_challenge_methods_supported', 'authorization_response_iss_parameter_supported'],
  ...[
    'end_session_endpoint',
    'backchannel_logout_supported',
    'backchannel_logout_session_supported',
  ],
  ...['dpop_signing_alg_values_supported', 'device_authorization_endpoint'],
]

/** What is wrong with the metadata, as the configuration plan sees it. */
async function metadataFaults({ metadata, subject }: Party): Promise<string> {
  const lacks = (name: string, value: string): string[] =>
    (metadata[name] as readonly string[] | undefined)?.includes(value) ? [] : [`no ${value}`]
  const faults = [
    ...Object.keys(metadata).filter(
      (name) => !knownMembers.includes(name) && !name.startsWith('__'),
    ),
    ...Object.entries(metadata).flatMap(([name, value]) =>
      /_(endpoint|uri)$/.test(name) && !String(value).startsWith(subject.issuer) ? [name] : [],
    ),
    ...lacks('id_token_signing_alg_values_supported', 'RS256'),
    ...lacks('scopes_supported', 'openid'),
    ...lacks('subject_types_supported', 'public'),
    ...lacks('response_types_supported', 'code'),
    ...lacks('grant_types_supported', 'authorization_code'),
    ...lacks('claims_supported', 'sub'),
  ]
  return faults.join(', ') || 'good'
}

type Parameters = Readonly<Record<string, string | undefined>>

/** A log-out after a login: the pages, where the user ends, and whether anybody is logged in then. */
const logOut =
  (parameters: (idToken: string) => Parameters) =>
  async (party: Party): Promise<string> => {
    const browser = party.subject.browser()
    const { id_token = '' } = await party.tokens(await party.ask(browser))
    const query = new URLSearchParams(
      Object.entries(parameters(id_token)).filter(
        (each): each is [string, string] => each[1] !== undefined,
      ),
    )
    const { pages, last } = await party.visit(
      ...([browser, `${party.metadata.end_session_endpoint}?${query}`] as const),
    )
    const back = last.isElsewhere ? [last.url.href.replace(goodbye, 'back')] : []
    const { parameters: after } = await party.ask(browser, { with: { prompt: 'none' } })
    const left = after.has('code') ? ['still logged in'] : []
    return [...pages, ...back, ...left].join(', ')
  }

const full = (hint: string): Parameters => ({
  ...{ id_token_hint: hint, post_logout_redirect_uri: goodbye, state: 'abc' },
})

/** Still a JWT, with another signature. */
const modified = (hint: string): string => {
  const at = hint.lastIndexOf('.') + 10
  return hint.slice(0, at) + (hint[at] === 'A' ? 'B' : 'A') + hint.slice(at + 1)
}

const proved =
  'The ID token of this very login proves who asks: no question is needed (RP-Initiated Logout §2).'
const refuses =
  'Both are allowed: no redirect, and an error or a question (RP-Initiated Logout §4).'

export const otherRows: Readonly<Record<string, readonly Row[]>> = {
  'oidcc-config-certification-test-plan': [
    { module: 'discovery-endpoint-verification', run: metadataFaults, ours: 'good' },
  ],
  'oidcc-rp-initiated-logout-certification-test-plan': [
    {
      module: 'rp-initiated-logout',
      ...{ run: logOut(full), ours: 'back?state=abc', oracle: 'log out?, back?state=abc' },
      because: proved,
    },
    {
      module: 'rp-initiated-logout-bad-post-logout-redirect-uri',
      run: logOut((hint) => ({ ...full(hint), post_logout_redirect_uri: `${goodbye}/elsewhere` })),
      ours: 'error, still logged in',
    },
    {
      module: 'rp-initiated-logout-modified-id-token-hint',
      run: logOut((hint) => full(modified(hint))),
      ...{ ours: 'log out?, logged out', oracle: 'error, still logged in', because: refuses },
    },
    {
      module: 'rp-initiated-logout-no-id-token-hint',
      run: logOut(() => ({ post_logout_redirect_uri: goodbye, state: 'abc' })),
      ours: 'log out?, logged out',
    },
    {
      module: 'rp-initiated-logout-no-params',
      ...{ run: logOut(() => ({})), ours: 'log out?, logged out' },
    },
    {
      module: 'rp-initiated-logout-no-post-logout-redirect-uri',
      run: logOut((hint) => ({ id_token_hint: hint, state: 'abc' })),
      ...{ ours: 'logged out', oracle: 'log out?, logged out', because: proved },
    },
    {
      module: 'rp-initiated-logout-no-state',
      run: logOut((hint) => ({ ...full(hint), state: undefined })),
      ...{ ours: 'back', oracle: 'log out?, back', because: proved },
    },
    {
      module: 'rp-initiated-logout-only-state',
      ...{ run: logOut(() => ({ state: 'abc' })), ours: 'log out?, logged out' },
    },
    {
      module: 'rp-initiated-logout-query-added-to-post-logout-redirect-uri',
      run: logOut((hint) => ({ ...full(hint), post_logout_redirect_uri: `${goodbye}?foo=bar` })),
      ours: 'error, still logged in',
    },
    {
      module: 'rp-initiated-logout-bad-id-token-hint',
      run: logOut(() => full('no-jwt')),
      ...{ ours: 'log out?, logged out', oracle: 'error, still logged in', because: refuses },
    },
    {
      module: 'rp-initiated-logout-discovery-endpoint-verification',
      run: async ({ metadata, subject }) =>
        String(metadata.end_session_endpoint?.startsWith(subject.issuer)),
      ours: 'true',
    },
  ],
  'oidcc-backchannel-rp-initiated-logout-certification-test-plan': [
    {
      module: 'backchannel-rp-initiated-logout-discovery-endpoint-verification',
      run: async ({
        metadata: { backchannel_logout_supported, backchannel_logout_session_supported },
      }) => [backchannel_logout_supported, backchannel_logout_session_supported].join(),
      ours: 'true,true',
    },
    {
      module: 'backchannel-rp-initiated-logout',
      run: backchannel,
      ours: 'logout+jwt RS256, sid of the ID token, aud events exp iat iss jti sid sub',
    },
  ],
}

/** The claims of the logout token that comes with a log-out (Back-Channel Logout §2.4, §2.6). */
async function backchannel(party: Party): Promise<string> {
  const browser = party.subject.browser()
  const tokens = await party.tokens(await party.ask(browser))
  const told = party.told()
  await party.visit(
    ...([
      browser,
      `${party.metadata.end_session_endpoint}?id_token_hint=${tokens.id_token}`,
    ] as const),
  )
  const keys = createRemoteJWKSet(new URL(party.metadata.jwks_uri ?? ''))
  const { payload, protectedHeader } = await jwtVerify(await told, keys, {
    ...{ issuer: party.subject.issuer, audience: 'first', subject: tokens.claims()?.sub ?? '' },
  })
  const event = 'http://schemas.openid.net/event/backchannel-logout'
  const isEvent = JSON.stringify(payload.events) === JSON.stringify({ [event]: {} })
  const { typ, alg } = protectedHeader
  return [
    `${typ} ${alg}`,
    payload.sid === tokens.claims()?.sid ? 'sid of the ID token' : 'another sid',
    ...(isEvent ? [] : ['other events']),
    Object.keys(payload).sort().join(' '),
  ].join(', ')
}
