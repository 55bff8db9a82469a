import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ClientError,
  ConfigError,
  ConflictError,
  KeyError,
  OAuthError,
  OverloadedError,
  ThrottledError,
  UnavailableError,
  UserError,
} from '../../src/core/errors.ts'
import { answerError, answerOAuthError } from '../../src/http/error-answers.ts'
import { BearerError, Forbidden, IncorrectCredentials, Refusal } from '../../src/http/refusal.ts'

const rows: readonly (readonly [Error, number, Readonly<Record<string, string>>?])[] = [
  [new BearerError(), 401, { 'www-authenticate': 'Bearer' }],
  [new Forbidden(), 403],
  [new Refusal(402, 'Pay first', { 'x-price': '5' }), 402, { 'x-price': '5' }],
  [new UserError('username_invalid', ['Bad.']), 422],
  [new UserError('username_taken', ['Taken.']), 409],
  [new UserError('password_refused', ['Short.', 'Known.']), 422],
  [new UserError('password_hash_invalid', ['No hash.']), 422],
  [new UserError('password_incorrect', ['Wrong.']), 400],
  [new UserError('role_unknown', ['No role.']), 422],
  [new UserError('user_unknown', ['Nobody.']), 404],
  [new UserError('last_admin', ['The last.']), 409],
  [new UserError('identity_invalid', ['Bad.']), 422],
  [new UserError('identity_taken', ['Taken.']), 409],
  [new ClientError('client_invalid', ['Bad.']), 422],
  [new ClientError('client_taken', ['Taken.']), 409],
  [new ClientError('client_unknown', ['None.']), 404],
  [new ClientError('client_public', ['No secret.']), 409],
  [new ClientError('client_configured', ['Fixed.']), 409],
  [new KeyError('key_unknown', 'None.'), 404],
  [new KeyError('keys_not_managed', 'One key.'), 409],
  [new ConflictError('username_taken'), 409],
  [new ThrottledError(7), 429, { 'retry-after': '7' }],
  [new UnavailableError('No database', 3), 503, { 'retry-after': '3' }],
  [new OverloadedError('Too much', 1), 503, { 'retry-after': '1' }],
  [new OAuthError('invalid_scope', 'No such scope'), 400],
  [
    new OAuthError('invalid_client', 'Unknown'),
    401,
    { 'www-authenticate': 'Basic realm="token endpoint"' },
  ],
  [new IncorrectCredentials(), 401, { 'www-authenticate': 'Bearer' }],
]

describe('the answer to an error of the library', () => {
  for (const [error, status, headers = {}] of rows) {
    const code = 'code' in error ? ` ${error.code}` : ''
    test(`is ${status} to ${error.constructor.name}${code}`, () => {
      const answer = answerError(error)
      assert.ok(answer)
      assert.equal(answer.status, status)
      assert.deepEqual(answer.headers, {
        ...headers,
        'content-type': 'application/problem+json; charset=utf-8',
      })
      const { problems } = error as { readonly problems?: readonly string[] }
      assert.equal(answer.body.status, status)
      assert.equal(answer.body.detail, error.message)
      assert.deepEqual(answer.body.errors, problems)
    })
  }

  for (const [name, error] of [
    ['a mistake of the program', new TypeError('x is not a function')],
    ['bad configuration', new ConfigError(['No role grants "*".'])],
    [
      'an error of another library with our name',
      Object.assign(new Error(), { name: 'UserError' }),
    ],
    ['a text', 'no entry'],
    ['nothing', undefined],
  ] as const) {
    test(`is null to ${name}`, () => {
      assert.equal(answerError(error), null)
    })
  }

  test('never holds the cause', () => {
    const cause = new Error('password=hunter2')
    const answer = answerError(new UnavailableError('No database', 1, { cause }))
    assert.doesNotMatch(JSON.stringify(answer), /hunter2/)
  })
})

test('an OAuth endpoint answers OAuth errors and unavailability, and passes on every other', () => {
  const { status, headers, body } = answerOAuthError(new ThrottledError(9))
  assert.deepEqual(
    [status, headers, body],
    [
      429,
      { 'cache-control': 'no-store', pragma: 'no-cache', 'retry-after': '9' },
      {
        error: 'temporarily_unavailable',
        error_description: 'Too many failed attempts, try again later',
        detail: 'Too many failed attempts, try again later',
      },
    ],
  )
  const mistake = new UserError('user_unknown', ['Nobody.'])
  assert.throws(() => answerOAuthError(mistake), mistake)
})
