// Single claims that decide whom a token of a provider speaks for, and whether it is one for an API.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ConfigError } from '../../src/core/errors.ts'
import type { ExternalToken, TrustedIssuer } from '../../src/core/issuers/external-issuer.ts'
import { auth0 } from '../../src/issuers/auth0.ts'
import { cognito } from '../../src/issuers/cognito.ts'
import { entra } from '../../src/issuers/entra.ts'
import { keycloak } from '../../src/issuers/keycloak.ts'
import { createTestClock } from '../fixtures.ts'
import { makeKey, type ProviderKey, sign, startProvider, type TestProvider } from './provider.ts'

const clock = createTestClock()
const tenantId = '7b1f3f0c-9c1e-4f57-8a55-2f0f5f0c9d11'
let provider: TestProvider
let key: ProviderKey

before(async () => {
  provider = await startProvider()
  key = await makeKey('k1')
  provider.publish([key])
})
after(() => provider.close())

/** Reads a token by an issuer whose keys are the test's. */
async function read(
  make: (options: { jwksUri: string; allowInsecureLoopback: true }) => TrustedIssuer,
  claims: Readonly<Record<string, unknown>>,
): Promise<ExternalToken | null> {
  const trusted = make({ jwksUri: `${provider.origin}/jwks`, allowInsecureLoopback: true })
  const issuer = trusted.open(clock)
  const times = { iat: clock(), exp: clock() + 60 }
  const token = await sign(
    key,
    { iss: trusted.issuer, ...times, ...claims },
    { typ: trusted.name === 'Cognito' ? undefined : 'JWT' },
  )
  try {
    return await issuer.verify(token)
  } finally {
    issuer.close()
  }
}

test('Auth0: a machine is told by its grant, or by its subject', async () => {
  const readAuth0 = (claims: object): ReturnType<typeof read> =>
    read((options) => auth0({ domain: 'tenant.eu.auth0.com', audience: 'api', ...options }), {
      aud: 'api',
      azp: 'job',
      ...claims,
    })
  assert.equal((await readAuth0({ sub: 'x', gty: 'client-credentials' }))?.kind, 'client')
  assert.equal((await readAuth0({ sub: 'job@clients' }))?.kind, 'client')
  assert.equal((await readAuth0({ sub: 'x', gty: 'password' }))?.kind, 'user')
  assert.equal((await readAuth0({ sub: 'other@clients' }))?.kind, 'user')
})

test('Entra: a token with a nonce is an ID token, and `idtyp` tells an app from a user', async () => {
  const readEntra = (claims: object): ReturnType<typeof read> =>
    read((options) => entra({ tenantId, audience: 'api', ...options }), {
      aud: 'api',
      tid: tenantId,
      ver: '2.0',
      azp: 'web',
      sub: 'x',
      ...claims,
    })
  assert.equal((await readEntra({ scp: 'read' }))?.kind, 'user')
  assert.equal(await readEntra({ scp: 'read', nonce: 'n' }), null)
  assert.equal((await readEntra({ roles: ['Job'] }))?.kind, 'client')
  assert.equal((await readEntra({ roles: ['Job'], idtyp: 'user' }))?.kind, 'user')
  assert.equal((await readEntra({ scp: 'read', idtyp: 'app' }))?.kind, 'client')
})

test('Keycloak: a token names its client, and a bounded number of clients is looked at', async () => {
  const readKeycloak = (claims: object): ReturnType<typeof read> =>
    read(
      (options) =>
        keycloak({ issuer: 'https://sso.example.com/realms/staff', audience: 'api', ...options }),
      { aud: 'api', typ: 'Bearer', azp: 'web', sub: 'x', ...claims },
    )
  assert.ok(await readKeycloak({}))
  assert.equal(await readKeycloak({ azp: undefined }), null)
  assert.equal(await readKeycloak({ azp: '' }), null)
  const clients = Array.from(
    { length: 120 },
    (_, index) => [`c${index}`, { roles: ['r'] }] as const,
  )
  const token = await readKeycloak({ resource_access: Object.fromEntries(clients) })
  assert.deepEqual(
    [token?.roles.length, token?.roles[0], token?.roles.at(-1)],
    [100, 'c0:r', 'c99:r'],
  )
})

test("Cognito: a pool is below the domain of its region's partition", () => {
  const issuerOf = (region: string): string =>
    cognito({ region, userPoolId: `${region}_AbC`, clientId: 'web' }).issuer
  for (const [region, host] of [
    ['eu-central-1', 'amazonaws.com'],
    ['us-gov-west-1', 'amazonaws.com'],
    ['eusc-de-east-1', 'amazonaws.eu'],
    ['cn-north-1', 'amazonaws.com.cn'],
    ['us-iso-east-1', 'c2s.ic.gov'],
    ['us-isob-east-1', 'sc2s.sgov.gov'],
    ['us-isof-south-1', 'csp.hci.ic.gov'],
    ['eu-isoe-west-1', 'cloud.adc-e.uk'],
  ] as const) {
    assert.equal(issuerOf(region), `https://cognito-idp.${region}.${host}/${region}_AbC`)
  }
  for (const region of ['', 'EU-central-1', 'eu-central', 'example.com/', 'eu-central-1.x']) {
    assert.throws(() => issuerOf(region), ConfigError, region)
  }
})
