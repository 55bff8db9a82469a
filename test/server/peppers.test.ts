// What clients see of peppers: nothing, and of one that is missing no wrong password.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { createPepper, type PepperOptions } from '../../src/core/passwords/peppers.ts'
import { buildApp } from '../../src/server/app.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { assertAbsent } from '../canaries.ts'
import { cheapHashing, createTestAuth, createTestClock, goodPassword } from '../fixtures.ts'
import { assertProblem, createTestLog, login, otherPassword, sendForm } from './fixtures.ts'

const one = '6f2c1e8a94b7d3057ae9c64f18d2b0359e7a4c61'
const two = 'd84b0c73f51e29a6bc07d3e8925f41a60c8b7e3d'

async function start(t: TestContext, store: ReturnType<typeof memory>, peppers: PepperOptions) {
  const passwordHash = { ...cheapHashing, ...peppers }
  const auth = await createTestAuth({ store, passwordHash, clock: createTestClock() })
  const log = createTestLog()
  const app = await buildApp({ auth, logger: log.options })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  return { auth, app, log }
}

test('an unknown user and one under any pepper or none: equal bytes (TH-01, PW-11)', async (t) => {
  const store = memory()
  const [before, between] = [await start(t, store, {}), await start(t, store, { pepper: one })]
  const after = await start(t, store, { pepper: two, previousPeppers: [one] })
  for (const [username, { auth }] of Object.entries({ none: before, old: between, new: after })) {
    await auth.users.create({ username, password: goodPassword })
  }
  const seen = async (username: string): Promise<object> => {
    const { statusCode, headers, body } = await sendForm(after.app, '/auth/token', {
      ...{ username, password: 'wrong' },
    })
    return { statusCode, headers: { ...headers, date: '' }, body }
  }
  const unknown = await seen('nobody')
  assert.partialDeepStrictEqual(unknown, { statusCode: 401 })
  for (const username of ['none', 'old', 'new']) assert.deepEqual(await seen(username), unknown)
  for (const username of ['none', 'old', 'new']) {
    assert.equal((await login(after.app, username)).statusCode, 200)
  }
})

test('a pepper that this process does not know is 503, and the log names it (PW-11, LA-04)', async (t) => {
  const store = memory()
  const early = await start(t, store, {})
  const late = await start(t, store, { pepper: one })
  const alice = await late.auth.users.create({ username: 'alice', password: goodPassword })

  const answer = await login(early.app, 'alice')
  assert.equal(answer.statusCode, 503)
  assert.equal(answer.headers['retry-after'], '10')
  assert.equal(answer.json().error, 'temporarily_unavailable')
  const changed = await early.app.inject({
    method: 'PUT',
    url: '/me/password',
    headers: { authorization: `Bearer ${await createAccessToken(early.auth, alice.id)}` },
    payload: { old_password: goodPassword, new_password: otherPassword },
  })
  assertProblem(changed, 503, 'Logins cannot be checked now, try again later')

  const failures = early.log.lines.filter((line) => JSON.parse(line).level === 50)
  assert.equal(failures.length, 2)
  const { id } = createPepper(one)
  for (const line of failures) assert.ok(JSON.parse(line).err.message.includes(id), line)
  const said = `${early.log.lines.join('')}${answer.body}${changed.body}`
  assertAbsent(said, { one, password: goodPassword })
  assert.ok(!`${answer.body}${changed.body}`.includes(id))
  assert.equal((await login(late.app, 'alice')).statusCode, 200)
})
