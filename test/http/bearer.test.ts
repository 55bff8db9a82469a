import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { GuardedRequest } from '../../src/http/bearer.ts'
import { readBearerToken } from '../../src/http/bearer.ts'
import { BearerError } from '../../src/http/refusal.ts'

const token = 'eyJhbGciOiJub25lIn0.e30.a-b_c~d+e/f=='

function withHeader(authorization: string): GuardedRequest {
  return { headers: { authorization } }
}

/** The same header line in every shape that a guard may be given. */
function shapesOf(authorization: string): readonly (readonly [string, GuardedRequest])[] {
  const rawHeaders = ['Host', 'api.test', 'Authorization', authorization]
  return [
    ['headers alone', withHeader(authorization)],
    ["Node's request", { headers: { authorization }, rawHeaders }],
    ["Fastify's request", { headers: { authorization }, raw: { rawHeaders } }],
    ['a web Request', new Request('http://api.test/', { headers: { authorization } })],
  ]
}

function assertInvalidToken(request: GuardedRequest): void {
  assert.throws(() => readBearerToken(request), { code: 'invalid_token', statusCode: 401 })
}

function assertInvalidRequest(request: GuardedRequest): void {
  assert.throws(
    () => readBearerToken(request),
    (error) => {
      assert.ok(error instanceof BearerError)
      assert.equal(error.code, 'invalid_request')
      assert.equal(error.statusCode, 400)
      return true
    },
  )
}

describe('the scheme', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
    for (const [shape, request] of shapesOf(`${scheme} ${token}`)) {
      test(`"${scheme}" in ${shape} is the bearer scheme (BR-03)`, () => {
        assert.equal(readBearerToken(request), token)
      })
    }
  }

  for (const header of [
    'Basic dXNlcjpwYXNz',
    'Digest username="a"',
    'Bearerx abc',
    'Bearer\tabc',
    'xBearer abc',
    token,
    '',
    ' ',
  ]) {
    test(`a header ${JSON.stringify(header)} is of another scheme and holds no token`, () => {
      assert.equal(readBearerToken(withHeader(header)), null)
    })
  }

  test('a request without the header holds no token', () => {
    assert.equal(readBearerToken({ headers: {} }), null)
    assert.equal(readBearerToken({ headers: {}, rawHeaders: ['Host', 'api.test'] }), null)
    assert.equal(readBearerToken(new Request('http://api.test/')), null)
  })

  test('a token in the query, a cookie or another header is never read (BR-03)', () => {
    const headers = {
      cookie: `access_token=${token}; authorization=Bearer ${token}`,
      'x-authorization': `Bearer ${token}`,
      'proxy-authorization': `Bearer ${token}`,
    }
    const url = `http://api.test/?access_token=${token}`
    assert.equal(readBearerToken({ headers }), null)
    assert.equal(readBearerToken(new Request(url, { headers })), null)
  })
})

describe('what follows the scheme', () => {
  for (const header of ['Bearer', 'Bearer ', 'bearer   ']) {
    for (const [shape, request] of shapesOf(header)) {
      test(`${JSON.stringify(header)} alone in ${shape} holds no token (BR-03)`, () => {
        assert.equal(readBearerToken(request), null)
      })
    }
  }

  for (const header of [
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer a,b',
    'Bearer "a"',
    'Bearer a=b',
    'Bearer =',
    'Bearer a\tb',
    'Bearer %41',
    'Bearer é',
  ]) {
    for (const [shape, request] of shapesOf(header)) {
      const isTwo = header.includes(',')
      test(`${JSON.stringify(header)} in ${shape} is ${isTwo ? 'a malformed request' : 'an invalid token'} (BR-03)`, () => {
        if (isTwo) assertInvalidRequest(request)
        else assertInvalidToken(request)
      })
    }
  }

  test('spaces around the token do not count', () => {
    assert.equal(readBearerToken(withHeader(`Bearer    ${token}  `)), token)
  })

  test('the longest header that Node accepts is read as it is (BR-04)', () => {
    const long = 'a'.repeat(16 * 1024)
    assert.equal(readBearerToken(withHeader(`Bearer ${long}`)), long)
    assertInvalidToken(withHeader(`Bearer ${long} ${long}`))
  })
})

describe('two Authorization headers', () => {
  const first = `Bearer ${token}`
  for (const [name, rawHeaders] of [
    ['that differ', ['Authorization', first, 'Authorization', 'Bearer other']],
    ['that are equal', ['Authorization', first, 'Authorization', first]],
    ['that differ in case', ['authorization', first, 'Host', 'api.test', 'AUTHORIZATION', first]],
    ['of two schemes', ['Authorization', first, 'Authorization', 'Basic Og==']],
    ['of which one is empty', ['Authorization', first, 'Authorization', '']],
  ] as const) {
    test(`${name} are refused, in Node.js and Fastify requests (BR-03)`, () => {
      const headers = { authorization: first }
      assertInvalidRequest({ headers, rawHeaders })
      assertInvalidRequest({ headers, raw: { rawHeaders } })
    })
  }

  test('in web Headers, which join them, are refused too (BR-03)', () => {
    const headers = new Headers({ authorization: first })
    headers.append('authorization', 'Bearer other')
    assertInvalidRequest({ headers })
  })

  test('are not seen in a value, or in a header of the same length', () => {
    const rawHeaders = ['Authorization', first, 'X-Original-Id', 'Authorization', 'Via', 'x']
    assert.equal('X-Original-Id'.length, 'Authorization'.length)
    assert.equal(readBearerToken({ headers: { authorization: first }, rawHeaders }), token)
  })
})

describe('any header at all', () => {
  const nearBearer = fc
    .tuple(
      fc.constantFrom('Bearer', 'bearer', 'BEARER ', 'Bearer  ', 'Basic ', ''),
      fc.string({ unit: 'binary', maxLength: 80 }),
    )
    .map(([scheme, rest]) => scheme + rest)
  const tokenish = fc
    .array(fc.constantFrom('Bearer', ' ', 'a', '.', '=', ',', '\t', '%', '\0', 'é', '"'))
    .map((parts) => parts.join(''))
  const anyHeader = fc.oneof(nearBearer, tokenish, fc.string({ unit: 'binary' }))

  function readOrRefuse(request: GuardedRequest): string | null {
    try {
      return readBearerToken(request)
    } catch (error) {
      assert.ok(error instanceof BearerError, String(error))
      assert.ok([400, 401].includes(error.statusCode))
      return null
    }
  }

  test('yields a token of the grammar, none, or a refusal, and never another error (BR-04, GHSA-xmf8-cvqr-rfgj)', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        const read = readOrRefuse(withHeader(header))
        if (read === null) return
        assert.match(read, /^[A-Za-z0-9._~+/-]+=*$/)
        assert.match(header, /^bearer /i)
      }),
      { numRuns: Number(process.env.RUNS ?? 10_000) },
    )
  })

  test('never changes what is said of it by the header lines around it (BR-04)', () => {
    const lines = fc.array(fc.string({ unit: 'binary' }), { maxLength: 9 })
    fc.assert(
      fc.property(anyHeader, lines, (authorization, rawHeaders) => {
        const read = readOrRefuse({ headers: { authorization }, rawHeaders })
        assert.equal(read, readOrRefuse(withHeader(authorization)))
      }),
      { numRuns: 2_000 },
    )
  })
})
