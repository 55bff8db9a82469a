import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { before, test } from 'node:test'
import * as jose from 'jose'
import { clockTolerance } from '../../../src/core/clock.ts'
import { createKeyRing } from '../../../src/core/keys/key-ring.ts'
import {
  generatePrivateJwk,
  importPrivateJwk,
  importSecret,
  type SigningAlgorithm,
  type SigningKey,
} from '../../../src/core/keys/signing-key.ts'
import {
  type AccessToken,
  type AccessTokenIssuer,
  type AccessTokenOptions,
  createAccessTokenIssuer,
} from '../../../src/core/tokens/access-token.ts'
import { accessTokenMaxLength, isStrictlyEncoded } from '../../../src/core/tokens/token-text.ts'
import { createTestClock, type TestClock } from '../../fixtures.ts'

const issuer = 'https://auth.example.com'
const audience = 'https://api.example.com'
const subject = {
  subject: '0197-alice',
  clientId: 'web',
  scopes: ['items:read', 'items:write'],
  role: 'editor',
  endsWith: { userStamp: 'stamp' },
}

let es256: SigningKey
let hs256: SigningKey
let clock: TestClock
before(async () => {
  es256 = await importPrivateJwk(await generatePrivateJwk('ES256'), 'ES256')
  hs256 = await importSecret('b7e151628aed2a6abf7158809cf4f3c7')
})

function createIssuer(options: Partial<AccessTokenOptions> = {}): AccessTokenIssuer {
  clock = createTestClock()
  const keys = createKeyRing([es256])
  return createAccessTokenIssuer({ keys, issuer, audience, lifetime: 900, clock, ...options })
}

type Json = Record<string, unknown>

/** The claims of a token that is accepted. */
function goodClaims(): Json {
  const now = clock()
  return {
    ...{ iss: issuer, aud: audience, sub: 'u', exp: now + 900, iat: now, jti: 'j' },
    ...{ client_id: 'web', scope: 'a b', roles: ['member'], stamp: 's' },
  }
}

function goodHeader(): Json {
  return { alg: 'ES256', typ: 'at+jwt', kid: es256.id }
}

function without(claims: Json, ...names: string[]): Json {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))
}

const encode = (part: Json | string | Uint8Array): string =>
  (part instanceof Uint8Array
    ? Buffer.from(part)
    : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part))
  ).toString('base64url')

const signingParameters = {
  HS256: 'HMAC',
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  RS256: 'RSASSA-PKCS1-v1_5',
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  EdDSA: 'Ed25519',
}

/** Signs any text at all, as only the holder of the key can. */
async function signText(text: string, key: SigningKey = es256): Promise<string> {
  const parameters = signingParameters[key.algorithm]
  const signature = await crypto.subtle.sign(parameters, key.signWith, Buffer.from(text))
  return `${text}.${Buffer.from(signature).toString('base64url')}`
}

function sign(
  payload: Json | string | Uint8Array,
  header: Json | string | Uint8Array = goodHeader(),
  key: SigningKey = es256,
): Promise<string> {
  return signText(`${encode(header)}.${encode(payload)}`, key)
}

async function assertRefused(
  accessTokens: AccessTokenIssuer,
  token: string,
  why: string,
): Promise<void> {
  assert.equal(await accessTokens.verify(token), null, why)
  // A refusal is not forgotten, nor remembered as anything else.
  assert.equal(await accessTokens.verify(token), null, why)
}

async function assertAccepted(
  accessTokens: AccessTokenIssuer,
  token: string,
): Promise<AccessToken> {
  const verified = await accessTokens.verify(token)
  assert.ok(verified)
  return verified
}

test('an issued HS256 token is the one that jose would have made (JW-11)', async () => {
  const accessTokens = createIssuer({ keys: createKeyRing([hs256]) })
  const { token } = await accessTokens.issue({ ...subject, clientId: 'wéb \u2028"' })
  const { payload, protectedHeader } = await jose.jwtVerify(token, hs256.verifyWith, {
    currentDate: new Date(clock() * 1000),
  })
  const made = await new jose.SignJWT(payload)
    .setProtectedHeader(protectedHeader as jose.JWTHeaderParameters)
    .sign(hs256.signWith)
  assert.equal(token, made)
  assert.deepEqual((await assertAccepted(accessTokens, token)).claims, payload)
})

