import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { UnavailableError } from '../../src/core/errors.ts'
import {
  createGuards,
  guard,
  refusalResponse,
  secured,
  ThrottledError,
} from '../../src/web/index.ts'
import { createTestAuth } from '../fixtures.ts'

const url = 'https://api.example.com/items'

test('a handler runs for requests that the guard lets pass, with its value', async () => {
  const auth = await createTestAuth()
  const { id } = await auth.users.create({ username: 'alice', password: null })
  const handler = secured(createGuards(auth).activeUser, (user, request, more: number) =>
    Response.json([user.username, request.method, more]),
  )
  const authorization = `Bearer ${await createAccessToken(auth, id)}`
  const answer = await handler(new Request(url, { headers: { authorization } }), 7)
  assert.deepEqual(await answer.json(), ['alice', 'GET', 7])
  await auth.close()
})

test('a refusal has the status, the headers and the body that it has everywhere', async () => {
  const auth = await createTestAuth({ permissions: { 'items:read': 'Read items' } })
  let handled = 0
  const handler = secured(createGuards(auth).requirePermission('items:read'), () => {
    handled++
    return new Response()
  })
  const none = await handler(new Request(url))
  assert.equal(none.status, 401)
  assert.equal(none.headers.get('www-authenticate'), 'Bearer')
  assert.equal(none.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  assert.deepEqual(await none.json(), {
    type: 'about:blank',
    title: 'Unauthorized',
    status: 401,
    detail: 'Not authenticated',
  })
  const { id } = await auth.users.create({ username: 'alice', password: null })
  const authorization = `Bearer ${await createAccessToken(auth, id)}`
  const forbidden = await handler(new Request(url, { headers: { authorization } }))
  assert.equal(forbidden.status, 403)
  assert.match(String(forbidden.headers.get('www-authenticate')), /scope="items:read"/)
  assert.equal(handled, 0)
  await auth.close()
})

test('what cannot be judged now says when to come back', async () => {
  for (const [error, status] of [
    [new UnavailableError('The keys cannot be had now', 30), 503],
    [new ThrottledError(30), 429],
  ] as const) {
    const answer = await secured(
      guard(() => {
        throw error
      }),
      () => assert.fail('was reached'),
    )(new Request(url))
    assert.equal(answer.status, status)
    assert.equal(answer.headers.get('retry-after'), '30')
    assert.equal((await answer.json()).detail, error.message)
  }
})

test('any other error is left to the caller of the handler', async () => {
  const mistake = new Error('a mistake')
  const handler = secured(
    guard(() => 1),
    () => {
      throw mistake
    },
  )
  await assert.rejects(handler(new Request(url)), mistake)
  assert.equal(refusalResponse(mistake), null)
})

test('what is no guard throws at once, and opens no route', () => {
  const made = guard(() => 'a value')
  const handler = () => new Response()
  // @ts-expect-error a function that returns a guard would let everybody pass
  assert.throws(() => secured(() => made, handler), TypeError)
})

test('an answer is stored by nobody, unless it says itself who may', async () => {
  const anybody = guard(() => 1)
  const stored = { headers: { 'cache-control': 'public' } }
  for (const [answer, cacheControl] of [
    [new Response('text'), 'no-store'],
    [new Response('text', stored), 'public'],
    [Response.redirect('https://api.example.com/'), 'no-store'],
  ] as const) {
    const { headers, status } = await secured(anybody, () => answer)(new Request(url))
    assert.deepEqual([headers.get('cache-control'), status], [cacheControl, answer.status])
  }
})
