import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { OverloadedError, UnavailableError } from '../../src/core/errors.ts'
import { logUnavailable } from '../../src/fastify/refusal-handler.ts'

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