test('an issued token has the header and the claims of RFC 9068 (JW-11)', async () => {
  const accessTokens = createIssuer()
  const { token, expiresIn } = await accessTokens.issue(subject)
  assert.equal(expiresIn, 900)
  assert.deepEqual(jose.decodeProtectedHeader(token), {
    alg: 'ES256',
    typ: 'at+jwt',
    kid: es256.id,
  })
  const { jti, ...claims } = jose.decodeJwt(token)
  assert.match(String(jti), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(claims, {
    iss: issuer,
    sub: '0197-alice',
    aud: audience,
    exp: clock() + 900,
    iat: clock(),
    client_id: 'web',
    scope: 'items:read items:write',
    roles: ['editor'],
    stamp: 'stamp',
  })
})

test('a verified token gives its claims, and its scopes as a list', async () => {
  const accessTokens = createIssuer()
  const { token } = await accessTokens.issue(subject)
  const { claims, scopes } = await assertAccepted(accessTokens, token)
  assert.deepEqual({ ...claims }, jose.decodeJwt(token))
  assert.deepEqual(scopes, ['items:read', 'items:write'])

  const { token: scopeless } = await accessTokens.issue({ ...subject, scopes: [] })
  assert.deepEqual((await assertAccepted(accessTokens, scopeless)).scopes, [])
})

test('a token of a session names the session instead of the stamp', async () => {
  const accessTokens = createIssuer()
  const { token } = await accessTokens.issue({ ...subject, endsWith: { sessionId: 'session' } })
  const { claims } = await assertAccepted(accessTokens, token)
  assert.equal(claims.sid, 'session')
  assert.equal('stamp' in claims, false)
})

test('two tokens of the same user at the same instant differ', async () => {
  const accessTokens = createIssuer()
  const [one, other] = [await accessTokens.issue(subject), await accessTokens.issue(subject)]
  assert.notEqual(jose.decodeJwt(one.token).jti, jose.decodeJwt(other.token).jti)
})

test('a token expires with its session, if that is before its lifetime is over', async () => {
  const accessTokens = createIssuer()
  const sooner = await accessTokens.issue({ ...subject, expiresBy: clock() + 60 })
  assert.equal(sooner.expiresIn, 60)
  assert.equal(jose.decodeJwt(sooner.token).exp, clock() + 60)
  const later = await accessTokens.issue({ ...subject, expiresBy: clock() + 901 })
  assert.equal(later.expiresIn, 900)
})

test('a token of each algorithm verifies, and with any byte of its signature changed does not', async () => {
  const algorithms: SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA']
  const made = algorithms.map(async (algorithm) =>
    importPrivateJwk(await generatePrivateJwk(algorithm), algorithm),
  )
  for (const key of [hs256, ...(await Promise.all(made))]) {
    const accessTokens = createIssuer({ keys: createKeyRing([key]) })
    const { token } = await accessTokens.issue(subject)
    assert.equal(jose.decodeProtectedHeader(token).alg, key.algorithm)
    const [header, payload, text = ''] = token.split('.')
    const signature = Buffer.from(text, 'base64url')
    for (const index of [0, signature.length >> 1, signature.length - 1]) {
      const altered = Buffer.from(signature)
      altered[index] = (altered[index] ?? 0) ^ 1
      const forged = `${header}.${payload}.${altered.toString('base64url')}`
      await assertRefused(accessTokens, forged, `${key.algorithm} at ${index}`)
    }
    await assertAccepted(accessTokens, token)
  }
})

test('a token written by hand with good claims is accepted, so that the refusals below mean something', async () => {
  const accessTokens = createIssuer()
  const { claims, scopes } = await assertAccepted(accessTokens, await sign(goodClaims()))
  assert.equal(claims.sub, 'u')
  assert.deepEqual(scopes, ['a', 'b'])
  await assertAccepted(accessTokens, await sign({ ...goodClaims(), aud: ['x', audience] }))
  await assertAccepted(accessTokens, await sign({ ...without(goodClaims(), 'stamp'), sid: 's' }))
  await assertAccepted(accessTokens, await sign(without(goodClaims(), 'roles')))
  await assertAccepted(accessTokens, await sign({ ...goodClaims(), nbf: clock() }))
})

test('the algorithm none is refused in any spelling, with and without a signature (JW-01, CVE-2022-23540)', async () => {
  const accessTokens = createIssuer()
  for (const alg of [
    'none',
    'None',
    'NONE',
    'noNE',
    'nOnE',
    '',
    ' ',
    null,
    0,
    true,
    [],
    undefined,
  ]) {
    const token = await sign(goodClaims(), { ...goodHeader(), alg })
    await assertRefused(accessTokens, token, String(alg))
    await assertRefused(accessTokens, token.slice(0, token.lastIndexOf('.') + 1), String(alg))
    await assertRefused(accessTokens, token.slice(0, token.lastIndexOf('.')), String(alg))
  }
})

test('a public key is no HMAC secret, in any form it is published (JW-02, CVE-2022-29217, CVE-2024-33663, CVE-2024-37568)', async () => {
  // Also where HS256 is in use beside it: the key of the kid decides, not the algorithm alone.
  for (const keys of [createKeyRing([es256]), createKeyRing([es256, hs256])]) {
    const accessTokens = createIssuer({ keys })
    const publicKey = KeyObject.from(es256.verifyWith)
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      publicKey.export({ type: 'spki', format: 'pem' }).toString().trim(),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
      JSON.stringify(es256.publicJwk),
      JSON.stringify({ keys: [es256.publicJwk] }),
      '',
    ]
    for (const secret of secrets) {
      const header = encode({ alg: 'HS256', typ: 'at+jwt', kid: es256.id })
      const text = `${header}.${encode(goodClaims())}`
      const mac = createHmac('sha256', secret).update(text).digest('base64url')
      await assertRefused(accessTokens, `${text}.${mac}`, String(secret))
    }
  }
})

