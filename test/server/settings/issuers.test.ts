import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRoles } from '../../../src/core/access/roles.ts'
import { ConfigError } from '../../../src/core/errors.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import { parseIssuers } from '../../../src/server/settings/issuers.ts'

const tenantId = '7b1f3f0c-9c1e-4f57-8a55-2f0f5f0c9d11'
const realm = 'https://sso.example.com/realms/staff'

function problemsOf(ISSUERS: unknown, more: Readonly<Record<string, string>> = {}): string {
  const text = typeof ISSUERS === 'string' ? ISSUERS : JSON.stringify(ISSUERS)
  try {
    readConfig({ ISSUERS: text, ...more })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n')
    throw error
  }
  return ''
}

test('every profile is read, with its options', () => {
  const { issuers } = readConfig({
    ISSUERS: JSON.stringify([
      { profile: 'auth0', domain: 'tenant.eu.auth0.com', audience: ['a', 'b'], permissions: ['a'] },
      { profile: 'cognito', region: 'eu-west-1', userPoolId: 'eu-west-1_a', clientId: 'c' },
      { profile: 'entra', tenantId, audience: 'a', version: 1 },
      {
        profile: 'keycloak',
        issuer: realm,
        audience: 'a',
        users: 'create',
        roles: { staff: 'member', 'a:boss': 'admin' },
        defaultRole: null,
        permissions: { read: ['items:read', 'stats:read'], write: 'items:write' },
        name: 'Staff',
      },
      {
        profile: 'rfc9068',
        issuer: 'http://127.0.0.1:3000',
        audience: 'a',
        allowInsecureLoopback: true,
        refreshAfter: 60,
      },
    ]),
  })
  assert.deepEqual(
    parseIssuers(issuers, 'https://auth.example.com', createRoles(), []).map(
      ({ issuer, name, users, discoveryUrl }) => [issuer, name, users, discoveryUrl],
    ),
    [
      [
        'https://tenant.eu.auth0.com/',
        'Auth0',
        'token',
        'https://tenant.eu.auth0.com/.well-known/openid-configuration',
      ],
      [
        'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a',
        'Cognito',
        'token',
        'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a/.well-known/openid-configuration',
      ],
      [
        `https://sts.windows.net/${tenantId}/`,
        'Entra',
        'token',
        `https://login.microsoftonline.com/${tenantId}/.well-known/openid-configuration`,
      ],
      [realm, 'Staff', 'create', `${realm}/.well-known/openid-configuration`],
      [
        'http://127.0.0.1:3000',
        'OpenIDConnect',
        'token',
        'http://127.0.0.1:3000/.well-known/openid-configuration',
      ],
    ],
  )
  assert.equal(readConfig({}).issuers, undefined)
})

describe('a mistake names its place and what would be right', () => {
  const keycloak = { profile: 'keycloak', issuer: realm, audience: 'a' }
  const rows: readonly (readonly [unknown, RegExp])[] = [
    ['[', /^ISSUERS must be a JSON list of objects/],
    ['{}', /^ISSUERS must be a JSON list of objects/],
    [[1], /^ISSUERS must be a JSON list of objects/],
    [[{}], /^ISSUERS\[0\]: profile must be one of: auth0, cognito, entra, keycloak, rfc9068\.$/],
    [[{ ...keycloak, profile: '__proto__' }], /profile must be one of/],
    [[{ ...keycloak, profile: 'constructor' }], /profile must be one of/],
    [[{ ...keycloak, secret: 'x' }], /^ISSUERS\[0\]: secret is unknown; known are .*audience/],
    [[{ ...keycloak, constructor: 'x' }], /constructor is unknown/],
    [[{ ...keycloak, link: 'x' }], /link is unknown/],
    [[{ ...keycloak, audience: 7 }], /audience must be a text or a list of texts/],
    [[{ ...keycloak, roles: ['a'] }], /roles must be an object of texts/],
    [[{ ...keycloak, roles: { a: 1 } }], /roles must be an object of texts/],
    [[{ ...keycloak, permissions: { a: 1 } }], /permissions must be a list of texts, or/],
    [
      [{ ...keycloak, allowInsecureLoopback: 'true' }],
      /allowInsecureLoopback must be true or false/,
    ],
    [[{ ...keycloak, cooldown: 0 }], /cooldown must be a whole number of seconds from 1/],
    [[{ ...keycloak, users: 'all' }], /users must be one of: token, link, create/],
    [[{ ...keycloak, algorithms: ['HS256'] }], /the algorithms must be of: RS256/],
    [[{ ...keycloak, algorithms: ['none'] }], /the algorithms must be of: RS256/],
    [[{ ...keycloak, issuer: 'http://sso.example.com' }], /must be https\.$/],
    [[{ ...keycloak, issuer: 'http://127.0.0.1:1' }], /allowInsecureLoopback must be set/],
    [[{ ...keycloak, issuer: `${realm}?a=b` }], /no query/],
    [[{ profile: 'keycloak', audience: 'a' }], /the issuer is missing/],
    [[{ profile: 'keycloak', issuer: realm }], /the audience or the clientId is missing/],
    [[{ profile: 'auth0', domain: 'https://a.auth0.com', audience: 'a' }], /must be a host name/],
    [[{ profile: 'auth0', domain: 'a.auth0.com' }], /the audience is missing/],
    [[{ profile: 'cognito', clientId: 'a' }], /the region and the userPoolId are needed/],
    [[{ profile: 'entra', tenantId: 'common', audience: 'a' }], /must be a GUID/],
    [[{ profile: 'entra', tenantId, audience: 'a', version: 3 }], /must be 1 or 2/],
    [[{ ...keycloak, roles: { staff: 'king' } }], /maps to roles that are not configured \(king\)/],
    [[{ ...keycloak, defaultRole: 'king' }], /maps to roles that are not configured \(king\)/],
    [[{ ...keycloak, permissions: { a: 'b c' } }], /printable ASCII/],
    [[keycloak, keycloak], /is named twice\.$/],
    [
      [{ ...keycloak, issuer: 'http://localhost:8000', allowInsecureLoopback: true }],
      /is named twice, as our own and as another/,
    ],
  ]
  for (const [issuers, expected] of rows) {
    test(JSON.stringify(issuers).slice(0, 70), () => {
      const problems = problemsOf(issuers)
      assert.match(problems, expected)
      for (const problem of problems.split('\n')) assert.match(problem, /^ISSUERS/)
    })
  }
})

test('all of them are reported at once, beside those of other variables', () => {
  const issuers = [
    { profile: 'keycloak', issuer: 'http://a', cooldown: 0 },
    { profile: 'entra', tenantId: 'common' },
    { profile: 'okta' },
  ]
  const problems = problemsOf(issuers, { PORT: 'x' }).split('\n')
  assert.deepEqual(problems.map((problem) => problem.split(/[: ]/, 1)[0]).sort(), [
    ...Array(3).fill('ISSUERS[0]'),
    ...Array(2).fill('ISSUERS[1]'),
    'ISSUERS[2]',
    'PORT',
  ])
})
