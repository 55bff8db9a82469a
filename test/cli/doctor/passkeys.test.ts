import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPasskeys } from '../../../src/cli/doctor/passkeys.ts'
import { readConfig } from '../../../src/server/settings/config.ts'

/** What is found with these settings, a line for each finding. */
async function examine(environment: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const config = readConfig({ FACTORS: 'optional', PASSKEYS: 'true', ...environment })
  const findings = await checkPasskeys({ config })
  return findings.map(({ status, finding, advice = '' }) => `${status}: ${finding} ${advice}`)
}

const https = { ISSUER: 'https://auth.example.com', HOSTED_LOGIN: 'true' }

test('nothing is said of passkeys that are off', async () => {
  assert.deepEqual(await examine({ PASSKEYS: 'false' }), [])
})

test('the domain of passkeys is told, with the advice to keep it', async () => {
  const [own = '', ...more] = await examine(https)
  assert.match(own, /^ok: Passkeys are made for auth\.example\.com, which ISSUER names\. If the/)
  assert.deepEqual(more, [])
  const [wide = ''] = await examine({ ...https, PASSKEY_RP_ID: 'example.com' })
  assert.match(wide, /^ok: Passkeys are made for example\.com, which ISSUER lies in\./)
})

test('a domain that the issuer does not lie in is a problem (AC-98)', async () => {
  const [finding = ''] = await examine({ ...https, PASSKEY_RP_ID: 'example.org' })
  assert.match(finding, /^problem: .*rpId must be the host of the issuer \(auth\.example\.com\)/)
})

test('at an IP address passkeys are off, which is a warning with the way out (AC-98)', async () => {
  for (const host of ['127.0.0.1:8000', '[::1]:8000']) {
    const [finding = '', ...more] = await examine({ ISSUER: `http://${host}` })
    assert.match(finding, /^warning: Passkeys are off: browsers make none for an IP address/)
    assert.match(finding, /http:\/\/localhost for trials\.$/)
    assert.deepEqual(more, [])
  }
})
