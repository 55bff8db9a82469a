// That nothing opens a session around the second factor.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserError } from '../../../src/core/errors.ts'
import { createTestAuth, createTestClock, goodPassword } from '../../fixtures.ts'
import { readSources } from '../../house/sources.ts'
import { deviceOf } from '../../server/factors/device.ts'

/** Every file that has one of these calls. */
const callersOf = (call: RegExp): readonly string[] =>
  readSources()
    .filter(({ path, code }) => !path.startsWith('stores/') && call.test(code))
    .map(({ path }) => path)
    .sort()

test('what stores a session, or that its user has authenticated again, is known and asks (AC-83)', () => {
  assert.deepEqual(callersOf(/\bsessions\s*\.create\(/), ['core/sessions/sessions.ts'])
  // The last one raises a session after both factors were shown.
  assert.deepEqual(callersOf(/\bsessions\s*\.reauthenticate\(/), [
    ...['core/authorization/browser-sessions.ts', 'core/factors/enrolments.ts'],
    ...['core/sessions/sessions.ts', 'http/endpoints/step-up.ts'],
  ])
  // A code opens a session of a browser session, as strong as that one.
  assert.deepEqual(callersOf(/\bcodes\s*\.exchange\(/), [
    'core/authorization/authorization-codes.ts',
  ])
  assert.deepEqual(callersOf(/\bsessions\s*\.open\(/), [
    ...['core/authorization/browser-sessions.ts', 'http/grants/passkey.ts'],
    ...['http/grants/password.ts', 'http/grants/second-factor.ts'],
  ])
  for (const path of ['core/sessions/sessions.ts', 'core/authorization/browser-sessions.ts']) {
    const { code = '' } = readSources().find((each) => each.path === path) ?? { code: '' }
    assert.match(code, /await requireFactor\?\.\(/, path)
  }
})

test('an application’s own login opens none with one factor for who has two, or needs two (AC-83)', async () => {
  const clock = createTestClock()
  const auth = await createTestAuth({ clock, factors: { required: ['admin'] } })
  const { users, sessions, factors } = auth
  const alice = await users.create({ username: 'alice', password: goodPassword })
  const root = await users.create({ username: 'root', password: goodPassword, role: 'admin' })
  const open = { clientId: 'first-party', scopes: [] }
  const opened = await sessions.open(alice, open)
  const begun = (await factors?.beginTotp({ userId: alice.id })) ?? assert.fail()
  const sessionId = opened?.session.id ?? ''
  const otp = deviceOf({ clock }, begun).code()
  await factors?.confirmTotp({ userId: alice.id, id: begun.id, otp, sessionId })
  const needs = (says: RegExp) => (error: unknown) =>
    error instanceof UserError && error.code === 'factor_needed' && says.test(error.message)
  await assert.rejects(sessions.open(alice, open), needs(/is needed/))
  await assert.rejects(sessions.open(root, open), needs(/set one up/))
  await assert.rejects(sessions.reauthenticate(alice, sessionId), needs(/is needed/))
  const both = { authenticatedAt: clock(), acr: '2fa', amr: ['pwd', 'otp', 'mfa'] }
  assert.equal((await sessions.open(alice, { ...open, authentication: both }))?.session.acr, '2fa')
  await auth.close()
})
