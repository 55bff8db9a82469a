// Keys that are fetched without TLS, within a private network.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/core/errors.ts'
import { isPrivate } from '../../src/issuers/address-guard.ts'
import { fetchJson, type JsonFetchOptions } from '../../src/issuers/json-fetch.ts'
import { type KeycloakOptions, keycloak } from '../../src/issuers/keycloak.ts'
import { createTestClock } from '../fixtures.ts'
import { makeKey, sign, startProvider } from './provider.ts'

const issuer = 'https://sso.example.com/realms/staff'
const inside = 'http://keycloak.internal:8080/realms/staff/protocol/openid-connect/certs'
const make = (options: Partial<KeycloakOptions>): unknown =>
  keycloak({ issuer, audience: 'api', ...options })

test('http for the keys takes a named option, which takes the address of the keys', () => {
  assert.ok(make({ jwksUri: inside, allowInsecurePrivateJwksUri: true }))
  for (const options of [
    { jwksUri: inside },
    { jwksUri: inside, allowInsecureLoopback: true },
    { allowInsecurePrivateJwksUri: true },
    { jwksUri: 'ftp://keycloak.internal/certs', allowInsecurePrivateJwksUri: true },
    {
      issuer: 'http://keycloak.internal:8080/realms/staff',
      jwksUri: inside,
      allowInsecurePrivateJwksUri: true,
    },
  ]) {
    assert.throws(() => make(options), ConfigError, JSON.stringify(options))
  }
})

test('a name is private if all of its addresses are', async () => {
  const at = (...addresses: string[]): Promise<boolean> => isPrivate(inside, async () => addresses)
  for (const address of [
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '127.0.0.1',
    '::1',
    'fd12::1',
    '::ffff:10.0.0.1',
  ]) {
    assert.equal(await at(address), true, address)
  }
  for (const address of [
    '9.255.255.255',
    '172.32.0.1',
    '203.0.113.9',
    '2001:db8::1',
    '::ffff:203.0.113.9',
  ]) {
    assert.equal(await at(address), false, address)
    assert.equal(await at('10.0.0.1', address), false, address)
  }
})

test('a fetch over http leaves no private network', async () => {
  const options: JsonFetchOptions = {
    ...{ timeout: 1000, allowInsecureLoopback: false, allowInsecurePrivate: true },
    signal: new AbortController().signal,
    resolve: async () => ['203.0.113.9'],
  }
  await assert.rejects(fetchJson(inside, options), /is at a public address, where it must be https/)
})

test('keys that are published at an inner address verify the tokens of the outer issuer', async () => {
  const [provider, key, clock] = [await startProvider(), await makeKey('k1'), createTestClock()]
  provider.publish([key])
  const jwksUri = `${provider.origin}/jwks`
  const open = keycloak({
    issuer,
    audience: 'api',
    jwksUri,
    allowInsecurePrivateJwksUri: true,
  }).open(clock)
  const claims = {
    iss: issuer,
    aud: 'api',
    azp: 'web',
    typ: 'Bearer',
    sub: 'x',
    iat: clock(),
    exp: clock() + 60,
  }
  try {
    assert.equal((await open.verify(await sign(key, claims)))?.issuer, issuer)
    assert.deepEqual(provider.requests, ['/jwks'])
  } finally {
    open.close()
    await provider.close()
  }
})
