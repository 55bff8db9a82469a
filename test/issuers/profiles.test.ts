// The tokens of each provider as it documents them, signed by keys of ours, and what must not pass.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import type {
  ExternalToken,
  OpenIssuer,
  TrustedIssuer,
} from '../../src/core/issuers/external-issuer.ts'
import { auth0 } from '../../src/issuers/auth0.ts'
import { cognito } from '../../src/issuers/cognito.ts'
import type { IssuerOptions } from '../../src/issuers/define-issuer.ts'
import { entra } from '../../src/issuers/entra.ts'
import { keycloak } from '../../src/issuers/keycloak.ts'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'
import { createTestClock } from '../fixtures.ts'
import { makeKey, type ProviderKey, sign, startProvider, type TestProvider } from './provider.ts'

const clock = createTestClock()
const now = clock()
const times = { iat: now - 10, exp: now + 300 }
const tenantId = '7b1f3f0c-9c1e-4f57-8a55-2f0f5f0c9d11'
const apiId = '11111111-2222-3333-4444-555555555555'
const sub = 'f1d2d2f9-24e9-4c7f-8f0e-6a6a1f0d1e2f'

type Claims = Readonly<Record<string, unknown>>

interface Golden {
  readonly title: string
  make(options: IssuerOptions): TrustedIssuer
  /** Members of the header that differ from `typ: 'JWT'`. */
  readonly header?: Claims
  readonly claims: Claims
  readonly reads: Partial<ExternalToken>
  /** The ID token of the same login. */
  readonly idToken: { readonly header?: Claims; readonly claims: Claims }
  /** Changes that make it a token for somebody else, or none. */
  readonly twins: Readonly<Record<string, { readonly claims?: Claims; readonly header?: Claims }>>
}

const auth0Claims = {
  iss: 'https://tenant.eu.auth0.com/',
  sub: 'auth0|6553da60a54af58e29493993',
  aud: ['https://api.example.com', 'https://tenant.eu.auth0.com/userinfo'],
  ...times,
  azp: 'spa-client',
  scope: 'openid profile read:items',
  permissions: ['read:items', 'write:items'],
}
const auth0IdToken = {
  claims: {
    iss: auth0Claims.iss,
    sub: auth0Claims.sub,
    aud: 'spa-client',
    ...times,
    nickname: 'alice',
    name: 'alice@example.com',
    email: 'alice@example.com',
    email_verified: true,
    sid: 'Xo4pLxFZqQ',
    nonce: 'n-0S6_WzA2Mj',
  },
}
const auth0Issuer = (options: IssuerOptions): TrustedIssuer =>
  auth0({ domain: 'tenant.eu.auth0.com', audience: 'https://api.example.com', ...options })

const keycloakClaims = {
  ...times,
  auth_time: now - 20,
  jti: 'onrtac:6b0c9f8e-5f0e-4d1e-a4a4-5b0e4b0a2f11',
  iss: 'https://sso.example.com/realms/staff',
  aud: ['items-api', 'account'],
  sub,
  typ: 'Bearer',
  azp: 'items-web',
  sid: '2b9f1b5e-7f0e-4f44-9a57-9f0c7e0f5a77',
  acr: '1',
  'allowed-origins': ['https://items.example.com'],
  realm_access: { roles: ['default-roles-staff', 'offline_access', 'editor'] },
  resource_access: { 'items-api': { roles: ['writer'] }, account: { roles: ['view-profile'] } },
  scope: 'openid email profile',
  email_verified: true,
  name: 'Alice Example',
  preferred_username: 'alice',
  email: 'alice@example.com',
}

const serviceAccountClaims = {
  ...times,
  jti: 'trrtcc:0d6a8a5e-3b0c-4a39-9d55-1e5b8a1f6c22',
  iss: keycloakClaims.iss,
  aud: ['items-api', 'account'],
  sub: '5a4fd6d1-64d9-4b5e-8f7c-3b1c92d1a0e7',
  typ: 'Bearer',
  azp: 'Items-Job',
  acr: '1',
  realm_access: { roles: ['default-roles-staff'] },
  resource_access: { 'items-api': { roles: ['writer'] } },
  scope: 'email profile',
  email_verified: false,
  clientHost: '10.0.0.7',
  clientAddress: '10.0.0.7',
  client_id: 'Items-Job',
  preferred_username: 'service-account-items-job',
}
const keycloakIssuer = (options: IssuerOptions): TrustedIssuer =>
  keycloak({ issuer: keycloakClaims.iss, audience: 'items-api', ...options })

