// Signatures of published vectors, through our verifier.

import nodeCrypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { mock } from 'node:test'
import * as jose from 'jose'
import { createKeyRing } from '../../../src/core/keys/key-ring.ts'
import { type SigningKey, signingAlgorithms } from '../../../src/core/keys/signing-key.ts'
import { createAccessTokenIssuer } from '../../../src/core/tokens/access-token.ts'
import { createTestClock } from '../../fixtures.ts'

const clock = createTestClock()

/** How our verifier takes a token: whether it found a signature right, and whether it accepts it. */
export async function judge(
  key: SigningKey,
  token: string,
): Promise<{ signed: boolean; good: boolean }> {
  const keys = createKeyRing([key])
  const options = { issuer: 'i', audience: 'a', lifetime: 900, clock }
  const results: (boolean | Promise<boolean>)[] = []
  // An HMAC is compared in this thread.
  const compare = nodeCrypto.timingSafeEqual
  const macs = mock.method(
    nodeCrypto,
    'timingSafeEqual',
    (...parameters: Parameters<typeof compare>) => {
      const result = compare(...parameters)
      results.push(result)
      return result
    },
  )
  syncBuiltinESMExports()
  const verify = crypto.subtle.verify.bind(crypto.subtle)
  const spy = mock.method(crypto.subtle, 'verify', (...parameters: Parameters<typeof verify>) => {
    const result = verify(...parameters)
    results.push(result)
    return result
  })
  try {
    const verified = await createAccessTokenIssuer({ keys, ...options }).verify(token)
    const outcomes = await Promise.allSettled(results)
    const signed = outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value)
    return { signed, good: verified !== null }
  } finally {
    spy.mock.restore()
    macs.mock.restore()
    syncBuiltinESMExports()
  }
}

/** The key of a JWK under the id that its tokens name; null for an algorithm that we have not. */
export async function keyOf(jwk: jose.JWK): Promise<SigningKey | null> {
  const algorithm = [...signingAlgorithms, 'HS256' as const].find((known) => known === jwk.alg)
  if (algorithm === undefined) return null
  const bytes = Buffer.from(jwk.k ?? '', 'base64url')
  const isSecret = algorithm === 'HS256'
  const key = isSecret
    ? await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
        'verify',
      ])
    : ((await jose.importJWK(jwk, algorithm)) as jose.CryptoKey)
  return {
    ...{ id: jwk.kid ?? '', algorithm, signWith: key, verifyWith: key, verifiesUntil: null },
    ...(isSecret && { secret: nodeCrypto.createSecretKey(bytes) }),
  }
}
