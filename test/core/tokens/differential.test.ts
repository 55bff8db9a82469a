// Our verifier beside jose alone, and beside node:crypto, on tokens that were changed at random, some of
// them signed after the change. More of them: RUNS=100000 npx node --test test/core/tokens/differential.test.ts

import assert from 'node:assert/strict'
import { KeyObject, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import * as jose from 'jose'
import { clockTolerance } from '../../../src/core/clock.ts'
import { createKeyRing } from '../../../src/core/keys/key-ring.ts'
import { generatePrivateJwk, importPrivateJwk } from '../../../src/core/keys/signing-key.ts'
import { type AccessToken, createAccessTokenIssuer } from '../../../src/core/tokens/access-token.ts'
import { accessTokenMaxLength } from '../../../src/core/tokens/token-text.ts'
import { createTestClock } from '../../fixtures.ts'

const runs = Number(process.env.RUNS ?? 300)
const [issuer, audience] = ['https://auth.example.com', 'https://api.example.com']
const clock = createTestClock()
const key = await importPrivateJwk(await generatePrivateJwk('ES256'), 'ES256')
const publicKey = KeyObject.from(key.verifyWith)
const accessTokens = createAccessTokenIssuer({
  ...{ keys: createKeyRing([key]), issuer, audience, lifetime: 900, clock },
})
const header = { alg: 'ES256', typ: 'at+jwt', kid: key.id }
const claims = {
  ...{ iss: issuer, aud: audience, sub: 'u', exp: clock() + 900, iat: clock(), jti: 'j' },
  ...{ client_id: 'web', scope: 'a b', roles: ['member'], stamp: 's' },
}

const encode = (part: string): string => Buffer.from(part).toString('base64url')

/** Signs any two texts, as the holder of the key can. */
async function sign(first: string, second: string): Promise<string> {
  const text = `${encode(first)}.${encode(second)}`
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(algorithm, key.signWith, Buffer.from(text))
  return `${text}.${Buffer.from(signature).toString('base64url')}`
}

const good = await sign(JSON.stringify(header), JSON.stringify(claims))

const value = fc.oneof(
  fc.constantFrom<unknown>(issuer, [issuer], audience, [audience], [audience, 1], null, '', 0),
  fc.constantFrom<unknown>(
    clock(),
    clock() - 31,
    clock() - 30,
    clock() + 31,
    Number.MAX_VALUE,
    -1,
    '1',
    0.5,
  ),
  fc.constantFrom<unknown>('none', 'HS256', 'ES256', 'JWT', 'AT+JWT', 'application/at+jwt', key.id),
  fc.jsonValue(),
)
const members = [...Object.keys(header), ...Object.keys(claims), 'nbf', 'sid', 'crit', 'b64', 'zip']
const change = fc.record({ name: fc.constantFrom(...members), value, remove: fc.boolean() })

function changed(
  object: object,
  changes: readonly { name: string; value: unknown; remove: boolean }[],
): string {
  const copy: Record<string, unknown> = { ...object }
  for (const { name, value, remove } of changes) {
    if (remove) delete copy[name]
    else if (name in object || name.length === 3 || name === 'crit') copy[name] = value
  }
  return JSON.stringify(copy)
}

/** A token whose parts were changed, and then signed. */
const signed = fc
  .tuple(fc.array(change, { maxLength: 2 }), fc.array(change, { maxLength: 3 }))
  .map(([first, second]) => sign(changed(header, first), changed(claims, second)))

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. \n\u00e9'
const edit = fc.record({
  at: fc.nat(good.length),
  cut: fc.nat(3),
  put: fc.string({ unit: fc.constantFrom(...letters), maxLength: 3 }),
})
/** A good token whose text was changed. */
const edited = fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
  let token = good
  for (const { at, cut, put } of edits) token = token.slice(0, at) + put + token.slice(at + cut)
  return Promise.resolve(token)
})

async function joseSays(token: string): Promise<jose.JWTPayload | null> {
  try {
    const { payload } = await jose.jwtVerify(token, key.verifyWith, {
      ...{ algorithms: ['ES256'], typ: 'at+jwt', issuer, audience, clockTolerance: 30 },
      currentDate: new Date(clock() * 1000),
      requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'],
    })
    return payload
  } catch {
    return null
  }
}

/** Why we may refuse what jose accepts. */
function stricterIn(token: string, payload: jose.JWTPayload): boolean {
  const parts = token.split('.')
  const { kid } = jose.decodeProtectedHeader(token)
  const { aud, roles = [], scope, jti, client_id, sid, stamp, sub, exp, iat } = payload
  const texts = [scope, jti, client_id, sub, ...[aud].flat(), ...[roles].flat()]
  const endings = [sid, stamp].filter((ending) => ending !== undefined)
  return (
    token.length > accessTokenMaxLength ||
    parts.some((part) => encodeAgain(part) !== part) ||
    kid !== key.id ||
    !Array.isArray(roles) ||
    endings.length === 0 ||
    [...texts, ...endings].some((text) => typeof text !== 'string') ||
    [exp, iat].some((instant) => !Number.isSafeInteger(instant)) ||
    Number(iat) > clock() + clockTolerance
  )
}

const encodeAgain = (part: string): string => Buffer.from(part, 'base64url').toString('base64url')

test(`of ${runs} changed tokens none is accepted that jose or node:crypto refuses, and what jose accepts is refused for a reason (JW-20)`, async (t) => {
  const counts = { accepted: 0, stricter: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(fc.oneof(signed, edited), async (promise) => {
      const token = await promise
      const ours: AccessToken | null = await accessTokens.verify(token)
      const theirs = await joseSays(token)
      if (ours) {
        assert.deepEqual({ ...ours.claims }, { ...theirs })
        const [first = '', second = '', third = ''] = token.split('.')
        const text = Buffer.from(`${first}.${second}`)
        const options = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
        assert.ok(verify('sha256', text, options, Buffer.from(third, 'base64url')))
        counts.accepted++
      } else if (theirs) {
        assert.ok(stricterIn(token, theirs), token)
        counts.stricter++
      } else counts.refused++
    }),
    { numRuns: runs },
  )
  assert.ok(counts.accepted > 0 && counts.stricter > 0 && counts.refused > 0)
  t.diagnostic(JSON.stringify(counts))
})