const cognitoMachine = {
  sub: '57cbishk4j24pabc1234567890',
  token_use: 'access',
  scope: 'items/read',
  auth_time: now - 10,
  iss: 'https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example',
  ...times,
  version: 2,
  jti: 'aaaaaaaa-5',
  client_id: '57cbishk4j24pabc1234567890',
}

const entraClaims = {
  aud: apiId,
  iss: `https://login.microsoftonline.com/${tenantId}/v2.0`,
  iat: times.iat,
  nbf: times.iat,
  exp: times.exp,
  aio: 'AWQAm/8TAAAA',
  azp: 'spa-client',
  azpacr: '0',
  name: 'Alice Example',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  preferred_username: 'alice@example.com',
  rh: 'I',
  roles: ['Items.Editor'],
  scp: 'items.read items.write',
  sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
  tid: tenantId,
  uti: 'fqiBqXLPj0eQa82S-IYFAA',
  ver: '2.0',
}

const goldens: readonly Golden[] = [
  {
    title: 'Auth0, its own profile',
    make: auth0Issuer,
    claims: auth0Claims,
    reads: {
      kind: 'user',
      subject: auth0Claims.sub,
      audience: auth0Claims.aud,
      clientId: 'spa-client',
      username: null,
      roles: [],
      permissions: ['openid', 'profile', 'read:items', 'read:items', 'write:items'],
    },
    idToken: auth0IdToken,
    twins: {
      'another audience': { claims: { aud: ['https://other.example.com'] } },
      'an audience that is the client': { claims: { aud: 'spa-client' } },
      'no client': { claims: { azp: undefined } },
      'an ID token for the API': { claims: { nonce: 'n' } },
      'another typ': { header: { typ: 'dpop+jwt' } },
      'the issuer without its slash (XI-02)': { claims: { iss: 'https://tenant.eu.auth0.com' } },
    },
  },
  {
    title: 'Auth0, the profile of RFC 9068',
    make: auth0Issuer,
    header: { typ: 'at+jwt' },
    claims: {
      ...auth0Claims,
      azp: undefined,
      client_id: 'spa-client',
      jti: '73WakrfVbNJBaAmhQtEeDv',
    },
    reads: { clientId: 'spa-client', id: '73WakrfVbNJBaAmhQtEeDv' },
    idToken: auth0IdToken,
    twins: {},
  },
  {
    title: 'Auth0, a machine',
    make: auth0Issuer,
    claims: {
      iss: auth0Claims.iss,
      sub: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients',
      aud: 'https://api.example.com',
      ...times,
      azp: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx',
      scope: 'read:items',
      gty: 'client-credentials',
    },
    reads: {
      kind: 'client',
      audience: ['https://api.example.com'],
      clientId: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx',
    },
    idToken: auth0IdToken,
    twins: {},
  },
  {
    title: 'Keycloak',
    make: (options) =>
      keycloak({
        issuer: keycloakClaims.iss,
        audience: 'items-api',
        clientId: ['items-web', 'items-cli'],
        ...options,
      }),
    claims: keycloakClaims,
    reads: {
      kind: 'user',
      subject: sub,
      audience: keycloakClaims.aud,
      clientId: 'items-web',
      username: 'alice',
      roles: [
        'default-roles-staff',
        'offline_access',
        'editor',
        'items-api:writer',
        'account:view-profile',
      ],
      permissions: ['openid', 'email', 'profile'],
    },
    idToken: {
      claims: {
        ...keycloakClaims,
        aud: 'items-web',
        typ: 'ID',
        realm_access: undefined,
        resource_access: undefined,
        scope: undefined,
        at_hash: 'xsYQ8Q9n4v3xY1Zf4Ck7Dw',
        nonce: 'n',
      },
    },
    twins: {
      'another audience': { claims: { aud: 'account' } },
      'no audience': { claims: { aud: undefined } },
      'another client': { claims: { azp: 'other-web' } },
      'no client': { claims: { azp: undefined } },
      'a refresh token': { claims: { typ: 'Refresh' } },
      'an ID token for the API': { claims: { typ: 'ID' } },
      'a token bound to a key': { claims: { cnf: { jkt: 'x' } } },
      'another typ in the header': { header: { typ: 'logout+jwt' } },
      'another realm': { claims: { iss: 'https://sso.example.com/realms/guests' } },
    },
  },
  {
    title: 'Keycloak, a machine',
    make: keycloakIssuer,
    claims: serviceAccountClaims,
    reads: {
      kind: 'client',
      clientId: 'Items-Job',
      username: 'service-account-items-job',
      roles: ['default-roles-staff', 'items-api:writer'],
      permissions: ['email', 'profile'],
    },
    idToken: { claims: { ...serviceAccountClaims, typ: 'ID' } },
    twins: {
      'a user who has taken its name': { claims: { client_id: undefined } },
      'with the name of another client in it': { claims: { client_id: 'items-web' } },
    },
  },
  {
    title: 'Keycloak, a machine of an older version',
    make: keycloakIssuer,
    claims: { ...serviceAccountClaims, client_id: undefined, clientId: 'Items-Job' },
    reads: { kind: 'client', clientId: 'Items-Job' },
    idToken: { claims: { ...serviceAccountClaims, typ: 'ID' } },
    twins: {},
  },
  {
    title: "Keycloak, a user called like another client's account",
    make: keycloakIssuer,
    claims: { ...keycloakClaims, preferred_username: 'service-account-other' },
    reads: { kind: 'user', username: 'service-account-other' },
    idToken: { claims: { ...keycloakClaims, typ: 'ID' } },
    twins: {},
  },
  {
    title: 'Keycloak without an audience, by its client',
    make: (options) => keycloak({ issuer: keycloakClaims.iss, clientId: 'items-web', ...options }),
    header: { typ: 'at+jwt' },
    claims: { ...keycloakClaims, aud: 'account' },
    reads: { audience: ['account'] },
    idToken: { claims: { ...keycloakClaims, aud: 'items-web', typ: 'ID' } },
    twins: { 'another client': { claims: { azp: 'other-web' } } },
  },
  {
    title: 'Cognito',
    make: (options) =>
      cognito({
        region: 'us-west-2',
        userPoolId: 'us-west-2_example',
        clientId: '57cbishk4j24pabc1234567890',
        ...options,
      }),
    header: { typ: undefined },
    claims: {
      sub,
      device_key: 'aaaa-bbbb',
      'cognito:groups': ['editors'],
      iss: 'https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example',
      version: 2,
      client_id: '57cbishk4j24pabc1234567890',
      origin_jti: 'aaaaaaaa-1',
      event_id: 'aaaaaaaa-2',
      token_use: 'access',
      scope: 'items/read openid',
      auth_time: now - 20,
      ...times,
      jti: 'aaaaaaaa-3',
      username: 'alice',
    },
    reads: {
      kind: 'user',
      audience: [],
      clientId: '57cbishk4j24pabc1234567890',
      username: 'alice',
      roles: ['editors'],
      permissions: ['items/read', 'openid'],
    },
    idToken: {
      header: { typ: undefined },
      claims: {
        sub,
        'cognito:groups': ['editors'],
        'cognito:username': 'alice',
        email_verified: true,
        iss: 'https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example',
        aud: '57cbishk4j24pabc1234567890',
        token_use: 'id',
        auth_time: now - 20,
        at_hash: 'x',
        ...times,
        jti: 'aaaaaaaa-4',
      },
    },
    twins: {
      'another client': { claims: { client_id: 'other' } },
      'no client': { claims: { client_id: undefined } },
      'an ID token with a client': { claims: { token_use: 'id' } },
      'no use': { claims: { token_use: undefined } },
      'another typ': { header: { typ: 'refresh' } },
      'another pool': {
        claims: { iss: 'https://cognito-idp.us-west-2.amazonaws.com/us-west-2_other' },
      },
    },
  },
  {
    title: 'Cognito, a machine',
    make: (options) =>
      cognito({
        region: 'us-west-2',
        userPoolId: 'us-west-2_example',
        clientId: cognitoMachine.client_id,
        ...options,
      }),
    header: { typ: undefined },
    claims: cognitoMachine,
    reads: { kind: 'client', username: null, permissions: ['items/read'] },
    idToken: { header: { typ: undefined }, claims: { ...cognitoMachine, token_use: 'id' } },
    twins: { 'another client': { claims: { client_id: 'other', sub: 'other' } } },
  },
  {
    title: 'Entra',
    make: (options) => entra({ tenantId, audience: apiId, ...options }),
    claims: entraClaims,
    reads: {
      kind: 'user',
      audience: [apiId],
      clientId: 'spa-client',
      username: 'alice@example.com',
      roles: ['Items.Editor'],
      permissions: ['items.read', 'items.write'],
      id: 'fqiBqXLPj0eQa82S-IYFAA',
    },
    idToken: {
      // Of an API that logs in to itself: the same audience, and the app roles too.
      claims: { ...entraClaims, azp: undefined, azpacr: undefined, scp: undefined, nonce: 'n' },
    },
    twins: {
      'another audience': { claims: { aud: '00000003-0000-0000-c000-000000000000' } },
      'another tenant in the claim': { claims: { tid: '7b1f3f0c-9c1e-4f57-8a55-2f0f5f0c9d12' } },
      'another version': { claims: { ver: '1.0' } },
      'no client': { claims: { azp: undefined } },
      'nothing delegated': { claims: { scp: undefined, roles: undefined } },
      'another typ': { header: { typ: 'pop' } },
    },
  },
  {
    title: 'Entra, version 1, a machine',
    make: (options) => entra({ tenantId, audience: `api://${apiId}`, version: 1, ...options }),
    claims: {
      ...entraClaims,
      aud: `api://${apiId}`,
      iss: `https://sts.windows.net/${tenantId}/`,
      azp: undefined,
      appid: 'daemon',
      appidacr: '1',
      idtyp: 'app',
      scp: undefined,
      preferred_username: undefined,
      ver: '1.0',
    },
    reads: {
      kind: 'client',
      clientId: 'daemon',
      username: null,
      permissions: [],
      roles: ['Items.Editor'],
    },
    idToken: {
      claims: { ...entraClaims, iss: `https://sts.windows.net/${tenantId}/`, ver: '1.0' },
    },
    twins: { 'no client': { claims: { appid: undefined } } },
  },
  {
    title: 'Entra, a machine without the claim idtyp',
    make: (options) => entra({ tenantId, audience: apiId, ...options }),
    claims: {
      ...entraClaims,
      azp: 'daemon',
      azpacr: '1',
      name: undefined,
      preferred_username: undefined,
      scp: undefined,
      roles: ['Items.Read.All'],
    },
    reads: { kind: 'client', clientId: 'daemon', roles: ['Items.Read.All'] },
    idToken: { claims: { ...entraClaims, azp: undefined, scp: undefined, nonce: 'n' } },
    twins: { 'nothing granted': { claims: { roles: undefined } } },
  },
  {
    title: 'RFC 9068, a machine',
    make: (options) =>
      rfc9068({
        issuer: 'https://id.example.com',
        audience: 'https://api.example.com',
        ...options,
      }),
    header: { typ: 'at+jwt' },
    claims: {
      iss: 'https://id.example.com',
      sub: 's6BhdRkqt3',
      aud: 'https://api.example.com',
      ...times,
      jti: 'dbe39bf3a3ba4238a513f51d6e1691c5',
      client_id: 's6BhdRkqt3',
      scope: 'items:read',
    },
    reads: { kind: 'client', clientId: 's6BhdRkqt3', permissions: ['items:read'] },
    idToken: { claims: { iss: 'https://id.example.com', sub, aud: 's6BhdRkqt3', ...times } },
    twins: { 'another audience': { claims: { aud: 'https://other.example.com' } } },
  },
  {
    title: 'RFC 9068',
    make: (options) =>
      rfc9068({
        issuer: 'https://id.example.com',
        audience: 'https://api.example.com',
        ...options,
      }),
    header: { typ: 'application/at+JWT' },
    claims: {
      iss: 'https://id.example.com',
      sub,
      aud: 'https://api.example.com',
      ...times,
      jti: 'dbe39bf3a3ba4238a513f51d6e1691c4',
      client_id: 's6BhdRkqt3',
      scope: 'openid items:read',
      roles: ['editor'],
      groups: ['staff'],
      entitlements: ['items:write'],
    },
    reads: {
      kind: 'user',
      clientId: 's6BhdRkqt3',
      roles: ['editor', 'staff'],
      permissions: ['openid', 'items:read', 'items:write'],
    },
    idToken: {
      claims: {
        iss: 'https://id.example.com',
        sub,
        aud: 's6BhdRkqt3',
        ...times,
        nonce: 'n',
        at_hash: 'x',
      },
    },
    twins: {
      'another audience': { claims: { aud: 'https://other.example.com' } },
      'the audience as a part of one': { claims: { aud: 'https://api.example.com/v2' } },
      'an audience with something else in it (JW-13)': {
        claims: { aud: ['https://api.example.com', 7] },
      },
      'an empty audience': { claims: { aud: [] } },
      'no audience': { claims: { aud: undefined } },
      'no client': { claims: { client_id: undefined } },
      'no id': { claims: { jti: undefined } },
      'an ID token for the API': { header: { typ: 'JWT' } },
      'no typ': { header: { typ: undefined } },
      'a hash of an ID token': { claims: { at_hash: 'x' } },
    },
  },
]

