import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Issuers } from '../../src/core/issuers/issuers.ts'
import { issuerSchemes } from '../../src/fastify/issuer-schemes.ts'
import { keycloak } from '../../src/issuers/keycloak.ts'

const issuersCalled = (...names: readonly string[]) => {
  const trusted = names.map((name) => ({
    ...keycloak({ issuer: 'https://login.example.com/realms/shop', audience: 'api' }),
    name,
  }))
  return { trusted } as Pick<Issuers, 'trusted'> as Issuers
}
const namesOf = (issuers: Issuers, taken?: readonly string[]) =>
  issuerSchemes(issuers, taken).map(({ name }) => name)

test('a scheme has the name of its issuer, in the signs that a key may have', () => {
  assert.deepEqual(namesOf(issuersCalled('Keycloak', 'Our own (new)', '\u00e9')), [
    'Keycloak',
    'Our-own-new-',
    '-',
  ])
  assert.deepEqual(namesOf(issuersCalled('')), ['OpenIDConnect'])
})

test('a name that is taken gets the first number that is free', () => {
  assert.deepEqual(namesOf(issuersCalled('a', 'a', 'a', 'b'), ['b', 'a2']), ['a', 'a3', 'a4', 'b2'])
})

test('a scheme says where to log in, and which origins that needs', () => {
  const [scheme] = issuerSchemes(issuersCalled('Keycloak'))
  assert.deepEqual(scheme, {
    name: 'Keycloak',
    origins: ['https://login.example.com'],
    scheme: {
      type: 'openIdConnect',
      description: 'Log in at https://login.example.com/realms/shop.',
      openIdConnectUrl: 'https://login.example.com/realms/shop/.well-known/openid-configuration',
    },
  })
})
