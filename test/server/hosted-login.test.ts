// What the ready server says of login by browser when it starts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDirectory, serve } from '../cli/process.ts'

test('the address that a server with login by browser prints shows the form', async () => {
  const server = await serve(createDirectory(), { HOSTED_LOGIN: 'true' })
  const address = server.greeting.match(/Log in at: +(\S+)/)?.[1] ?? ''
  const answer = await fetch(address)
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /name="username"/)
  server.child.kill()
})