test('a key verifies its own algorithm only, even if another of the ring could (JW-02, CVE-2026-22817, CVE-2026-22818)', async () => {
  const rsa = (): jose.JWK =>
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const [one, other] = [rsa(), rsa()]
  const rs256 = await importPrivateJwk(one, 'RS256')
  const ps256 = await importPrivateJwk(other, 'PS256')
  const accessTokens = createIssuer({ keys: createKeyRing([rs256, ps256, hs256, es256]) })
  const crossed: [SigningKey, SigningKey][] = [
    [await importPrivateJwk(one, 'PS256'), rs256],
    [await importPrivateJwk(other, 'RS256'), ps256],
    [hs256, es256],
    [es256, hs256],
    [es256, rs256],
  ]
  for (const [signer, named] of crossed) {
    const header = { alg: signer.algorithm, typ: 'at+jwt', kid: named.id }
    await assertRefused(
      accessTokens,
      await sign(goodClaims(), header, signer),
      `${signer.algorithm} under the id of ${named.algorithm}`,
    )
    const mislabelled = { alg: named.algorithm, typ: 'at+jwt', kid: signer.id }
    await assertRefused(
      accessTokens,
      await sign(goodClaims(), mislabelled, signer),
      `${signer.algorithm} called ${named.algorithm}`,
    )
  }
})

test('the same curve under its newer name is another algorithm (JW-25)', async () => {
  const eddsa = await importPrivateJwk(await generatePrivateJwk('EdDSA'), 'EdDSA')
  const accessTokens = createIssuer({ keys: createKeyRing([eddsa]) })
  const header = { typ: 'at+jwt', kid: eddsa.id }
  await assertAccepted(accessTokens, await sign(goodClaims(), { ...header, alg: 'EdDSA' }, eddsa))
  const renamed = await sign(goodClaims(), { ...header, alg: 'Ed25519' }, eddsa)
  await assertRefused(accessTokens, renamed, 'Ed25519')
})

test('only tokens of the type at+jwt are accepted (JW-12)', async () => {
  const accessTokens = createIssuer()
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+jwt']) {
    await assertAccepted(accessTokens, await sign(goodClaims(), { ...goodHeader(), typ }))
  }
  const others = ['JWT', 'jwt', '', 'at+jwt ', 'at jwt', 'application/jwt', 'x/at+jwt', 'id+jwt']
  for (const typ of [...others, 'secevent+jwt', 'dpop+jwt', null, 1, ['at+jwt'], undefined]) {
    const token = await sign(goodClaims(), { ...goodHeader(), typ })
    await assertRefused(accessTokens, token, JSON.stringify(typ))
  }
})

test('a token of another issuer is refused, however alike its name (JW-13, CVE-2025-30144)', async () => {
  const accessTokens = createIssuer()
  const others = ['', `${issuer}/`, issuer.toUpperCase(), [issuer], [issuer, 'x'], 5, null, {}]
  for (const iss of [...others, 'https://evil.example.com', true, undefined]) {
    const token = await sign({ ...goodClaims(), iss })
    await assertRefused(accessTokens, token, JSON.stringify(iss))
  }
})

test('a token for another audience is refused (JW-13)', async () => {
  const accessTokens = createIssuer()
  const others = ['', `${audience}/`, 'https://other.example.com', [], ['x'], [[audience]], issuer]
  for (const aud of [...others, [audience, 5], [null, audience], 5, null, {}, undefined]) {
    const token = await sign({ ...goodClaims(), aud })
    await assertRefused(accessTokens, token, JSON.stringify(aud))
  }
})

