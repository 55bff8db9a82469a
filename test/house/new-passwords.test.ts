// One policy for every way to set a password: who hashes one, and who asks the policy.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSources } from './sources.ts'

const sources = readSources()

/** Each file that has calls of this form, with how many. */
function callsOf(pattern: RegExp): Readonly<Record<string, number>> {
  const found = sources.map(({ path, code }) => [path, code.match(pattern)?.length ?? 0] as const)
  return Object.fromEntries(found.filter(([, count]) => count > 0))
}

test('a password becomes a hash in three places, and only a new one needs the policy (AC-43)', () => {
  assert.deepEqual(callsOf(/\b(hasher|passwords)\.hash\(/g), {
    // For applications, whose own passwords they are.
    'core/passwords/passwords.ts': 1,
    // The password that has just logged in, under today's cost.
    'core/users/login.ts': 1,
    // After the policy.
    'core/users/new-user.ts': 1,
  })
  // Nothing else has the function that hashes.
  assert.deepEqual(callsOf(/\bargon2\.hash(Sync)?\(|\bhashRaw\(|\bbcrypt\.hash/g), {
    'core/passwords/password-hash.ts': 1,
  })
})

test('every new password goes through the one function that asks the policy (AC-43)', () => {
  assert.deepEqual(callsOf(/\bhashNew\(/g), {
    'core/accounts/password-reset.ts': 1,
    // Its declaration in the interface, the function, and the password of a new user.
    'core/users/new-user.ts': 3,
    'core/users/password-change.ts': 1,
    // `setPassword`.
    'core/users/users.ts': 1,
  })
  const { code = '' } = sources.find(({ path }) => path === 'core/users/new-user.ts') ?? {}
  const [body = ''] = /async function hashNew\([\s\S]*?\n {2}\}/.exec(code) ?? []
  assert.match(body, /policy\.problemsOf\([\s\S]*throw new UserError[\s\S]*hasher\.hash\(/)
})

test('the policy is asked there, and where a terminal asks for a password again (AC-43)', () => {
  assert.deepEqual(callsOf(/\b[pP](?:asswordP)?olicy\.problemsOf\(/g), {
    'cli/user.ts': 2,
    'core/users/new-user.ts': 1,
  })
  assert.deepEqual(callsOf(/\bcreateBreachCheck\(/g), {
    'cli/doctor/breached-passwords.ts': 1,
    'core/passwords/breach-check.ts': 1,
    'core/passwords/password-policy.ts': 1,
  })
})
