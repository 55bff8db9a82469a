import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import type { Auth } from '../../../src/core/auth.ts'
import { toBrowserClientRecord } from '../../../src/core/clients/browser-client.ts'
import type { ClientChanges } from '../../../src/core/clients/changes.ts'
import { readConfiguredClients } from '../../../src/core/clients/configured.ts'
import { ClientError, ConfigError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'

const secret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'
const redirectUris = ['https://app.example.com/callback', 'http://127.0.0.1/callback']
const everything = {
  redirectUris,
  postLogoutRedirectUris: ['https://app.example.com/bye'],
  firstParty: true,
  tokenEndpointAuthMethod: 'client_secret_post',
  pkce: 'optional',
  logoUri: 'https://app.example.com/logo.svg',
  clientUri: 'https://app.example.com/',
  policyUri: 'https://app.example.com/policy',
  tosUri: 'https://app.example.com/tos',
  backchannelLogoutUri: 'https://app.example.com/logout',
} as const

function problemsOf(client: object): readonly string[] {
  try {
    readConfiguredClients([{ id: 'app', ...client }])
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
}

describe('a client for logins by browser', () => {
  test('has the grants of the code flow, and needs no other member', () => {
    const [spa] = readConfiguredClients([{ id: 'spa', redirectUris }])
    assert.deepEqual(spa?.grants, ['authorization_code', 'refresh_token'])
    assert.partialDeepStrictEqual(spa, toBrowserClientRecord({ redirectUris }))
    assert.equal(spa?.pkce, 'required')
    assert.equal(spa?.firstParty, false)
  })

  test('is what is said of it, each URI once', () => {
    const [app] = readConfiguredClients([
      { id: 'app', secret, ...everything, redirectUris: [...redirectUris, ...redirectUris] },
    ])
    assert.partialDeepStrictEqual(app, everything)
    assert.deepEqual(app?.redirectUris, redirectUris)
  })

  test('has the grants that it is told, and a list without redirect URIs changes none', () => {
    const [some, none] = readConfiguredClients([
      { id: 'some', redirectUris, grants: ['authorization_code'] },
      { id: 'none', redirectUris: [] },
    ])
    assert.deepEqual(some?.grants, ['authorization_code'])
    assert.deepEqual(none?.grants, ['password', 'refresh_token'])
  })

  test('is told every mistake at once, by the place of the URI and without it', () => {
    const problems = problemsOf({
      redirectUris: ['https://app.example.com/', 'https://u:canary@a.example/', 'myapp:/canary'],
      postLogoutRedirectUris: ['javascript:canary'],
      logoUri: 'http://canary.example/',
    })
    assert.deepEqual(problems, [
      'The redirect URI no. 2 of the client "app" must not have a username or a password.',
      'The redirect URI no. 3 of the client "app" must be https, http on this machine, or have a scheme with a dot, such as com.example.app:/callback.',
      'The post-logout redirect URI no. 1 of the client "app" must not be a script or data.',
      'The logo URI of the client "app" must be https: http is for 127.0.0.1, [::1], localhost alone.',
    ])
  })
})

describe('a mistake is told, with the client it is in:', () => {
  const rows: readonly (readonly [string, object, RegExp])[] = [
    ['redirect URIs that are no list (OP-04)', { redirectUris: 'x' }, /^The redirect URIs .* list/],
    ['redirect URIs that are null (OP-04)', { redirectUris: null }, /^The redirect URIs .* list/],
    ['too many', { redirectUris: Array(51).fill(redirectUris[0]) }, /at most 50 redirect URIs/],
    ['a wildcard (OP-04)', { redirectUris: ['https://*.a.example/'] }, /no. 1 of the .* wildcard/],
    [
      'the code grant without a redirect URI',
      { grants: ['authorization_code'] },
      /redirect URI for/,
    ],
    ['firstParty that is a text', { firstParty: 'true' }, /"firstParty" of the client "app"/],
    ['firstParty that is null', { firstParty: null }, /"firstParty" of the client "app"/],
    [
      'a public client whose pkce is optional (OP-06)',
      { pkce: 'optional' },
      /must have a secret for/,
    ],
    ['pkce that is plain (OP-06)', { secret, pkce: 'plain' }, /required or optional/],
    ['pkce that is false (OP-06)', { secret, pkce: false }, /required or optional/],
    [
      'a method of secrets for a public client',
      { tokenEndpointAuthMethod: 'client_secret_basic' },
      /which has no secret, must be none/,
    ],
    [
      'no method for a confidential client',
      { secret, tokenEndpointAuthMethod: 'none' },
      /which has a secret, must be client_secret_basic or client_secret_post/,
    ],
    [
      'a method that is not there',
      { secret, tokenEndpointAuthMethod: 'private_key_jwt' },
      /must be client_secret_basic or/,
    ],
    ['a logo that is a script', { logoUri: 'javascript:alert(1)' }, /^The logo URI .* https/],
    ['a home page that is no URL', { clientUri: 'app' }, /^The client URI/],
    ['a policy by http', { policyUri: 'http://a.example/' }, /^The policy URI/],
    ['terms that are null', { tosUri: null }, /^The terms of service URI/],
    [
      'a log-out told by http',
      { backchannelLogoutUri: 'http://10.0.0.1/' },
      /^The back-channel logout URI/,
    ],
    ['a member of RFC 7591 by its own name', { redirect_uris: redirectUris }, /no members but/],
  ]
  for (const [name, client, expected] of rows) {
    test(name, () => {
      const problems = problemsOf(client)
      assert.ok(
        problems.some((problem) => expected.test(problem)),
        problems.join('\n'),
      )
      for (const problem of problems) assert.match(problem, /^[A-Z"].*\.$/)
    })
  }
})

describe('a client that is changed', () => {
  let auth: Auth
  beforeEach(async () => {
    auth = await createTestAuth()
  })

  const register = async (client: object = {}) =>
    await auth.clients.register({ id: 'app', redirectUris, ...client, confidential: true })

  async function login(clientId: string): Promise<string> {
    const { id } = await auth.users.create({ username: randomUUID(), password: goodPassword })
    const user = await auth[internals].store.users.findById(id)
    assert.ok(user)
    const opened = await auth.sessions.open(user, { clientId, scopes: [] })
    assert.ok(opened)
    return opened.refreshToken
  }

  test('is as it is told, the rest stays, and null takes away', async () => {
    await register()
    const before = await auth.clients.find('app')
    await auth.clients.update('app', everything)
    assert.deepEqual(await auth.clients.find('app'), { ...before, ...everything })
    await auth.clients.update('app', { tokenEndpointAuthMethod: null, logoUri: null, tosUri: null })
    const without = { tokenEndpointAuthMethod: null, logoUri: null, tosUri: null }
    assert.deepEqual(await auth.clients.find('app'), { ...before, ...everything, ...without })
  })

  test('is told of in an event by what is new, in words', async () => {
    await register()
    const { redirectUris: _, ...others } = everything
    await auth.clients.update('app', {
      ...others,
      redirectUris: [...redirectUris, 'com.example.a:/'],
    })
    await auth.clients.update('app', { tosUri: null, tokenEndpointAuthMethod: null })
    const events = await auth.events.list({ type: 'client_updated', limit: 10 })
    assert.deepEqual(
      events.map(({ details }) => details),
      [
        { token_endpoint_auth_method: 'any', tos_uri: 'none' },
        {
          redirect_uris: `${redirectUris.join(' ')} com.example.a:/`,
          post_logout_redirect_uris: 'https://app.example.com/bye',
          first_party: true,
          token_endpoint_auth_method: 'client_secret_post',
          pkce: 'optional',
          logo_uri: 'https://app.example.com/logo.svg',
          client_uri: 'https://app.example.com/',
          policy_uri: 'https://app.example.com/policy',
          tos_uri: 'https://app.example.com/tos',
          backchannel_logout_uri: 'https://app.example.com/logout',
        },
      ],
    )
  })

  for (const [what, changes] of [
    ['the code grant', { grants: ['refresh_token'] }],
    ['a redirect URI', { redirectUris: redirectUris.slice(1) }],
    ['a redirect URI for another', { redirectUris: [redirectUris[0] ?? '', 'com.example.a:/'] }],
    ['a scope', { scopes: [] }],
    ['the trust of a first party', { firstParty: false }],
  ] as const satisfies readonly (readonly [string, ClientChanges])[]) {
    test(`ends every login with it when it loses ${what} (OP-92)`, async () => {
      await register({ scopes: ['a'], firstParty: true })
      const [theirs, others] = [await login('app'), await login('first-party')]
      assert.equal(await auth.clients.update('app', changes), 1)
      assert.equal(await auth.sessions.inspect(theirs), null)
      assert.ok(await auth.sessions.inspect(others))
    })
  }

  for (const [what, changes] of [
    ['another redirect URI beside', { redirectUris: [...redirectUris, 'com.example.a:/'] }],
    ['its redirect URIs in another order', { redirectUris: redirectUris.toReversed() }],
    ['the trust of a first party', { firstParty: true }],
    ['other pages', { logoUri: 'https://a.example/', postLogoutRedirectUris: [] }],
    ['another method', { tokenEndpointAuthMethod: 'client_secret_post', pkce: 'optional' }],
  ] as const satisfies readonly (readonly [string, ClientChanges])[]) {
    test(`keeps its logins when it gets ${what}`, async () => {
      await register({ postLogoutRedirectUris: ['https://app.example.com/bye'] })
      const theirs = await login('app')
      assert.equal(await auth.clients.update('app', changes), 0)
      assert.ok(await auth.sessions.inspect(theirs))
    })
  }

  test('stays a client that may be', async () => {
    await register()
    await auth.clients.register({ id: 'spa', redirectUris, confidential: false })
    const refused: readonly (readonly [string, unknown])[] = [
      ['app', { redirectUris: [] }],
      ['app', { redirectUris: null }],
      ['app', { firstParty: null }],
      ['app', { pkce: null }],
      ['app', { redirectUris: ['https://a.example/*'] }],
      ['app', { tokenEndpointAuthMethod: 'none' }],
      ['spa', { pkce: 'optional' }],
      ['spa', { tokenEndpointAuthMethod: 'client_secret_basic' }],
      ['spa', { tosUri: 'tos' }],
    ]
    for (const [id, changes] of refused) {
      await assert.rejects(
        auth.clients.update(id, changes as ClientChanges),
        (error) => error instanceof ClientError && error.code === 'client_invalid',
        JSON.stringify(changes),
      )
    }
    assert.equal(await auth.clients.update('app', { redirectUris: [], grants: [] }), 0)
    assert.deepEqual((await auth.clients.find('app'))?.redirectUris, [])
  })
})