/** Twins that every provider has. */
const twinsOfAll: Golden['twins'] = {
  expired: { claims: { exp: now - 61 } },
  'not valid yet': { claims: { nbf: now + 61 } },
  'without an end': { claims: { exp: undefined } },
  'without a subject': { claims: { sub: undefined } },
  'with a subject that is no text': { claims: { sub: 7 } },
  'with an empty subject': { claims: { sub: '' } },
  'with the issuer in a list (JW-13)': { claims: { iss: ['x'] } },
  'with an extension that must be understood': { header: { crit: ['exp'] } },
}

const secret = 'the client secret of the provider, which it gave to us'

describe('tokens as the providers issue them (XI-10, XI-11)', () => {
  let provider: TestProvider
  let key: ProviderKey
  let foreign: ProviderKey

  before(async () => {
    provider = await startProvider()
    ;[key, foreign] = await Promise.all([makeKey('k1'), makeKey('k1')])
    provider.publish([key])
  })
  after(() => provider.close())

  const open = (golden: Golden): OpenIssuer =>
    golden.make({ jwksUri: `${provider.origin}/jwks`, allowInsecureLoopback: true }).open(clock)

  for (const golden of goldens) {
    describe(golden.title, () => {
      const signed = (claims: Claims = {}, header: Claims = {}, by = key): Promise<string> =>
        sign(by, { ...golden.claims, ...claims }, { ...golden.header, ...header })

      test('its access token is read', async () => {
        const token = await open(golden).verify(await signed())
        assert.ok(token)
        const { payload, ...read } = token
        assert.equal(read.issuer, golden.claims.iss)
        assert.equal(read.expiresAt, times.exp)
        assert.equal(read.issuedAt, times.iat)
        assert.partialDeepStrictEqual(read, golden.reads)
        assert.equal(payload.sub, golden.claims.sub)
      })

      test('within a minute the clocks may differ', async () => {
        assert.ok(await open(golden).verify(await signed({ exp: now - 59, nbf: now + 59 })))
      })

      test('its tokens cannot be verified with a secret, even if the options ask for it (KM-09)', () => {
        for (const algorithm of ['HS256', 'HS384', 'HS512']) {
          assert.throws(() => golden.make({ algorithms: [algorithm] }), {
            name: 'ConfigError',
            message: /the algorithms must be of: RS256/,
          })
        }
      })

      test('its ID token is refused', async () => {
        const { claims, header } = golden.idToken
        const token = await sign(key, { ...claims } as jose.JWTPayload, header)
        assert.equal(await open(golden).verify(token), null)
      })

      const twins = { ...golden.twins, ...twinsOfAll }
      for (const [title, { claims, header }] of Object.entries(twins)) {
        test(`refused: ${title}`, async () => {
          const issuer = open(golden)
          assert.ok(await issuer.verify(await signed()), 'the golden token')
          // A header that jose would not write by itself needs its own signer.
          const critical = header?.crit !== undefined
          const token = critical ? await signCritical(key, golden) : await signed(claims, header)
          assert.equal(await issuer.verify(token), null)
        })
      }

      test('refused: signed by somebody else, with a secret, or not at all (KM-09)', async () => {
        const issuer = open(golden)
        assert.ok(await issuer.verify(await signed()), 'the golden token')
        assert.equal(await issuer.verify(await signed({}, {}, foreign)), null)
        const header = { kid: 'k1', ...golden.header }
        for (const bytes of [secret, JSON.stringify(key.jwk)]) {
          const forged = await new jose.SignJWT(golden.claims as jose.JWTPayload)
            .setProtectedHeader({ ...header, alg: 'HS256' })
            .sign(new TextEncoder().encode(bytes))
          assert.equal(await issuer.verify(forged), null)
        }
        const encode = (part: object): string =>
          Buffer.from(JSON.stringify(part)).toString('base64url')
        for (const alg of ['none', 'None', 'RS256']) {
          const unsigned = `${encode({ ...header, alg })}.${encode(golden.claims)}.`
          assert.equal(await issuer.verify(unsigned), null)
        }
      })
    })
  }
})

async function signCritical(key: ProviderKey, golden: Golden): Promise<string> {
  const header = { alg: key.alg, typ: 'JWT', kid: key.kid, ...golden.header, crit: ['x'], x: 1 }
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const input = `${encode(header)}.${encode(golden.claims)}`
  const signature = await crypto.subtle.sign(
    'RSASSA-PKCS1-v1_5',
    key.privateKey,
    new TextEncoder().encode(input),
  )
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}
