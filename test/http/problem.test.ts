import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import { describe, test } from 'node:test'
import { createProblem, problemMediaType } from '../../src/http/problem.ts'

describe('a problem', () => {
  test('has the members of RFC 9457 §3.1, with the detail where a client of FastAPI looks', () => {
    assert.deepEqual(createProblem(403, 'Inactive user'), {
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'Inactive user',
    })
  })

  test('lists every reason when there are some, and has no list when there are none', () => {
    const { errors } = createProblem(422, 'Two things.', { errors: ['One.', 'Two.'] })
    assert.deepEqual(errors, ['One.', 'Two.'])
    assert.equal(createProblem(409, 'x', { code: 'username_taken' }).code, 'username_taken')
    assert.equal('code' in createProblem(409, 'x'), false)
    assert.equal('errors' in createProblem(422, 'x', { errors: [] }), false)
  })

  for (const status of [400, 401, 403, 404, 405, 409, 410, 415, 429, 431, 500, 503]) {
    test(`of status ${status} has the title of its status (RFC 9457 §4.2.1)`, () => {
      assert.equal(createProblem(status, 'x').title, STATUS_CODES[status])
    })
  }

  test('of a status without a title of its own has the title of its class', () => {
    assert.equal(createProblem(418, 'x').title, 'Bad Request')
    assert.equal(createProblem(507, 'x').title, 'Internal Server Error')
  })

  test('is sent as application/problem+json', () => {
    assert.match(problemMediaType, /^application\/problem\+json(;|$)/)
  })
})
