import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth } from '../../src/testing/test-auth.ts'
import { goodPassword } from '../fixtures.ts'
import { login, sendForm } from './fixtures.ts'

const hour = 60 * 60

async function start(t: TestContext) {
  const auth = await createTestAuth()
  await auth.users.create({ username: 'alice', password: goodPassword })
  const app = await buildApp({ auth, docs: false })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  return { auth, app }
}

for (const step of [-hour, hour]) {
  test(`a clock that is set by ${step} seconds logs nobody out, and lets everybody in (DD-10)`, async (t) => {
    const { auth, app } = await start(t)
    const before = (await login(app, 'alice')).json()
    auth.clock.advance(step)
    const { refresh_token } = before
    const refreshed = await sendForm(app, '/auth/token', {
      grant_type: 'refresh_token',
      refresh_token,
    })
    const logins = [refreshed, await login(app, 'alice')]
    for (const answer of logins) {
      assert.equal(answer.statusCode, 200, answer.body)
      const authorization = `Bearer ${answer.json().access_token}`
      const me = await app.inject({ url: '/me', headers: { authorization } })
      assert.equal(me.statusCode, 200)
    }
  })

  test(`a clock that is set by ${step} seconds does not lift the limit of failures (DD-10)`, async (t) => {
    const { auth, app } = await start(t)
    const fail = async (): Promise<number> =>
      (await login(app, 'alice', { password: 'a wrong password' })).statusCode
    const failUntilThrottled = async (): Promise<number> => {
      for (let failures = 0; failures <= 200; failures++) {
        if ((await fail()) === 429) return failures
      }
      return Number.POSITIVE_INFINITY
    }
    const first = await failUntilThrottled()
    assert.ok(first < 100, `${first} failures`)
    auth.clock.advance(step)
    // Either the wait goes on, or few more attempts bring the next.
    assert.ok((await failUntilThrottled()) <= first)
    // And it ends: nobody waits for the clock to catch up.
    auth.clock.advance(hour)
    assert.equal(await fail(), 401)
  })
}
