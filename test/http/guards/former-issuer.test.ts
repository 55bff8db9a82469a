import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { BearerError } from '../../../src/http/refusal.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'

const today = 'http://localhost:8000'
const former = 'http://127.0.0.1:8000'
const told =
  'The access token was issued under the name http://127.0.0.1:8000: log in again, or set ISSUER to it'
const untold = 'Could not validate credentials'

/** What a server of this issuer says of a token. */
async function refusalOf(issuer: string, token: string): Promise<BearerError> {
  const guards = createGuards(await createTestAuth({ issuer }))
  const headers = new Headers({ authorization: `Bearer ${token}` })
  const refusal = await guards.accessToken({ headers }).then(
    () => assert.fail('the token was accepted'),
    (error) => error,
  )
  assert.ok(refusal instanceof BearerError)
  assert.equal(refusal.statusCode, 401)
  return refusal
}

async function tokenOf(issuer: string): Promise<string> {
  const auth = await createTestAuth({ issuer })
  const { id } = await auth.users.create({ username: 'alice', password: goodPassword })
  return (await createAccessToken(auth, id)) ?? assert.fail('there is no such user')
}

function claiming(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.AA`
}

test('a token of the former default issuer is told what it was issued under', async () => {
  const { message, headers } = await refusalOf(today, await tokenOf(former))
  assert.equal(message, told)
  assert.equal(
    headers['www-authenticate'],
    `Bearer error="invalid_token", error_description="${told}"`,
  )
})

test('a forged one is told the same, so that the words prove nothing about the rest', async () => {
  assert.equal((await refusalOf(today, claiming({ iss: former }))).message, told)
})

for (const [name, issuer, token] of [
  ['of another port', today, claiming({ iss: 'http://127.0.0.1:9000' })],
  ['of today’s issuer', today, claiming({ iss: today })],
  ['for an issuer that is no default', 'http://localhost:8000/auth', claiming({ iss: former })],
  ['for an issuer with a name of its own', 'https://auth.example.com', claiming({ iss: former })],
  ['without claims', today, claiming(null)],
  ['that is no JWT', today, 'nonsense'],
  ['that is too long', today, claiming({ iss: former, x: 'x'.repeat(9000) })],
] as const) {
  test(`a token ${name} is told nothing`, async () => {
    assert.equal((await refusalOf(issuer, token)).message, untold)
  })
}
