import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify from 'fastify'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import { portcullis } from '../../../src/fastify/portcullis.ts'
import { secured } from '../../../src/fastify/secured.ts'
import { all, optional } from '../../../src/http/guards/combinators.ts'
import type { Guard } from '../../../src/http/guards/guard.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { BearerError, Refusal } from '../../../src/http/refusal.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock } from '../../fixtures.ts'

const store = memory()
const clock = createTestClock()
const auth = await createTestAuth({ store, clock })
const guards = createGuards(auth)
const alice = await auth.users.create({ username: 'alice', password: null })

/** A token that says that alice logged in this many seconds ago. */
async function tokenOf(age: number, authenticatedAt: unknown = clock() - age) {
  const authentication = { authenticatedAt: authenticatedAt as number, acr: '1fa', amr: ['pwd'] }
  return await createAccessToken(auth, alice.id, [], authentication)
}

const bearer = (token: string | null) => ({ headers: { authorization: `Bearer ${token}` } })

async function refusalOf(guard: Guard<unknown>, token: string | null): Promise<Refusal> {
  const error = await guard(bearer(token)).then(
    () => assert.fail('the guard let the request pass'),
    (reason) => reason,
  )
  assert.ok(error instanceof Refusal)
  return error
}

describe('a guard of recent logins', () => {
  test('yields the user up to the last second of five minutes, or of what it is told', async () => {
    for (const [guard, age] of [
      [guards.requireRecentLogin(), 300],
      [guards.requireRecentLogin({ maxAge: 60 }), 60],
      [guards.requireRecentLogin(), -30],
    ] as const) {
      assert.equal((await guard(bearer(await tokenOf(age)))).id, alice.id)
    }
  })

  test('answers the challenge of RFC 9470 to an older one (AC-57, AC-91)', async () => {
    const refusal = await refusalOf(guards.requireRecentLogin(), await tokenOf(301))
    assert.ok(refusal instanceof BearerError)
    assert.equal(refusal.statusCode, 401)
    assert.equal(refusal.code, 'insufficient_user_authentication')
    assert.equal(
      refusal.headers['www-authenticate'],
      'Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="300"',
    )
    const other = await refusalOf(guards.requireRecentLogin({ maxAge: 60 }), await tokenOf(61))
    assert.match(String(other.headers['www-authenticate']), /, max_age="60"$/)
  })

  test('refuses a token that does not say when (AC-96)', async () => {
    const silent = await createAccessToken(auth, alice.id, [])
    const refusal = await refusalOf(guards.requireRecentLogin(), silent)
    assert.match(String(refusal.headers['www-authenticate']), /insufficient_user_authentication/)
  })

  test('refuses one of the future beyond tolerance (AC-96)', async () => {
    const refusal = await refusalOf(guards.requireRecentLogin(), await tokenOf(-31))
    assert.match(String(refusal.headers['www-authenticate']), /insufficient_user_authentication/)
  })

  test('one that says when in another type is no token at all (AC-96)', async () => {
    for (const wrong of ['1800000000', 1.5, null, {}]) {
      const refusal = await refusalOf(guards.requireRecentLogin(), await tokenOf(0, wrong))
      assert.match(String(refusal.headers['www-authenticate']), /invalid_token/)
    }
  })

  test('refuses as every guard does: without a token, and a client of its own', async () => {
    const missing = guards.requireRecentLogin()({ headers: {} })
    await assert.rejects(missing, { statusCode: 401, message: 'Not authenticated' })
    const maybe = optional(guards.requireRecentLogin())
    assert.equal(await maybe({ headers: {} }), null)
  })

  test('takes no age that is none', () => {
    for (const maxAge of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '300' as never]) {
      assert.throws(() => guards.requireRecentLogin({ maxAge }), TypeError)
    }
  })

  test('reads no more than a guard of users (AC-92)', async () => {
    const calls: string[] = []
    const counting = new Proxy(store, {
      get(target, name: keyof typeof store) {
        const member = target[name]
        if (typeof member !== 'function') return member
        return (...args: never[]) => {
          calls.push(name)
          return (member as (...args: never[]) => unknown)(...args)
        }
      },
    })
    const counted = createGuards(await createTestAuth({ store: counting, clock }))
    const token = await tokenOf(0)
    calls.length = 0
    await counted.activeUser(bearer(token))
    const usual = calls.splice(0)
    await counted.requireRecentLogin()(bearer(token))
    assert.deepEqual(usual, ['findSubject'])
    assert.deepEqual(calls, usual)
  })
})

describe('routes of recent logins', () => {
  test('say so in the document, with the least age of several guards (AC-91)', async (t) => {
    const app = Fastify()
    t.after(() => app.close())
    await app.register(portcullis, { auth })
    const { activeUser, requireRecentLogin } = guards
    const both = all({ a: requireRecentLogin(), b: requireRecentLogin({ maxAge: 60 }) })
    app.get(
      '/usual',
      secured(activeUser, () => 'here'),
    )
    app.get(
      '/recent',
      secured(requireRecentLogin(), () => 'here'),
    )
    app.get(
      '/both',
      secured(both, () => 'here'),
    )
    await app.ready()
    const { paths } = (await app.inject('/openapi.json')).json()
    const said = (path: string): string => paths[path].get.responses['401'].description
    assert.doesNotMatch(said('/usual'), /older/)
    assert.match(said('/recent'), /older than 300 seconds.*insufficient_user_authentication/)
    assert.match(said('/both'), /older than 60 seconds/)
  })

  test('refuse before the body is read (AC-91)', async (t) => {
    const app = Fastify()
    t.after(() => app.close())
    await app.register(portcullis, { auth, docs: false })
    let read = false
    app.addHook('preParsing', async () => {
      read = true
    })
    app.post(
      '/recent',
      secured(guards.requireRecentLogin(), () => 'here'),
    )
    const { headers } = bearer(await tokenOf(301))
    const answer = await app.inject({ method: 'POST', url: '/recent', headers, payload: { a: 1 } })
    assert.equal(answer.statusCode, 401)
    assert.match(String(answer.headers['www-authenticate']), /max_age="300"/)
    assert.equal(answer.json().detail, 'Enter the password again: this needs a recent login')
    assert.equal(read, false)
  })
})
