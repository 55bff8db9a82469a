import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { newApiKey } from '../../../src/core/api-keys/api-key-text.ts'
import { createOneTimeSecrets } from '../../../src/core/mail/one-time-secret.ts'
import { createRefreshTokens } from '../../../src/core/sessions/refresh-token.ts'
import {
  describeError,
  describeRequest,
  withoutSecrets,
} from '../../../src/server/logging/serializers.ts'

/** An error without a stack of its own, which would be another one on each machine. */
const anError = (message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { stack: 'stack' }, more)

test('a request is told by its method, its path without a query, and its address', () => {
  const request = { method: 'GET', url: '/me?token=secret', ip: '192.0.2.1' }
  assert.deepEqual(describeRequest(request), {
    method: 'GET',
    path: '/me',
    remoteAddress: '192.0.2.1',
  })
  const longest = '/'.repeat(1024)
  const pathOf = (url: string) => describeRequest({ method: 'GET', url }).path
  assert.equal(pathOf(longest), longest)
  assert.equal(pathOf(`${longest}/`), `${longest}…`)
})

test('an error is told by its words, its stack and its code, cut where they are long', () => {
  assert.deepEqual(describeError(anError('no')), { type: 'Error', message: 'no', stack: 'stack' })
  for (const code of ['EIO', 5]) assert.equal(describeError(anError('no', { code })).code, code)
  assert.ok(!('code' in describeError(anError('no', { code: { of: 'another' } }))))
  const [message, stack] = ['m'.repeat(2048), 's'.repeat(8192)]
  assert.partialDeepStrictEqual(describeError(anError(message, { stack })), { message, stack })
  const longer = describeError(anError(`${message}m`, { stack: `${stack}s` }))
  assert.deepEqual([longer.message, longer.stack], [`${message}…`, `${stack}…`])
  assert.equal(describeError(anError('no', { stack: undefined })).stack, '')
})

test('what is thrown and no error is told by its type', () => {
  assert.deepEqual(describeError('a text'), { type: 'string', message: 'a text', stack: '' })
  const object = { type: 'object', message: '[object Object]', stack: '' }
  assert.deepEqual(describeError({ secret: 'value' }), object)
})

test('four causes of causes are told, and of several errors at once the first four', () => {
  let error = anError('0')
  for (let depth = 1; depth <= 6; depth++) error = anError(String(depth), { cause: error })
  const messages: string[] = []
  for (let said: unknown = describeError(error); said !== undefined; said = Object(said).cause) {
    messages.push(Object(said).message)
  }
  assert.deepEqual(messages, ['6', '5', '4', '3', '2'])
  const several = new AggregateError(['a', 'b', 'c', 'd', 'e'].map((name) => anError(name)))
  const { errors } = describeError(several)
  assert.deepEqual(
    (errors as Error[]).map(({ message }) => message),
    ['a', 'b', 'c', 'd'],
  )
  assert.ok(!('errors' in describeError(new AggregateError([]))))
  const nested = new AggregateError([anError('a', { cause: anError('b') })])
  assert.equal(Object(describeError(nested)).errors[0].cause.message, 'b')
})

test('every secret of ours is hidden, wherever it stands in a text', () => {
  const ofChance = randomBytes(32).toString('base64url')
  const header = Buffer.from('{"alg":"EdDSA"}').toString('base64url')
  const secrets = [
    createOneTimeSecrets(randomBytes(32)).tokenOf(randomUUID(), 'password_reset'),
    createRefreshTokens(randomBytes(32)).format(randomUUID(), 7),
    `pbs_${randomUUID()}.7.${ofChance}`,
    ...['pac', 'pmt', 'pcs'].map((prefix) => `${prefix}_${ofChance}`),
    newApiKey('pcat'),
    newApiKey('acme'),
    `${header}.${ofChance}.${ofChance}`,
  ]
  for (const secret of secrets) {
    for (const [before, after] of [
      ['', ''],
      ['/account/', '/'],
      ['token=', ' was refused'],
      ['"', '"'],
    ]) {
      assert.equal(withoutSecrets(`${before}${secret}${after}`), `${before}[hidden]${after}`)
    }
  }
  for (const text of ['a pot_', 'spot_1', 'a-prt_1', 'pcat', 'key of pmt']) {
    assert.equal(withoutSecrets(text), text)
  }
})
