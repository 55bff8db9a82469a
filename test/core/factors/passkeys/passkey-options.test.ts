import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../../../src/core/errors.ts'
import {
  type PasskeyOptions,
  readPasskeyOptions,
} from '../../../../src/core/factors/passkeys/passkey-options.ts'
import { createTestAuth } from '../../../fixtures.ts'

const read = (issuer: string, options: PasskeyOptions = {}) =>
  readPasskeyOptions(options, issuer, 'Example')

function problemsOf(issuer: string, options: PasskeyOptions = {}): readonly string[] {
  try {
    read(issuer, options)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

test('the RP ID is the host of the issuer, and the origin its own (AC-98)', () => {
  assert.deepEqual(read('https://auth.example.com/tenant'), {
    ...{ rpId: 'auth.example.com', rpName: 'Example', origins: ['https://auth.example.com'] },
  })
  assert.deepEqual(read('http://localhost:8000'), {
    ...{ rpId: 'localhost', rpName: 'Example', origins: ['http://localhost:8000'] },
  })
  const origins = [
    'https://app.example.com',
    'https://example.com:8443',
    'https://auth.example.com',
  ]
  const wide = read('https://auth.example.com', { rpId: 'example.com', rpName: 'Shop', origins })
  assert.deepEqual(wide, {
    ...{ rpId: 'example.com', rpName: 'Shop' },
    origins: ['https://auth.example.com', ...origins.slice(0, 2)],
  })
  const app = `android:apk-key-hash:${'a'.repeat(43)}`
  assert.ok(read('https://example.com', { origins: [app] }).origins.includes(app))
  const other = { origins: ['http://localhost:5173'] }
  assert.deepEqual(problemsOf('http://localhost:8000', other), [])
})

test('an issuer that no browser makes passkeys for is refused, with the reason (AC-98)', () => {
  for (const issuer of ['http://127.0.0.1:8000', 'https://127.0.0.1', 'http://[::1]:8000']) {
    assert.match(problemsOf(issuer).join(), /none for an IP address/)
  }
  for (const issuer of ['http://example.com', 'http://evil.localhost', 'http://intranet']) {
    assert.match(problemsOf(issuer).join(), /with https/)
  }
  for (const issuer of ['example', 'urn:example', 'ftp://example.com']) {
    assert.match(problemsOf(issuer).join(), /a URL with a name/)
  }
})

test('a wider RP ID is a domain that the host lies in, and no single label (AC-98)', () => {
  for (const rpId of [
    ...['com', 'evil.com', 'ample.com', 'x.auth.example.com', '.example.com', 'EXAMPLE.com', ''],
    ...['example.com.', 'https://example.com', 'example.com:443', '*.example.com'],
  ]) {
    assert.match(problemsOf('https://auth.example.com', { rpId }).join(), /rpId must be/, rpId)
  }
  assert.match(problemsOf('http://localhost', { rpId: 'host' }).join(), /rpId must be/)
})

test('an origin is exact, and lies in the RP ID (AC-98)', () => {
  for (const origin of [
    ...['https://example.com/', 'http://app.example.com', 'https://evil.com', 'app.example.com'],
    ...['https://evilexample.com', 'null', '', 'android:apk-key-hash:', 'https://EXAMPLE.com'],
    ...['https://example.com:443', 'http://localhost:8000', 'android:apk-key-hash:a b'],
  ]) {
    const options = { rpId: 'example.com', origins: [origin] }
    assert.match(problemsOf('https://auth.example.com', options).join(), /origins takes/, origin)
  }
})

test('every problem is told at once, with those of other options', async () => {
  const passkeys = { rpId: 'com', rpName: ' ', origins: ['x'] }
  const auth = createTestAuth({
    issuer: 'http://10.0.0.1',
    factors: { required: ['nobody'], passkeys },
  })
  await assert.rejects(auth, (error) => {
    assert.ok(error instanceof ConfigError)
    for (const words of [/required/, /IP address/, /rpId/, /origins/, /rpName/]) {
      assert.ok(
        error.problems.some((each) => words.test(each)),
        String(words),
      )
    }
    return true
  })
  const odd = createTestAuth({ factors: { passkeys: { rpID: 'x' } as never } })
  await assert.rejects(odd, /no option "rpID". Did you mean rpId/)
})

test('without the option there are no passkeys', async () => {
  for (const factors of [{}, { passkeys: false }]) {
    const auth = await createTestAuth({ factors })
    assert.equal(auth.factors?.passkeys, null)
    await auth.close()
  }
})