test('a token is accepted until 30 seconds after exp, and not at the 30th (JW-14, JW-15)', async () => {
  assert.equal(clockTolerance, 30)
  for (const seenBefore of [true, false]) {
    const accessTokens = createIssuer()
    const { token } = await accessTokens.issue(subject)
    if (seenBefore) await assertAccepted(accessTokens, token)
    clock.advance(900 + clockTolerance - 1)
    if (seenBefore) await assertAccepted(accessTokens, token)
    clock.advance(1)
    await assertRefused(accessTokens, token, `seen before: ${seenBefore}`)
  }
  const accessTokens = createIssuer()
  const { token } = await accessTokens.issue(subject)
  clock.advance(900 + clockTolerance - 1)
  await assertAccepted(accessTokens, token)
})

test('a token is accepted from 30 seconds before nbf (JW-14, JW-15)', async () => {
  const accessTokens = createIssuer()
  await assertAccepted(accessTokens, await sign({ ...goodClaims(), nbf: clock() + 30 }))
  const early = await sign({ ...goodClaims(), nbf: clock() + 31 })
  await assertRefused(accessTokens, early, 'nbf')
  clock.advance(1)
  await assertAccepted(accessTokens, early)
})

test('a token is accepted from 30 seconds before it was issued (DD-10)', async () => {
  const accessTokens = createIssuer()
  await assertAccepted(accessTokens, await sign({ ...goodClaims(), iat: clock() + 30 }))
  await assertRefused(accessTokens, await sign({ ...goodClaims(), iat: clock() + 31 }), 'iat')
})

test('a token without one of the claims is refused (JW-11, JW-14)', async () => {
  const accessTokens = createIssuer()
  for (const claim of ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id', 'scope', 'stamp']) {
    await assertRefused(accessTokens, await sign(without(goodClaims(), claim)), claim)
  }
})

test('exp, iat and nbf are whole JSON numbers (JW-14)', async () => {
  const accessTokens = createIssuer()
  const odd = [String(clock() + 900), null, true, [clock() + 900], {}, clock() + 0.5]
  for (const value of [...odd, 'NaN', '', -1, 0, 2 ** 53]) {
    await assertRefused(accessTokens, await sign({ ...goodClaims(), exp: value }), `exp ${value}`)
  }
  for (const value of [...odd, 'NaN', '', 2 ** 53]) {
    await assertRefused(accessTokens, await sign({ ...goodClaims(), iat: value }), `iat ${value}`)
  }
  for (const value of [String(clock()), null, true, [], {}, 'NaN']) {
    await assertRefused(accessTokens, await sign({ ...goodClaims(), nbf: value }), `nbf ${value}`)
  }
  for (const claim of ['exp', 'iat', 'nbf']) {
    for (const number of ['1e400', '9007199254740993', '-1e400']) {
      if (claim === 'nbf' && number === '-1e400') continue
      const rest = JSON.stringify(without(goodClaims(), claim)).slice(1)
      const token = await sign(`{"${claim}":${number},${rest}`)
      await assertRefused(accessTokens, token, `${claim} ${number}`)
    }
  }
})

test('every other claim has its type, even in a token with a good signature (JW-13, JW-14)', async () => {
  const accessTokens = createIssuer()
  for (const claim of ['sub', 'jti', 'client_id', 'scope', 'stamp', 'sid']) {
    for (const value of [5, null, true, ['u'], {}]) {
      const token = await sign({ ...goodClaims(), [claim]: value })
      await assertRefused(accessTokens, token, `${claim} ${JSON.stringify(value)}`)
    }
  }
  await assertRefused(accessTokens, await sign({ ...goodClaims(), sid: 's', stamp: 5 }), 'both')
  for (const roles of ['admin', 5, null, {}, [5], ['member', null], [['member']]]) {
    const token = await sign({ ...goodClaims(), roles })
    await assertRefused(accessTokens, token, `roles ${JSON.stringify(roles)}`)
  }
})

test('a payload or a header that is no JSON object is refused (JW-16, fast-jwt 86e83ef)', async () => {
  const accessTokens = createIssuer()
  const claims = JSON.stringify(goodClaims())
  const texts = [
    '[]',
    'null',
    '"x"',
    '1',
    'true',
    '',
    '{',
    `[${claims}]`,
    `${claims}x`,
    `${claims}{}`,
  ]
  for (const payload of texts) await assertRefused(accessTokens, await sign(payload), payload)
  const header = JSON.stringify(goodHeader())
  for (const text of ['[]', 'null', '"x"', '1', '', '{', `[${header}]`, `${header}x`]) {
    await assertRefused(accessTokens, await sign(goodClaims(), text), text)
  }
})

