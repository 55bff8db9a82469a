// Passkeys, as every framework mounts them.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Auth } from '../../src/core/auth.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { makeAuthenticator } from '../server/factors/authenticator.ts'
import { passkeyGrant } from '../server/factors/passkey-user.ts'
import { mountEverywhere } from './every-framework.ts'

const auth = await createTestAuth({
  ...{ issuer: 'https://auth.example.test', factors: { passkeys: true } },
})
const { asks, close } = await mountEverywhere(auth as Auth, { prefix: '/api' })
after(async () => {
  await close()
  await auth.close()
})

for (const [framework, ask] of Object.entries(asks)) {
  test(`a passkey is made, and logs in: ${framework}`, async () => {
    const username = `of-${framework}`
    await auth.users.create({ username, password: goodPassword })
    const send = async (path: string, init: RequestInit, status: number) => {
      const answer = await ask(`/api${path}`, { method: 'POST', ...init })
      const text = await answer.text()
      assert.equal(answer.status, status, text)
      return JSON.parse(text)
    }
    const form = (fields: Readonly<Record<string, string>>) => ({
      body: new URLSearchParams(fields),
    })
    const login = await send('/auth/token', form({ username, password: goodPassword }), 200)
    const authorization = `Bearer ${login.access_token}`
    const key = makeAuthenticator()
    const asked = await send('/me/factors/passkeys/challenge', { headers: { authorization } }, 200)
    const { challenge_id, public_key } = asked
    const body = JSON.stringify({ challenge_id, credential: key.create(public_key) })
    const headers = { authorization, 'content-type': 'application/json' }
    const made = await send('/me/factors/passkeys', { headers, body }, 201)
    assert.equal(made.recovery_codes.length, 8)

    const challenge = await send('/auth/passkeys/challenge', {}, 200)
    const shown = {
      ...{ grant_type: passkeyGrant, challenge_id: challenge.challenge_id },
      credential: JSON.stringify(key.get(challenge.public_key)),
    }
    const tokens = await send('/auth/token', form(shown), 200)
    assert.equal(typeof tokens.access_token, 'string')
    assert.equal((await send('/auth/token', form(shown), 400)).error, 'invalid_grant')
  })
}
