// What the ready server says of login by browser when it starts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDirectory, type Serving, serve } from '../cli/process.ts'

test('the address that a server with login by browser prints shows the form', async () => {
  const server = await serve(createDirectory(), { HOSTED_LOGIN: 'true' })
  const address = server.greeting.match(/Log in at: +(\S+)/)?.[1] ?? ''
  const answer = await fetch(address)
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /name="username"/)
  server.child.kill()
})

test('a server with SECRET_KEY says at its start that there are no ID tokens (OP-35)', async () => {
  const line = ({ greeting }: Serving): string => /Log in at: .*/.exec(greeting)?.[0] ?? ''
  const HOSTED_LOGIN = 'true'
  const SECRET_KEY = 'b7e1f0a2c3d4958677869504a3b2c1d0'
  const symmetric = await serve(createDirectory(), { HOSTED_LOGIN, SECRET_KEY })
  assert.match(line(symmetric), /account, without ID tokens: SECRET_KEY has no public half/)
  assert.ok(!symmetric.said().includes(SECRET_KEY))
  await symmetric.stop()
  const asymmetric = await serve(createDirectory(), { HOSTED_LOGIN })
  assert.match(line(asymmetric), /account$/)
  await asymmetric.stop()
})

test('a server at an IP address starts without passkeys, and says why (AC-98)', async () => {
  const settings = { HOSTED_LOGIN: 'true', FACTORS: 'optional', PASSKEYS: 'true' }
  const server = await serve(createDirectory(), { ...settings, ISSUER: 'http://127.0.0.1:8000' })
  assert.match(
    server.greeting,
    /Passkeys are off: browsers make none for an IP address, and ISSUER has 127\.0\.0\.1\. Use a name\./,
  )
  const challenge = () => fetch(`${server.url}/auth/passkeys/challenge`, { method: 'POST' })
  assert.equal((await challenge()).status, 404)
  await server.stop()
})