test('text that is not UTF-8 is refused (JW-08)', async () => {
  const accessTokens = createIssuer()
  const withByte = (part: Json): Buffer => {
    const text = Buffer.from(JSON.stringify({ ...part, note: '?' }))
    text[text.lastIndexOf('?')] = 0xff
    return text
  }
  await assertRefused(accessTokens, await sign(withByte(goodClaims())), 'payload')
  await assertRefused(accessTokens, await sign(goodClaims(), withByte(goodHeader())), 'header')
})

test('a member that is there twice has one meaning, the last one (JW-17)', async () => {
  const accessTokens = createIssuer()
  const rest = JSON.stringify(without(goodClaims(), 'sub')).slice(1)
  const twice = await accessTokens.verify(await sign(`{"sub":"a","sub":"b",${rest}`))
  assert.notEqual(twice?.claims.sub, 'a')
  const expired = JSON.stringify(goodClaims()).replace(/}$/, ',"exp":1}')
  await assertRefused(accessTokens, await sign(expired), 'exp')
  const none = JSON.stringify(goodHeader()).replace(/}$/, ',"alg":"none"}')
  await assertRefused(accessTokens, await sign(goodClaims(), none), 'alg')
})

test('a kid that is not the id of a key is refused, whatever it looks like (JW-10, CVE-2022-23529, CVE-2022-23541, CVE-2025-65945)', async () => {
  const accessTokens = createIssuer()
  const kids = ['', '__proto__', 'constructor', 'toString', '../../etc/passwd', "' OR 1=1--", '0']
  for (const kid of [
    ...kids,
    `${es256.id}\0`,
    ` ${es256.id}`,
    [es256.id],
    0,
    null,
    {},
    undefined,
  ]) {
    const token = await sign(goodClaims(), { ...goodHeader(), kid })
    await assertRefused(accessTokens, token, JSON.stringify(kid))
  }
})

