// Our verifier beside jose alone, and beside node:crypto, on tokens that were changed at random, some of
// them signed after the change. More of them: RUNS=100000 npx node --test test/core/tokens/differential.test.ts

import assert from 'node:assert/strict'
import { createHmac, KeyObject, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import * as jose from 'jose'
import { clockTolerance } from '../../../src/core/clock.ts'
import { createKeyRing } from '../../../src/core/keys/key-ring.ts'
import {
  generatePrivateJwk,
  importPrivateJwk,
  importSecret,
  type SigningKey,
} from '../../../src/core/keys/signing-key.ts'
import { type AccessToken, createAccessTokenIssuer } from '../../../src/core/tokens/access-token.ts'
import { accessTokenMaxLength } from '../../../src/core/tokens/token-text.ts'
import { createTestClock } from '../../fixtures.ts'

const runs = Number(process.env.RUNS ?? 300)
const [issuer, audience] = ['https://auth.example.com', 'https://api.example.com']
const clock = createTestClock()
const secret = 'b7e151628aed2a6abf7158809cf4f3c7'
const keys = {
  ES256: await importPrivateJwk(await generatePrivateJwk('ES256'), 'ES256'),
  HS256: await importSecret(secret),
}
const claims = {
  ...{ iss: issuer, aud: audience, sub: 'u', exp: clock() + 900, iat: clock(), jti: 'j' },
  ...{ client_id: 'web', scope: 'a b', roles: ['member'], stamp: 's' },
}

type Text = string | Uint8Array
const encode = (part: Text): string => Buffer.from(part as string).toString('base64url')

/** Signs any two texts, as the holder of the key can. */
async function sign(key: SigningKey, first: Text, second: Text): Promise<string> {
  const text = `${encode(first)}.${encode(second)}`
  const algorithm =
    key.algorithm === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'HMAC' }
  const signature = await crypto.subtle.sign(algorithm, key.signWith, Buffer.from(text))
  return `${text}.${Buffer.from(signature).toString('base64url')}`
}

/** Whether the signature is right, by node:crypto. */
function isSigned(key: SigningKey, token: string): boolean {
  const [first = '', second = '', third = ''] = token.split('.')
  const text = Buffer.from(`${first}.${second}`)
  if (key.algorithm === 'HS256') {
    return createHmac('sha256', secret).update(text).digest('base64url') === third
  }
  const options = { key: KeyObject.from(key.verifyWith), dsaEncoding: 'ieee-p1363' } as const
  return verify('sha256', text, options, Buffer.from(third, 'base64url'))
}

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
  fc.constantFrom<unknown>(
    'none',
    'HS256',
    'ES256',
    'JWT',
    'AT+JWT',
    'application/at+jwt',
    ...Object.values(keys).map(({ id }) => id),
  ),
  fc.jsonValue(),
)
const members = [
  ...['alg', 'typ', 'kid'],
  ...Object.keys(claims),
  'nbf',
  'sid',
  'crit',
  'b64',
  'zip',
]
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
function signed(key: SigningKey, header: object): fc.Arbitrary<Promise<string>> {
  return fc
    .tuple(fc.array(change, { maxLength: 2 }), fc.array(change, { maxLength: 3 }))
    .map(([first, second]) => sign(key, changed(header, first), changed(claims, second)))
}

/** A token whose parts are no JSON that anybody would write, and are signed. */
function odd(key: SigningKey, header: object): fc.Arbitrary<Promise<string>> {
  const writings = (object: object): Text[] => {
    const text = JSON.stringify(object)
    const inside = text.slice(0, -1)
    return [
      ...[
        text,
        ` ${text}\n`,
        `\ufeff${text}`,
        `[${text}]`,
        `"${text}"`,
        'null',
        '{}',
        '',
        '1',
        `${text}x`,
      ],
      ...[`${inside},"sub":"v"}`, `${inside},"__proto__":{"nbf":"x"}}`, `${inside},"nbf":1e400}`],
      ...[
        `${inside},"x":"\ud800"}`,
        `${inside},"crit":["b64"],"b64":true}`,
        `${inside},"exp":1e400}`,
      ],
      ...[
        `${inside},"crit":["b64"],"b64":false}`,
        `${inside},"alg":"none"}`,
        `${inside},"typ":"AT+jwt"}`,
      ],
      ...[Buffer.from(`${inside},"x":"\xff"}`, 'latin1'), Buffer.from(text, 'utf16le')],
    ]
  }
  return fc
    .tuple(fc.constantFrom(...writings(header)), fc.constantFrom(...writings(claims)))
    .map(([first, second]) => sign(key, first, second))
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. \n\u00e9'
/** A good token whose text was changed. */
function edited(good: string): fc.Arbitrary<Promise<string>> {
  const edit = fc.record({
    at: fc.nat(good.length),
    cut: fc.nat(3),
    put: fc.string({ unit: fc.constantFrom(...letters), maxLength: 3 }),
  })
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
    let token = good
    for (const { at, cut, put } of edits) token = token.slice(0, at) + put + token.slice(at + cut)
    return Promise.resolve(token)
  })
}

async function joseSays(key: SigningKey, token: string): Promise<jose.JWTPayload | null> {
  try {
    const { payload } = await jose.jwtVerify(token, key.verifyWith, {
      ...{ algorithms: [key.algorithm], typ: 'at+jwt', issuer, audience, clockTolerance: 30 },
      currentDate: new Date(clock() * 1000),
      requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'],
    })
    return payload
  } catch {
    return null
  }
}

/** Why we may refuse what jose accepts. */
function stricterIn(key: SigningKey, token: string, payload: jose.JWTPayload): boolean {
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

for (const key of Object.values(keys)) {
  test(`of ${runs} changed tokens of ${key.algorithm} none is accepted that jose or node:crypto refuses, and what jose accepts is refused for a reason (JW-20)`, async (t) => {
    const accessTokens = createAccessTokenIssuer({
      ...{ keys: createKeyRing([key]), issuer, audience, lifetime: 900, clock },
    })
    const header = { alg: key.algorithm, typ: 'at+jwt', kid: key.id }
    const good = await sign(key, JSON.stringify(header), JSON.stringify(claims))
    const counts = { accepted: 0, stricter: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(signed(key, header), edited(good), odd(key, header)),
        async (promise) => {
          const token = await promise
          const ours: AccessToken | null = await accessTokens.verify(token)
          const theirs = await joseSays(key, token)
          if (ours) {
            assert.deepEqual({ ...ours.claims }, { ...theirs })
            assert.ok(isSigned(key, token))
            counts.accepted++
          } else if (theirs) {
            assert.ok(stricterIn(key, token, theirs), token)
            counts.stricter++
          } else counts.refused++
        },
      ),
      { numRuns: runs },
    )
    assert.ok(counts.accepted > 0 && counts.stricter > 0 && counts.refused > 0)
    t.diagnostic(JSON.stringify(counts))
  })
}
