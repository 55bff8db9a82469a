import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { OAuthError, type OAuthErrorCode } from '../../src/core/errors.ts'
import { readClientCredentials } from '../../src/http/client-authentication.ts'

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`
const form = (parameters: Record<string, string> = {}) => new Map(Object.entries(parameters))

function assertRefused(
  code: OAuthErrorCode,
  authorization: string | undefined,
  parameters: Record<string, string> = {},
): void {
  assert.throws(
    () => readClientCredentials(authorization, form(parameters)),
    (error) => {
      assert.ok(error instanceof OAuthError, String(error))
      assert.equal(error.code, code)
      return true
    },
  )
}

describe('a request without a client', () => {
  test('has no client credentials', () => {
    assert.equal(readClientCredentials(undefined, form()), null)
  })

  test('may say so with an empty Basic pair, as Swagger UI does', () => {
    assert.equal(readClientCredentials('Basic Og==', form()), null)
  })

  test('may say so with empty form fields', () => {
    assert.equal(readClientCredentials(undefined, form({ client_id: '', client_secret: '' })), null)
  })
})

describe('HTTP Basic', () => {
  for (const [said, header, expected] of [
    ['an id and a secret', basic('app:s3cret'), ['app', 's3cret']],
    ['an id alone', basic('app:'), ['app', '']],
    ['a secret alone', basic(':s3cret'), ['', 's3cret']],
    ['a colon in the secret', basic('app:a:b'), ['app', 'a:b']],
    ['urlencoded parts (PC-12)', basic('a%3Ab%25:a%3Ab%25%2B%C3%A9+'), ['a:b%', 'a:b%+é ']],
    ['the scheme in lower case', basic('app:x').replace('Basic', 'basic'), ['app', 'x']],
    ['the scheme in upper case', basic('app:x').replace('Basic', 'BASIC'), ['app', 'x']],
    ['no padding', basic('app:').replaceAll('=', ''), ['app', '']],
    ['spaces around', `${basic('app:x').replace(' ', '   ')}  `, ['app', 'x']],
  ] as const) {
    test(`with ${said} is read`, () => {
      const [clientId, clientSecret] = expected
      const method = clientSecret === '' ? 'none' : 'client_secret_basic'
      assert.deepEqual(readClientCredentials(header, form()), { clientId, clientSecret, method })
    })
  }

  test('is read beside the same client_id in the form', () => {
    assert.deepEqual(readClientCredentials(basic('app:x'), form({ client_id: 'app' })), {
      clientId: 'app',
      clientSecret: 'x',
      method: 'client_secret_basic',
    })
  })

  for (const [said, header] of [
    ['that is not base64', 'Basic !!!!'],
    ['in base64url', 'Basic YT8_Oi0t-_'],
    ['without a colon', basic('app')],
    ['with a letter too many (PC-12)', `${basic('app:x1')}z`],
    ['with bits that say nothing (PC-12)', basic('app:x').replace('g=', 'h=')],
    ['with nothing after the scheme', 'Basic'],
    ['with a space after the scheme', 'Basic '],
    ['with two words', `${basic('a:b')} ${basic('a:b')}`],
    ['twice, joined by a comma', `${basic('a:b')}, ${basic('a:b')}`],
    ['with a broken percent sign (PC-12)', basic('app:100%')],
    ['that is not percent-encoded UTF-8 (PC-12)', basic('app:%FF')],
  ] as const) {
    test(`${said} is a malformed client`, () => {
      assertRefused('invalid_client', header)
    })
  }
})

test('a header of another scheme is not looked at, as in FastAPI', () => {
  for (const header of ['Bearer abc', 'Bearer', 'Digest username="a"', 'Basicx YTpi', '']) {
    assert.equal(readClientCredentials(header, form({})), null)
    assert.deepEqual(
      readClientCredentials(header, form({ client_id: 'app', client_secret: 'x' })),
      {
        clientId: 'app',
        clientSecret: 'x',
        method: 'client_secret_post',
      },
    )
  }
})

describe('the form', () => {
  for (const [said, parameters, expected] of [
    ['an id and a secret', { client_id: 'app', client_secret: 'x' }, ['app', 'x']],
    ['an id alone', { client_id: 'app' }, ['app', '']],
    ['a secret alone', { client_secret: 'x' }, ['', 'x']],
  ] as const) {
    test(`with ${said} is read (PC-13)`, () => {
      const [clientId, clientSecret] = expected
      const method = clientSecret === '' ? 'none' : 'client_secret_post'
      assert.deepEqual(readClientCredentials(undefined, form(parameters)), {
        clientId,
        clientSecret,
        method,
      })
    })
  }

  test('may name the client when the Basic pair is empty', () => {
    const parameters = form({ client_id: 'app', client_secret: 'x' })
    assert.deepEqual(readClientCredentials('Basic Og==', parameters), {
      clientId: 'app',
      clientSecret: 'x',
      method: 'client_secret_post',
    })
  })
})

describe('both ways at once', () => {
  for (const [said, parameters] of [
    ['the same secret', { client_id: 'app', client_secret: 'x' }],
    ['another secret', { client_secret: 'y' }],
    ['another client', { client_id: 'other' }],
  ] as const) {
    test(`with ${said} in the form is refused (PC-13)`, () => {
      assertRefused('invalid_request', basic('app:x'), parameters)
    })
  }
})

test('any header yields credentials, none or a refusal, and never another error', () => {
  const header = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary' }).map(basic),
    fc.string().map((rest) => `Basic ${rest}`),
  )
  fc.assert(
    fc.property(header, (authorization) => {
      try {
        const credentials = readClientCredentials(authorization, form())
        if (credentials) assert.ok(credentials.clientId !== '' || credentials.clientSecret !== '')
      } catch (error) {
        assert.ok(error instanceof OAuthError, String(error))
        assert.equal(error.code, 'invalid_client')
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 5_000) },
  )
})