test('a key that the token brings along, or names by URL, is not used (JW-09)', async (t) => {
  let requests = 0
  const canary = createServer((_request, response) => {
    requests++
    response.end(JSON.stringify({ keys: [attacker.publicJwk] }))
  }).listen(0, '127.0.0.1')
  await once(canary, 'listening')
  t.after(() => canary.close())
  const attacker = await importPrivateJwk(await generatePrivateJwk('ES256'), 'ES256')
  const accessTokens = createIssuer()
  const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/jwks`
  const baits = [{ jwk: attacker.publicJwk }, { jku: url }, { x5u: url }, { x5c: ['AAAA'] }]
  for (const bait of baits) {
    for (const kid of [es256.id, attacker.id, undefined]) {
      const token = await sign(goodClaims(), { ...goodHeader(), kid, ...bait }, attacker)
      await assertRefused(accessTokens, token, JSON.stringify(bait))
    }
  }
  assert.equal(requests, 0)
})

test('an extension that must be understood is refused (JW-07, CVE-2026-35042)', async () => {
  const accessTokens = createIssuer()
  const crits = [['exp'], ['b64'], ['http://example.com/x'], [], 'b64', null, [5]]
  for (const crit of crits) {
    const header = { ...goodHeader(), crit, exp: 1, 'http://example.com/x': 1 }
    await assertRefused(accessTokens, await sign(goodClaims(), header), JSON.stringify(crit))
  }
})

test('an unencoded payload is refused (JW-07)', async () => {
  const accessTokens = createIssuer()
  const header = encode({ ...goodHeader(), b64: false, crit: ['b64'] })
  const encoded = encode(goodClaims())
  const raw = JSON.stringify(goodClaims()).replaceAll('.', '\\u002e')
  await assertRefused(accessTokens, await signText(`${header}.${raw}`), 'raw')
  await assertRefused(accessTokens, await signText(`${header}.${encoded}`), 'encoded')
})

test('an encrypted token, a detached payload and the JSON forms are refused (JW-07)', async () => {
  const accessTokens = createIssuer()
  const encrypted = await new jose.EncryptJWT(goodClaims())
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt', kid: es256.id })
    .encrypt(new Uint8Array(32))
  assert.equal(encrypted.split('.').length, 5)
  await assertRefused(accessTokens, encrypted, 'JWE')
  const [header = '', payload = '', signature = ''] = (await sign(goodClaims())).split('.')
  await assertRefused(accessTokens, `${header}..${signature}`, 'detached')
  const flattened = { protected: header, payload, signature }
  await assertRefused(accessTokens, JSON.stringify(flattened), 'flattened')
  const general = { payload, signatures: [{ protected: header, signature }] }
  await assertRefused(accessTokens, JSON.stringify(general), 'general')
})

test('a token has three parts, and its signature is one of them (JW-07)', async () => {
  const accessTokens = createIssuer()
  const token = await sign(goodClaims())
  const [header, payload, signature] = token.split('.')
  const broken = [
    ...['', '.', '..', '...', 'x', 'null', 'undefined', `${header}`, `${header}.${payload}`],
    ...[`${header}.${payload}.`, `.${payload}.${signature}`, `${header}.${payload}..${signature}`],
    ...[`${token}.`, `.${token}`, `${token}.${signature}`, `${token}${signature}`],
    ...[`${header}.${signature}`, `${payload}.${header}.${signature}`, `Bearer ${token}`],
  ]
  for (const text of broken) await assertRefused(accessTokens, text, text)
  await assertAccepted(accessTokens, token)
})

test('base64url is read strictly: no padding, no white space, no + and / (JW-08)', async () => {
  const accessTokens = createIssuer()
  const { token } = await accessTokens.issue(subject)
  const [header = '', payload = '', signature = ''] = token.split('.')
  for (const sign of [
    '=',
    '==',
    ' ',
    '\n',
    '\r\n',
    '\t',
    '\0',
    '%',
    '!',
    'é',
    '\u200b',
    '+',
    '/',
  ]) {
    const spoiled = [
      ...[`${header}${sign}.${payload}.${signature}`, `${header}.${payload}${sign}.${signature}`],
      ...[`${header}.${payload}.${signature}${sign}`, `${sign}${token}`],
      `${header}.${payload}.${signature.slice(0, 9)}${sign}${signature.slice(9)}`,
    ]
    for (const text of spoiled) await assertRefused(accessTokens, text, JSON.stringify(sign))
    // They are refused even with a good signature.
    for (const text of [`${header}${sign}.${payload}`, `${header}.${payload}${sign}`]) {
      await assertRefused(accessTokens, await signText(text), `signed ${JSON.stringify(sign)}`)
    }
  }
  await assertAccepted(accessTokens, token)
})

test('the alphabet of plain base64 is refused in the signature (JW-08)', async () => {
  const accessTokens = createIssuer()
  let token: string
  do ({ token } = await accessTokens.issue(subject))
  while (!/[-_][^.]*$/.test(token))
  const [header, payload, signature = ''] = token.split('.')
  const plain = signature.replaceAll('-', '+').replaceAll('_', '/')
  await assertRefused(accessTokens, `${header}.${payload}.${plain}`, 'plain base64')
  await assertAccepted(accessTokens, token)
})

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Other texts that a careless decoder reads as the same bytes. */
function trailingBitVariants(text: string): string[] {
  const bytes = Buffer.from(text, 'base64url')
  return [...alphabet]
    .map((last) => text.slice(0, -1) + last)
    .filter((variant) => variant !== text && Buffer.from(variant, 'base64url').equals(bytes))
}

test('a text is strictly encoded if it is what its own bytes are written as, and no other is (JW-08)', () => {
  const signs = [...alphabet, '=', '.', '+', '/', '\n', 'é']
  // All of one and two signs, and all ends of texts of three to six.
  const ends = ['', ...signs, ...signs.flatMap((one) => signs.map((other) => one + other))]
  for (const start of ['', 'Zg', 'Zm8', 'Zm9v']) {
    for (const text of ends.map((end) => start + end)) {
      const isCanonical = Buffer.from(text, 'base64url').toString('base64url') === text
      assert.equal(isStrictlyEncoded(`${text}..`), isCanonical, JSON.stringify(text))
      assert.equal(isStrictlyEncoded(`..${text}`), isCanonical, JSON.stringify(text))
    }
  }
})

test('a signature or a payload is written in one way only (JW-08)', async () => {
  const accessTokens = createIssuer()
  // A payload whose length leaves bits over.
  let claims = goodClaims()
  while (JSON.stringify(claims).length % 3 !== 1) claims = { ...claims, jti: `${claims.jti}x` }
  const token = await sign(claims)
  await assertAccepted(accessTokens, token)
  const [header = '', payload = '', signature = ''] = token.split('.')
  const signatures = trailingBitVariants(signature)
  const payloads = trailingBitVariants(payload)
  assert.equal(signatures.length, 15)
  assert.equal(payloads.length, 15)
  for (const variant of signatures) {
    await assertRefused(accessTokens, `${header}.${payload}.${variant}`, variant)
  }
  for (const variant of payloads) {
    await assertRefused(accessTokens, await signText(`${header}.${variant}`), variant)
  }
})

test('a token of 8192 characters is looked at, a longer one is not (JW-19)', async () => {
  assert.equal(accessTokenMaxLength, 8192)
  let lookUps = 0
  const ring = createKeyRing([es256])
  const find = (id: string): SigningKey | undefined => {
    lookUps++
    return ring.find(id)
  }
  const accessTokens = createIssuer({ keys: { ...ring, find } })
  const tokens = new Map<number, string>()
  for (const headerPad of ['', 'x']) {
    const header = { ...goodHeader(), pad: headerPad }
    for (let pad = 5500; pad < 5900; pad++) {
      const text = `${encode(header)}.${encode({ ...goodClaims(), pad: 'x'.repeat(pad) })}`
      // A dot and a signature of ES256 follow.
      tokens.set(text.length + 1 + 86, text)
    }
  }
  for (const [length, looksUp] of [
    [8192, 1],
    [8193, 0],
  ] as const) {
    const token = await signText(tokens.get(length) ?? '')
    assert.equal(token.length, length)
    lookUps = 0
    assert.equal((await accessTokens.verify(token)) !== null, looksUp === 1)
    assert.equal(lookUps, looksUp)
  }
  assert.equal(await accessTokens.verify('x'.repeat(1_000_000)), null)
})

test('two tokens never swap, however alike they are (JW-21, GHSA-rp9m-7r4c-75qg)', async () => {
  const accessTokens = createIssuer()
  const claims = goodClaims()
  const alice = await sign({ ...claims, sub: 'alice' })
  const bob = await sign({ ...claims, sub: 'bob' })
  for (const [token, sub] of [
    [alice, 'alice'],
    [bob, 'bob'],
    [alice, 'alice'],
    [bob, 'bob'],
  ] as const) {
    assert.equal((await assertAccepted(accessTokens, token)).claims.sub, sub)
  }
  const [header, payload] = alice.split('.')
  await assertRefused(accessTokens, `${header}.${payload}.${bob.split('.')[2]}`, 'swapped')
})

test('a token that one API has accepted is still refused by another (JW-21)', async () => {
  const accessTokens = createIssuer()
  const { token } = await accessTokens.issue(subject)
  await assertAccepted(accessTokens, token)
  const keys = createKeyRing([es256])
  const options = { keys, issuer, audience, lifetime: 900, clock }
  await assertRefused(createAccessTokenIssuer({ ...options, audience: 'y' }), token, 'audience')
  await assertRefused(createAccessTokenIssuer({ ...options, issuer: 'y' }), token, 'issuer')
  const others = createKeyRing([await importPrivateJwk(await generatePrivateJwk('ES256'), 'ES256')])
  await assertRefused(createAccessTokenIssuer({ ...options, keys: others }), token, 'keys')
  await assertAccepted(createAccessTokenIssuer(options), token)
})

test('what a handler does to the claims, the next one does not see (JW-18, JW-21)', async () => {
  const accessTokens = createIssuer()
  const token = await sign({ ...goodClaims(), aud: [audience] })
  const { claims, scopes } = await assertAccepted(accessTokens, token)
  const attempts = [
    () => Object.assign(claims, { sub: 'root' }),
    () => Object.assign(claims, { admin: true }),
    () => (scopes as string[]).push('*'),
    () => (claims.roles as string[]).push('admin'),
    () => (claims.aud as string[]).push('x'),
  ]
  for (const attempt of attempts) assert.throws(attempt, TypeError)
  const again = await assertAccepted(accessTokens, token)
  assert.deepEqual(again.scopes, ['a', 'b'])
  assert.equal(again.claims.sub, 'u')
})

test('a claim named like a prototype pollutes nothing (JW-18)', async () => {
  const accessTokens = createIssuer()
  const rest = JSON.stringify(goodClaims()).slice(1)
  const token = await sign(`{"__proto__":{"admin":true},"constructor":{"admin":true},${rest}`)
  const verified = await accessTokens.verify(token)
  assert.equal((verified?.claims as unknown as Json | undefined)?.admin, undefined)
  assert.equal(({} as Json).admin, undefined)
})

test('an empty, short or missing key verifies nothing, and none of these signs (JW-04, CVE-2026-44351, GHSA-8wpc-h4q6-8fxv, CVE-2026-45363)', async () => {
  const accessTokens = createIssuer({ keys: createKeyRing([hs256, es256]) })
  const secrets = ['', '\0', 'null', 'undefined', 'false', '0', '[object Object]', hs256.id]
  const kids = [hs256.id, es256.id, '', undefined, null, 'unknown', 'undefined', '__proto__']
  for (const secret of secrets) {
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      for (const kid of kids) {
        const text = `${encode({ alg, typ: 'at+jwt', kid })}.${encode(goodClaims())}`
        const hash = alg.replace('HS', 'sha')
        const mac = createHmac(hash, secret).update(text).digest('base64url')
        await assertRefused(accessTokens, `${text}.${mac}`, `${alg} "${secret}" ${kid}`)
      }
    }
  }
  await assert.rejects(importSecret(''), { name: 'DataError' })
  assert.throws(() => createKeyRing([]), TypeError)
})

test('an encrypted token costs no decryption, however much it asks for (JW-07, CVE-2022-36083, CVE-2024-28176, CVE-2026-34986, CVE-2024-33664)', async (t) => {
  const accessTokens = createIssuer()
  const calls = (['decrypt', 'deriveBits', 'deriveKey', 'unwrapKey', 'importKey'] as const).map(
    (name) => t.mock.method(crypto.subtle, name),
  )
  const headers = [
    {
      alg: 'PBES2-HS256+A128KW',
      enc: 'A128GCM',
      p2c: 2_147_483_647,
      p2s: 'AAAAAAAAAAAAAAAAAAAAAA',
    },
    { alg: 'dir', enc: 'A256GCM', zip: 'DEF' },
    { alg: 'A256KW', enc: 'A256GCM' },
    { alg: 'ECDH-ES', enc: 'A256GCM', epk: es256.publicJwk },
  ]
  for (const header of headers) {
    const token = `${encode({ ...goodHeader(), ...header })}.AAAA.AAAA.${'A'.repeat(4000)}.AAAA`
    await assertRefused(accessTokens, token, header.alg)
  }
  // The same in three parts, which is how a signed token looks.
  const compressed = await sign(goodClaims(), { ...goodHeader(), zip: 'DEF', crit: ['zip'] })
  await assertRefused(accessTokens, compressed, 'zip')
  for (const { mock } of calls) assert.equal(mock.callCount(), 0)
})

test('an issuer and an audience are text, never patterns, and every time the same (JW-22, CVE-2026-35040, CVE-2026-35041)', async () => {
  const accessTokens = createIssuer({ issuer: 'https://.*', audience: '(a+)+$' })
  const claims = { ...goodClaims(), iss: 'https://.*', aud: '(a+)+$' }
  const token = await sign(claims)
  for (let time = 0; time < 5; time++) await assertAccepted(accessTokens, token)
  const other = await sign({ ...claims, iss: 'https://evil.example.com' })
  await assertRefused(accessTokens, other, 'a text that the pattern would fit')
  const slow = await sign({ ...claims, aud: `${'a'.repeat(4000)}!` })
  await assertRefused(accessTokens, slow, 'a text that the pattern would be slow on')
})

test('nothing beside its own members gets into a token, and none is made without a subject or after its end (JW-24)', async () => {
  const accessTokens = createIssuer()
  const hostile = {
    iss: 'evil',
    aud: 'evil',
    exp: 9e9,
    typ: 'JWT',
    alg: 'none',
    kid: 'x',
    jti: 'x',
  }
  const { token } = await accessTokens.issue({ ...subject, ...hostile })
  const claims = jose.decodeJwt(token)
  assert.deepEqual([claims.iss, claims.aud, claims.exp], [issuer, audience, clock() + 900])
  assert.notEqual(claims.jti, 'x')
  assert.deepEqual(jose.decodeProtectedHeader(token), goodHeader())
  await assertAccepted(accessTokens, token)
  // A scope, a role or a client that reads like claims is text.
  const odd = await accessTokens.issue({
    ...subject,
    clientId: '","sub":"admin',
    role: '"],"x":["',
  })
  const { sub, client_id, roles } = jose.decodeJwt(odd.token)
  assert.deepEqual([sub, client_id, roles], ['0197-alice', '","sub":"admin', ['"],"x":["']])
  await assert.rejects(accessTokens.issue({ ...subject, subject: '' }), TypeError)
  await assert.rejects(accessTokens.issue({ ...subject, expiresBy: clock() }), TypeError)
})

test('no number that is not finite is a time, a tolerance or a lifetime (JW-15, fast-jwt c0fb5b8)', async () => {
  const accessTokens = createIssuer()
  assert.equal(clockTolerance, 30)
  for (const exp of ['1e400', '-1e400', '1e308', 'NaN', 'Infinity', '"Infinity"', 'null']) {
    const claims = JSON.stringify(goodClaims()).replace(/"exp":\d+/, `"exp":${exp}`)
    await assertRefused(accessTokens, await sign(claims), exp)
  }
})
