import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import Fastify, { type FastifyRequest } from 'fastify'
import { OverloadedError, UnavailableError } from '../../src/core/errors.ts'
import { logUnavailable, sendRefusal } from '../../src/fastify/refusal-handler.ts'

let lines: unknown[][]
const log = Object.fromEntries(
  ['info', 'warn', 'error'].map((level) => [
    level,
    (details: unknown, message: string) => lines.push([level, details, message]),
  ]),
)
const request = { log } as unknown as FastifyRequest
const unavailable = (cause?: unknown) => new UnavailableError('Not now', 1, { cause })

beforeEach(() => {
  lines = []
})

test('a failure is told with its cause, and its later answers by a line', () => {
  const [cause, another] = [new Error('no connection'), new Error('no connection')]
  for (const each of [cause, cause, another, cause]) logUnavailable(request, unavailable(each))
  assert.deepEqual(lines, [
    ['error', { err: cause }, 'Not now'],
    ['info', { code: 'unavailable' }, 'Not now'],
    ['error', { err: another }, 'Not now'],
    ['info', { code: 'unavailable' }, 'Not now'],
  ])
})

test('what has no error for a cause is told itself, each time', () => {
  const errors = [unavailable(), unavailable('a text'), unavailable('a text')]
  for (const error of errors) logUnavailable(request, error)
  assert.deepEqual(lines, [
    ['error', { err: errors[0] }, 'Not now'],
    ['error', { err: 'a text' }, 'Not now'],
    ['error', { err: 'a text' }, 'Not now'],
  ])
})

test('too many logins at once are a warning, since nothing is broken', () => {
  logUnavailable(request, new OverloadedError('Too many', 2))
  assert.deepEqual(lines, [['warn', { code: 'overloaded' }, 'Too many']])
})

test('an error of ours is answered, and any other is left alone', async () => {
  const app = Fastify()
  const answered: boolean[] = []
  app.setErrorHandler((error, request, reply) => {
    const isOurs = sendRefusal(error, request, reply)
    answered.push(isOurs)
    if (!isOurs) reply.code(500).send('of the application')
  })
  for (const [path, error] of [
    ['/ours', unavailable()],
    ['/other', new Error('a mistake')],
  ] as const) {
    app.get(path, () => {
      throw error
    })
  }
  const ours = await app.inject('/ours')
  const other = await app.inject('/other')
  assert.deepEqual([ours.statusCode, ours.json().detail], [503, 'Not now'])
  assert.deepEqual([other.statusCode, other.body], [500, 'of the application'])
  assert.deepEqual(answered, [true, false])
})
