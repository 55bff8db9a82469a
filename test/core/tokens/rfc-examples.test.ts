// The signed examples of RFC 7515, 7519, 7520 and 8037. None is one of our access tokens, so all are
// refused; the verifier is to find right the signature of those whose key and header would do.

import assert from 'node:assert/strict'
import { createHmac, createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import type * as jose from 'jose'
import { judge, keyOf } from './signature-judge.ts'

const joe =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
const frodo =
  'SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4'
const secret: jose.JWK = {
  kty: 'oct',
  alg: 'HS256',
  k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
}
const rsa: jose.JWK = {
  kty: 'RSA',
  alg: 'RS256',
  n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
  e: 'AQAB',
}
const ec: jose.JWK = {
  kty: 'EC',
  alg: 'ES256',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}
const ed: jose.JWK = {
  kty: 'OKP',
  alg: 'EdDSA',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}
const bilbo: jose.JWK = {
  kty: 'RSA',
  alg: 'RS256',
  kid: 'bilbo.baggins@hobbiton.example',
  n: 'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw',
  e: 'AQAB',
}
const shared: jose.JWK = {
  kty: 'oct',
  alg: 'HS256',
  kid: '018c0ae5-4d9b-471b-bfd6-eef314bc7037',
  k: 'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg',
}
const namedHs256 =
  'eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9'
const namedRs256 = 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9'
const bilboSignature =
  'MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg'

/** Example, key, token, and whether the signature may count. */
const examples: readonly (readonly [string, jose.JWK, string, boolean])[] = [
  // Right signatures under a header that names its key.
  ['RFC 7520 §4.1, RS256', bilbo, `${namedRs256}.${frodo}.${bilboSignature}`, true],
  [
    'RFC 7520 §4.4, HS256',
    shared,
    `${namedHs256}.${frodo}.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0`,
    true,
  ],
  [
    'RFC 7520 §4.1, its signature on another text',
    bilbo,
    `${namedRs256}.${joe}.${bilboSignature}`,
    false,
  ],
  // Right signatures, of a header that names no key: ours always does.
  [
    'RFC 7515 A.1 and RFC 7519 §3.1, HS256',
    secret,
    `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${joe}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
    false,
  ],
  [
    'RFC 7515 A.2, RS256',
    rsa,
    `eyJhbGciOiJSUzI1NiJ9.${joe}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`,
    false,
  ],
  [
    'RFC 7515 A.3, ES256',
    ec,
    `eyJhbGciOiJFUzI1NiJ9.${joe}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`,
    false,
  ],
  [
    'RFC 8037 A.4, EdDSA',
    ed,
    'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    false,
  ],
  // What must never count.
  ['RFC 7515 A.5 and RFC 7519 §6.1, without a signature', ec, `eyJhbGciOiJub25lIn0.${joe}.`, false],
  [
    'RFC 7515 A.7, the flattened JSON form',
    ec,
    `{"payload":"${joe}","protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}`,
    false,
  ],
  [
    'RFC 7515 E, an extension that must be understood',
    ec,
    'eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.',
    false,
  ],
  [
    'RFC 7520 §4.5, a detached payload',
    shared,
    `${namedHs256}..s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0`,
    false,
  ],
]

for (const [name, jwk, token, signed] of examples) {
  test(`${name}, is ${signed ? 'signed, and' : 'refused:'} no access token of ours (JW-01, JW-07)`, async () => {
    const key = await keyOf(jwk)
    assert.ok(key)
    assert.deepEqual(await judge(key, token), { signed, good: false })
  })
}

test('the examples without a key id have good signatures: the missing id refuses them (JW-02)', () => {
  const hashes: Readonly<Record<string, string | null>> = { RSA: 'sha256', EC: 'sha256', OKP: null }
  let checked = 0
  for (const [name, jwk, token, signed] of examples) {
    const [header = '', payload = '', signature = ''] = token.split('.')
    if (signed || !/A\.[1234],|A\.1 /.test(name)) continue
    const bytes = Buffer.from(signature, 'base64url')
    const text = Buffer.from(`${header}.${payload}`)
    if (jwk.kty === 'oct') {
      const mac = createHmac('sha256', Buffer.from(jwk.k ?? '', 'base64url'))
        .update(text)
        .digest()
      assert.deepEqual(mac, bytes, name)
    } else {
      const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
      const good = verify(hashes[jwk.kty ?? ''], text, { key, dsaEncoding: 'ieee-p1363' }, bytes)
      assert.ok(good, name)
    }
    checked++
  }
  assert.equal(checked, 4)
})
