import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBrowserLogin } from '../../../src/cli/doctor/browser-login.ts'
import { readConfig } from '../../../src/server/settings/config.ts'

/** What is found with these settings, a line for each finding. */
function examine(environment: Readonly<Record<string, string>>): readonly string[] {
  const config = readConfig({ HOSTED_LOGIN: 'true', ...environment })
  return checkBrowserLogin({ config }).map(
    ({ status, finding, advice = '' }) => `${status}: ${finding} ${advice}`,
  )
}

const https = { ISSUER: 'https://auth.example.com' }
const secretKey = { SECRET_KEY: 'b7e1f0a2c3d4958677869504a3b2c1d0' }

test('nothing is said of a login by browser that is off', () => {
  assert.deepEqual(examine({ HOSTED_LOGIN: 'false' }), [])
})

test('by https the cookie is for this host alone', () => {
  const [cookie] = examine(https)
  assert.match(cookie ?? '', /^ok: .*__Host-/)
})

test('on this machine http will do, and the name of the cookie has the port', () => {
  for (const host of ['localhost:8000', '127.0.0.1:8000', '[::1]:8000']) {
    const [cookie] = examine({ ISSUER: `http://${host}` })
    assert.match(cookie ?? '', /^ok: .*no __Host-, and the port in it/)
  }
})

test('http elsewhere is a problem, since browsers send the cookie in clear', () => {
  const [cookie] = examine({ ISSUER: 'http://auth.example.com', ALLOW_INSECURE_ISSUER: 'true' })
  assert.match(cookie ?? '', /^problem: ISSUER is http: .*in clear.* Put a proxy with TLS in front/)
})

test('RS256 is what every client verifies, and another algorithm is told with that advice', () => {
  const [, plain = ''] = examine(https)
  assert.match(plain, /^ok: ID tokens are signed with ES256\. Set SIGNING_ALGORITHM=RS256/)
  const [, every = ''] = examine({ ...https, SIGNING_ALGORITHM: 'RS256' })
  assert.match(every, /^ok: ID tokens are signed with RS256, which every client can verify/)
})

test('with SECRET_KEY there are no ID tokens, which is a warning (OP-35)', () => {
  const [, tokens = ''] = examine({ ...https, ...secretKey })
  assert.match(tokens, /^warning: SECRET_KEY has no public half, so there are no ID tokens/)
  assert.match(tokens, /Leave SECRET_KEY out for OpenID Connect/)
})
