// What every profile's tokens are held to, and what of them is taken over.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { ExternalToken, OpenIssuer } from '../../src/core/issuers/external-issuer.ts'
import { defineIssuer, type IssuerOptions } from '../../src/issuers/define-issuer.ts'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'
import { createTestClock, type TestClock } from '../fixtures.ts'
import { makeKey, type ProviderKey, sign, startProvider, type TestProvider } from './provider.ts'

let provider: TestProvider
let key: ProviderKey
let clock: TestClock
const opened: OpenIssuer[] = []

before(async () => {
  provider = await startProvider()
  key = await makeKey('k1')
  provider.publish([key])
})
beforeEach(() => {
  clock = createTestClock()
})
after(async () => {
  for (const issuer of opened) issuer.close()
  await provider.close()
})

const place = { allowInsecureLoopback: true }

function open(options: IssuerOptions = {}): OpenIssuer {
  const issuer = rfc9068({ issuer: provider.origin, audience: 'api', ...place, ...options })
  opened.push(issuer.open(clock))
  return opened.at(-1) as OpenIssuer
}

type Claims = Readonly<Record<string, unknown>>

function tokenOf(changes: Claims = {}): Promise<string> {
  const claims = {
    ...{ iss: provider.origin, sub: 'alice', aud: 'api', client_id: 'web', jti: 'j1' },
    ...{ iat: clock() - 10, exp: clock() + 300, preferred_username: 'ann', login: 'bob' },
    ...changes,
  }
  return sign(key, claims, { typ: 'at+jwt' })
}

const verify = async (changes: Claims, issuer = open()): Promise<ExternalToken | null> =>
  await issuer.verify(await tokenOf(changes))

describe('times', () => {
  test('a fraction of a second is read, and never makes a token live longer (XI-01)', async () => {
    const exp = clock() + 300
    const token = await verify({ exp: exp + 0.9, iat: clock() - 10.5 })
    assert.equal(token?.expiresAt, exp)
    assert.equal(token?.issuedAt, clock() - 11)
    assert.equal((await verify({ exp: exp + 0.5, nbf: clock() - 0.5 }))?.expiresAt, exp)
    clock.advance(360)
    assert.equal(await verify({ exp: exp + 0.001, iat: exp - 300 }), null)
  })

  test('times that are no numbers, or too large for one, are refused', async () => {
    for (const time of ['1795890000', null, true, [1795890000], 2 ** 53, 1e300]) {
      assert.equal(await verify({ exp: time }), null, `exp ${time}`)
      assert.equal(await verify({ iat: time }), null, `iat ${time}`)
    }
    assert.equal(await verify({ exp: undefined }), null)
    assert.equal(await verify({ iat: undefined }), null)
  })
})

test('a subject must be there, and be a text', async () => {
  for (const sub of [undefined, '', 7, 'a\u0000b', 'x'.repeat(256)]) {
    assert.equal(await verify({ sub }), null, String(sub))
  }
})

test('a token with another encoding of the same bytes is refused (JW-11)', async () => {
  const issuer = open()
  const token = await tokenOf()
  assert.ok(await issuer.verify(token))
  for (const other of [`${token}=`, `${token}\n`, ` ${token}`, token.replaceAll('_', '/')]) {
    if (other !== token) assert.equal(await issuer.verify(other), null)
  }
  // The last sign of a signature of 256 bytes has four bits that mean nothing.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const next = alphabet[alphabet.indexOf(token.slice(-1)) ^ 1]
  assert.equal(await issuer.verify(token.slice(0, -1) + next), null)
})

test('algorithms are those of the profile, or of the option', async () => {
  assert.equal(await verify({}, open({ algorithms: ['ES256'] })), null)
  assert.ok(await verify({}, open({ algorithms: ['RS256'] })))
})

test('the username is that of the claim that is named, and of no other', async () => {
  assert.equal((await verify({}))?.username, 'ann')
  assert.equal((await verify({}, open({ usernameClaim: 'login' })))?.username, 'bob')
  assert.equal((await verify({}, open({ usernameClaim: 'nobody' })))?.username, null)
})

test('clients are narrowed to those that are named', async () => {
  assert.ok(await verify({}, open({ clientId: ['web', 'app'] })))
  assert.equal(await verify({}, open({ clientId: 'app' })), null)
})

test('a token of the right audience without an id or a client is none after RFC 9068', async () => {
  assert.ok(await verify({ aud: ['other', 'api'] }))
  for (const changes of [
    { jti: undefined },
    { client_id: undefined },
    { aud: 'other' },
    { aud: [] },
    { aud: undefined },
    { aud: ['api', 7] },
  ]) {
    assert.equal(await verify(changes), null, JSON.stringify(changes))
  }
})

describe('a provider of no profile', () => {
  // Okta names the client `cid`, the user `uid`, and lists scopes in `scp`.
  const okta = (): OpenIssuer => {
    const { open } = defineIssuer(
      { issuer: provider.origin, audience: ['api'] },
      {
        name: 'Okta',
        algorithms: ['RS256'],
        types: ['', 'jwt'],
        read({ aud, cid, uid, sub, scp }) {
          if (aud !== 'api' || typeof cid !== 'string') return null
          return {
            kind: uid === undefined ? 'client' : 'user',
            audience: [aud],
            clientId: cid,
            username: typeof sub === 'string' ? sub : null,
            roles: [],
            permissions: Array.isArray(scp) ? scp.map(String) : [],
          }
        },
      },
      place,
    )
    opened.push(open(clock))
    return opened.at(-1) as OpenIssuer
  }
  const claimsOf = (changes: Claims): Claims => ({
    ...{ ver: 1, jti: 'AT.1', iss: provider.origin, aud: 'api', cid: 'web', uid: '00u1' },
    ...{ sub: 'ann@example.com', scp: ['items:read'], iat: clock(), exp: clock() + 60 },
    ...changes,
  })

  test('is defined by a profile of the application', async () => {
    const issuer = okta()
    const user = await issuer.verify(await sign(key, claimsOf({}), { typ: undefined }))
    assert.equal(user?.kind, 'user')
    assert.deepEqual(user.permissions, ['items:read'])
    const machine = { uid: undefined, sub: 'web' }
    assert.equal((await issuer.verify(await sign(key, claimsOf(machine))))?.kind, 'client')
  })

  test('is held to what every issuer is held to, whatever the profile says', async () => {
    const issuer = okta()
    for (const [changes, header] of [
      [{ at_hash: 'x' }, {}],
      [{ cnf: { jkt: 'x' } }, {}],
      [{ iss: 'https://other.example.com' }, {}],
      [{ aud: 'other' }, {}],
      [{}, { typ: 'at+jwt' }],
    ] as const) {
      assert.equal(await issuer.verify(await sign(key, claimsOf(changes), header)), null)
    }
  })
})
