// Addresses, names and suspensions of users, over the wire.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import type { User } from '../../src/core/users/user.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, createTestClock, goodPassword } from '../fixtures.ts'
import { assertProblem, createTestLog, login, sendForm } from './fixtures.ts'

const clock = createTestClock()
const { options: logger, lines } = createTestLog()
let auth: Auth
let app: FastifyInstance

before(async () => {
  auth = await createTestAuth({ clock })
  app = await buildApp({ auth, logRequests: true, logger })
  await auth.users.create({ username: 'root', password: goodPassword, role: 'admin' })
})
after(async () => {
  await app.close()
  await auth.close()
})

/** Sends a request, of the administrator unless a token is given. */
async function call(
  method: InjectOptions['method'] & string,
  url: string,
  payload?: object,
  token?: string,
): Promise<LightMyRequestResponse> {
  const authorization = `Bearer ${token ?? (await tokenOf('root'))}`
  return await app.inject({
    ...{ method, url, headers: { authorization } },
    ...(payload && { payload }),
  })
}

let made = 0

async function createUser(more: object = {}): Promise<User> {
  return await auth.users.create({ username: `user${++made}`, password: goodPassword, ...more })
}

async function tokenOf(username: string): Promise<string> {
  return (await login(app, username)).json().access_token
}

describe('an address', () => {
  test('is in the answers of those who have one, and in no other (AC-01)', async () => {
    const bare = await createUser()
    for (const answer of [
      await call('GET', `/admin/users/${bare.id}`),
      await call('GET', '/me', undefined, await tokenOf(bare.username)),
    ]) {
      assert.equal(answer.statusCode, 200)
      assert.deepEqual(
        Object.keys(answer.json())
          .filter((name) => name !== 'scope')
          .sort(),
        ['active', 'created_at', 'id', 'role', 'username'],
      )
    }
    const email = 'Ann@bücher.example'
    const created = await call('POST', '/admin/users', {
      ...{ username: 'ann', password: goodPassword, email, email_verified: true },
    })
    assert.equal(created.statusCode, 201, created.body)
    const expected = { email: 'Ann@xn--bcher-kva.example', email_verified: true }
    assert.partialDeepStrictEqual(created.json(), expected)
    const me = await call('GET', '/me', undefined, await tokenOf('ANN@bücher.example'))
    assert.partialDeepStrictEqual(me.json(), { ...expected, username: 'ann' })
    const found = await call('GET', '/admin/users?search=ANN@xn--b')
    assert.deepEqual(found.json().users, [created.json()])
  })

  test('that is none is refused, with the rule (AC-02)', async () => {
    const { id } = await createUser()
    for (const email of [
      '"a@evil.com x"@good.com',
      'u@good.com(x)evil.com',
      'a@b.com\r\nBcc: c@d.com',
    ]) {
      const answer = await call('PUT', `/admin/users/${id}/email`, { email })
      assertProblem(answer, 422, /must be of the form name@example\.com/)
      assert.equal(answer.json().code, 'email_invalid')
    }
    assertProblem(await call('PUT', `/admin/users/${id}/email`, { email: 7 }), 400)
    const more = { email: 'a@b.example', role: 'admin' }
    assertProblem(await call('PUT', `/admin/users/${id}/email`, more), 400)
  })

  test('is set, verified and removed by an administrator, and ends every login (AC-07, AC-10)', async () => {
    const { id, username } = await createUser()
    const url = `/admin/users/${id}/email`
    const email = `${username}@example.com`
    const token = await tokenOf(username)
    const set = await call('PUT', url, { email })
    assert.partialDeepStrictEqual(set.json(), { email, email_verified: false })
    assertProblem(await call('GET', '/me', undefined, token), 401)
    assert.equal((await login(app, email)).statusCode, 401)
    assert.equal((await call('PUT', url, { email, verified: true })).statusCode, 200)
    assert.equal((await login(app, email)).statusCode, 200)
    const other = await createUser()
    const taken = await call('PUT', `/admin/users/${other.id}/email`, { email, verified: true })
    assertProblem(taken, 409, 'Another user has verified the e-mail address.')
    assert.equal((await call('DELETE', url)).statusCode, 204)
    assert.equal((await login(app, email)).statusCode, 401)
  })

  test('is in no line of the log (AC-11)', async () => {
    const { id, username } = await createUser()
    const email = `canary.${username}@example.com`
    await call('PUT', `/admin/users/${id}/email`, { email, verified: true })
    assert.equal((await login(app, email)).statusCode, 200)
    await login(app, email, { password: 'wrong' })
    await login(app, `canary.nobody@example.com`)
    await call('DELETE', `/admin/users/${id}/email`)
    assert.ok(lines.some((line) => line.includes('email_changed')))
    assert.doesNotMatch(lines.join(''), /canary/)
  })
})

