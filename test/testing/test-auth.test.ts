import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { UserError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, type TestAuth } from '../../src/testing/test-auth.ts'

let auth: TestAuth
let app: FastifyInstance

before(async () => {
  auth = await createTestAuth({ roles: { admin: ['*'], member: ['items:read'] } })
  app = await buildApp({ auth, docs: false })
})
after(async () => {
  await app.close()
  await auth.close()
})

const me = async (headers: { readonly authorization: string }) =>
  await app.inject({ url: '/me', headers: { ...headers } })

test('a request acts as a user who did not exist, with the role that the test names', async () => {
  const answer = await me(await auth.actAs('Alice', { role: 'admin' }))
  const { username, role, scope } = answer.json()
  assert.deepEqual({ username, role, scope }, { username: 'alice', role: 'admin', scope: '*' })
  const again = (await me(await auth.actAs('alice'))).json()
  assert.equal(again.role, 'admin')
  assert.equal((await auth.users.counts()).total, 1)
})

test('a role that the user has not is given, and a role that there is not is refused', async () => {
  await auth.actAs('bob')
  assert.equal((await me(await auth.actAs('bob', { role: 'admin' }))).json().role, 'admin')
  await assert.rejects(auth.actAs('carol', { role: 'emperor' }), UserError)
})

test('the token does what its scopes say', async () => {
  const headers = await auth.actAs('dave', { scopes: ['items:read'] })
  assert.equal((await me(headers)).json().scope, 'items:read')
})

test('the token is a real one: it expires, and ends with the account', async () => {
  const headers = await auth.actAs('erin')
  assert.equal((await me(headers)).statusCode, 200)
  auth.clock.advance(15 * 60 + 60)
  assert.equal((await me(headers)).statusCode, 401)

  const inactive = await auth.actAs('frank')
  const frank = await auth.users.findByUsername('frank')
  await auth.users.deactivate(String(frank?.id))
  assert.equal((await me(inactive)).statusCode, 403)
})

test('a password that a test sets is hashed at next to no cost, and at the real one if asked for', async () => {
  const hashOf = async (each: TestAuth): Promise<string> => {
    await each.users.create({ username: 'grace', password: 'three green tractors sing' })
    return String((await each[internals].store.users.findByUsername('grace'))?.passwordHash)
  }
  assert.match(await hashOf(auth), /\$m=8,t=1,p=1\$/)
  const real = await createTestAuth({ passwordHash: {} })
  assert.match(await hashOf(real), /\$m=19456,t=2,p=1\$/)
  await real.close()
})
