// The move, with a certified OpenID provider whose tokens look like those of a Keycloak realm.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createDirectory } from '../cli/process.ts'
import {
  audience,
  type RunningProvider,
  startRunningProvider,
} from '../issuers/running-provider.ts'
import { logIn, requestToken, startExample, statusOf } from './process.ts'

const directory = createDirectory()
let realm: RunningProvider
let theirs: { readonly authorization: string }
let environment: Readonly<Record<string, string>>

before(async () => {
  realm = await startRunningProvider({
    claims: (clientId) => ({ typ: 'Bearer', azp: clientId, realm_access: { roles: ['staff'] } }),
  })
  theirs = { authorization: `Bearer ${(await realm.login('f1d2')).access_token}` }
  environment = { REALM: realm.issuer, AUDIENCE: audience }
})
after(() => realm.close())

/** Who a token is, and what it gets at the routes that read and delete. */
async function outcome(url: string, headers?: { readonly authorization: string }): Promise<object> {
  const me = await fetch(`${url}/me`, { ...(headers && { headers }) })
  const statuses = [me.status]
  for (const method of ['GET', 'DELETE']) {
    statuses.push((await statusOf(`${url}/items`, { method, ...(headers && { headers }) }))[0])
  }
  const { username, role } = await me.json()
  return me.ok ? { statuses, username, role } : { statuses }
}

const refused = (status: number): object => ({ statuses: [status, status, status] })
const alice = { statuses: [200, 200, 200], username: 'alice', role: 'admin' }

test('keycloak: before the move our own login counts alone', async (t) => {
  const { url } = await startExample(t, 'keycloak/before.ts', environment, { directory })
  assert.deepEqual(await outcome(url), refused(401))
  assert.deepEqual(await outcome(url, await logIn(url, 'alice')), alice)
  assert.deepEqual(await outcome(url, theirs), refused(401))
})

test('keycloak: during the move nobody is somebody by a name, but by a link', async (t) => {
  const { url } = await startExample(t, 'keycloak/during.ts', environment, { directory })
  assert.deepEqual(await outcome(url, await logIn(url, 'alice')), alice)
  assert.deepEqual(await outcome(url, theirs), refused(403))
})

test('keycloak: a linked account is the user, beside our own login', async (t) => {
  const options = { directory, words: ['alice', 'f1d2'] }
  const { url } = await startExample(t, 'keycloak/during.ts', environment, options)
  assert.deepEqual(await outcome(url, await logIn(url, 'alice')), alice)
  assert.deepEqual(await outcome(url, theirs), alice)
})

test('keycloak: after the move the realm alone says who may', async (t) => {
  const { url } = await startExample(t, 'keycloak/after.ts', environment)
  const staff = { statuses: [200, 200, 403], username: 'f1d2', role: 'reader' }
  assert.deepEqual(await outcome(url, theirs), staff)
  assert.deepEqual(await outcome(url), refused(401))
  assert.equal((await requestToken(url, 'alice')).status, 404)
})
