// Answers of the pages that say why something was not done now, or not at all.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ThrottledError, UnavailableError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { createFlow } from '../../../src/http/authorization/flow.ts'
import { flowRefusals, withPages } from '../../../src/http/authorization/flow-answers.ts'
import type { EndpointRequest } from '../../../src/http/mounted-endpoint.ts'
import { openLoginSite } from './login-site.ts'

const site = await openLoginSite()
after(() => site.close())
const { hosted } = site.auth[internals]
const { authorization } = hosted ?? assert.fail()
const place = { root: site.auth.issuer, pages: {} }
const flow = createFlow(site.auth, authorization, place, { loginPage: null, ownPages: new Set() })
const request = { header: () => undefined, requestId: 'req-7' } as unknown as EndpointRequest

for (const [error, status, says] of [
  [new ThrottledError(40), 429, /Too many failed attempts\. Try again/],
  [new UnavailableError('The database does not answer', 3), 503, /Try again in/],
] as const) {
  test(`${error.name} is a page with ${status} that says when to come again`, async () => {
    const answer = withPages(flow, () => Promise.reject(error))
    for (const answered of [await answer(request), flowRefusals(flow).answer(error)]) {
      assert.equal(answered.status, status)
      assert.equal(answered.headers['retry-after'], String(error.retryAfter))
      assert.match(String(answered.body), says)
      assert.equal(answered.refusal, error)
    }
  })
}

test('any other error is a mistake, and no page', async () => {
  const answer = withPages(flow, () => Promise.reject(new TypeError('ours')))
  await assert.rejects(answer(request), TypeError)
  assert.throws(() => flowRefusals(flow).answer(new TypeError('ours')), TypeError)
})