describe('a username', () => {
  test('is changed by its user, who stays logged in; one with an @ is the own address (AC-08)', async () => {
    const user = await createUser({ email: 'Me@own.example', emailVerified: true })
    const token = await tokenOf(user.username)
    const change = (username: string) => call('PATCH', '/me', { username }, token)
    assert.equal((await change('Renamed')).json().username, 'renamed')
    assert.equal((await call('GET', '/me', undefined, token)).json().username, 'renamed')
    assertProblem(await change('root'), 409, 'The username is taken.')
    assertProblem(await change('bob@x'), 422, /must be the verified e-mail address/)
    assertProblem(await change(''), 422)
    assert.equal((await change('me@OWN.example')).json().username, 'me@own.example')
    assertProblem(await call('PATCH', '/me', { username: 'x', role: 'admin' }, token), 400)
  })

  test('is changed by an administrator', async () => {
    const { id } = await createUser()
    const answer = await call('PUT', `/admin/users/${id}/username`, { username: 'Other' })
    assert.equal(answer.json().username, 'other')
    const member = await tokenOf('other')
    const refused = await call('PUT', `/admin/users/${id}/username`, { username: 'x' }, member)
    assert.equal(refused.statusCode, 403)
  })
})

describe('a suspension', () => {
  const hour = 60 * 60

  test('refuses a login as a deactivation does, until it ends by itself', async () => {
    const [suspended, inactive] = [await createUser(), await createUser()]
    const before = (await login(app, suspended.username)).json()
    const until = clock() + hour
    const answer = await call('POST', `/admin/users/${suspended.id}/suspend`, { until })
    assert.partialDeepStrictEqual(answer.json(), { active: true, suspended_until: until })
    await auth.users.deactivate(inactive.id)

    const answers = await Promise.all(
      [suspended, inactive].map(async ({ username }) => {
        const { statusCode, headers, body } = await login(app, username)
        const { access_token, ...rest } = JSON.parse(body)
        const me = await call('GET', '/me', undefined, access_token)
        return {
          statusCode,
          rest,
          names: Object.keys(headers),
          me: [me.statusCode, me.body],
          access_token,
        }
      }),
    )
    const [mine, others] = answers.map(({ access_token: _, ...seen }) => seen)
    assert.deepEqual(mine, others)
    assertProblem(
      await call('GET', '/me', undefined, answers[0]?.access_token),
      403,
      'Inactive user',
    )
    assertProblem(await call('GET', '/me', undefined, before.access_token), 403, 'Inactive user')
    const refresh = { grant_type: 'refresh_token', refresh_token: before.refresh_token }
    assert.equal((await sendForm(app, '/auth/token', refresh)).statusCode, 400)
    assert.equal((await login(app, suspended.username, { password: 'x' })).statusCode, 401)

    clock.advance(hour)
    assert.equal(
      (await call('GET', '/me', undefined, await tokenOf(suspended.username))).statusCode,
      200,
    )
    // Nothing of before comes alive, nor what was issued meanwhile.
    for (const token of [before.access_token, answers[0]?.access_token]) {
      assert.equal((await call('GET', '/me', undefined, token)).statusCode, 401)
    }
    assert.equal((await sendForm(app, '/auth/token', refresh)).statusCode, 400)
  })

  test('is ended by an administrator, and told of', async () => {
    const { id, username } = await createUser()
    const until = clock() + hour
    await call('POST', `/admin/users/${id}/suspend`, { until })
    const answer = await call('POST', `/admin/users/${id}/resume`)
    assert.equal('suspended_until' in answer.json(), false)
    assert.equal((await call('GET', '/me', undefined, await tokenOf(username))).statusCode, 200)
    const events = await auth.events.list({ userId: id, type: 'user_updated', limit: 9 })
    assert.deepEqual(
      events.map(({ details }) => details),
      [{ suspended: false }, { suspended_until: until }],
    )
  })

  test('lets nobody in by other doors either', async () => {
    const user = await createUser()
    await auth.users.suspend(user.id, clock() + hour)
    const found = await auth.users.find(user.id)
    assert.ok(found)
    assert.equal(await auth.sessions.open(found, { clientId: 'portcullis', scopes: [] }), null)
    const shown = { username: user.username, password: goodPassword, address: undefined }
    assert.equal((await auth.authenticate(shown))?.active, false)
    const token = String(await createAccessToken(auth, user.id))
    assertProblem(await call('GET', '/me', undefined, token), 403, 'Inactive user')
  })

  test('must end in the future, and leaves the last administrator', async () => {
    const { id } = await createUser()
    for (const until of [clock(), 0, -1]) {
      assertProblem(
        await call('POST', `/admin/users/${id}/suspend`, { until }),
        422,
        /in the future/,
      )
    }
    const root = await auth.users.findByUsername('root')
    const url = `/admin/users/${root?.id}/suspend`
    assertProblem(
      await call('POST', url, { until: clock() + hour }),
      409,
      /last active administrator/,
    )
  })
})
