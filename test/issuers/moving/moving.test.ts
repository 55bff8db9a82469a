// The move of docs/moving-to-an-identity-provider.md, step by step: an application on our own login,
// then on both, then on the provider alone. Its routes do not change.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Auth, createAuth } from '../../../src/core/auth.ts'
import {
  createResourceServer,
  type ResourceServer,
} from '../../../src/core/issuers/resource-server.ts'
import { portcullis } from '../../../src/fastify/portcullis.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import { type Rfc9068Options, rfc9068 } from '../../../src/issuers/rfc9068.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { cheapHashing, goodPassword } from '../../fixtures.ts'
import { audience, type RunningProvider, startRunningProvider } from '../running-provider.ts'
import { itemRoutes } from './item-routes.ts'

const routesHash = '55a295c9b8c4abd50ec820b0465ab049c5498ea4fe8372fa6f8bee25228aa0dd'

const roles = { admin: ['*'], reader: ['items:read'], member: [] }
const directory = mkdtempSync(join(tmpdir(), 'portcullis-moving-'))
let provider: RunningProvider
let theirToken = ''
let machineToken = ''

before(async () => {
  provider = await startRunningProvider()
  theirToken = (await provider.login('alice')).access_token
  machineToken = await provider.machineToken()
})
after(async () => {
  await provider.close()
  rmSync(directory, { recursive: true, force: true })
})

const issuer = (options: Partial<Rfc9068Options>) =>
  rfc9068({ issuer: provider.issuer, audience, allowInsecureLoopback: true, ...options })

const openAuth = (options: Partial<Parameters<typeof createAuth>[0]> = {}): Promise<Auth> =>
  createAuth({
    store: sqlite(join(directory, 'app.db')),
    issuer: 'http://localhost:8000',
    passwordHash: cheapHashing,
    roles,
    ...options,
  })

async function serve(auth: Auth | ResourceServer): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(portcullis, { auth })
  itemRoutes(app, createGuards(auth))
  app.addHook('onClose', () => auth.close())
  return app
}

/** What a token gets at each route: its statuses, and who it is. */
async function rounds(app: FastifyInstance, token: string): Promise<object> {
  const headers = { authorization: `Bearer ${token}` }
  const me = await app.inject({ url: '/me', headers })
  return {
    me: me.statusCode,
    items: (await app.inject({ url: '/items', headers })).statusCode,
    delete: (await app.inject({ method: 'DELETE', url: '/items', headers })).statusCode,
    ...(me.statusCode === 200 && { role: me.json().role, id: me.json().id }),
  }
}

async function login(app: FastifyInstance): Promise<string> {
  const answer = await app.inject({
    method: 'POST',
    url: '/auth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ username: 'alice', password: goodPassword }).toString(),
  })
  return answer.statusCode === 200 ? answer.json().access_token : ''
}

test('the routes of the application are the file that they were', () => {
  const file = readFileSync(join(import.meta.dirname, 'item-routes.ts'))
  assert.equal(createHash('sha256').update(file).digest('hex'), routesHash)
})

let aliceId = ''
let ourToken = ''

test('first: our own login, and nobody else’s tokens', async () => {
  const app = await serve(await openAuth())
  const auth = await openAuth()
  await auth.users.create({ username: 'root', password: goodPassword, role: 'admin' })
  aliceId = (await auth.users.create({ username: 'alice', password: goodPassword, role: 'reader' }))
    .id
  await auth.close()
  ourToken = await login(app)
  const reader = { me: 200, items: 200, delete: 403, role: 'reader', id: aliceId }
  assert.deepEqual(await rounds(app, ourToken), reader)
  assert.deepEqual(await rounds(app, theirToken), { me: 401, items: 401, delete: 401 })
  await app.close()
})

test('then: both at once, and one user whichever way she logs in', async () => {
  const auth = await openAuth({ issuers: [issuer({ users: 'link', clientId: 'web' })] })
  const app = await serve(auth)
  const reader = { me: 200, items: 200, delete: 403, role: 'reader', id: aliceId }
  // Logged-in users stay logged in.
  assert.deepEqual(await rounds(app, ourToken), reader)
  assert.deepEqual(await rounds(app, await login(app)), reader)
  // The same name at the provider is nobody, until an administrator has said who it is.
  assert.deepEqual(await rounds(app, theirToken), { me: 403, items: 403, delete: 403 })
  await auth.identities.link(aliceId, provider.issuer, 'alice')
  assert.deepEqual(await rounds(app, theirToken), reader)

  await auth.users.changeRole(aliceId, 'admin')
  for (const token of [ourToken, theirToken]) {
    const { me, items, role } = (await rounds(app, token)) as Record<string, unknown>
    assert.deepEqual([me, items, role], [200, 200, 'admin'])
  }
  await auth.users.deactivate(aliceId)
  assert.deepEqual(await rounds(app, theirToken), { me: 403, items: 403, delete: 403 })
  await auth.users.reactivate(aliceId)
  await auth.users.changeRole(aliceId, 'reader')
  assert.deepEqual(await rounds(app, theirToken), reader)
  assert.deepEqual(await rounds(app, machineToken), { me: 401, items: 401, delete: 401 })
  await app.close()
})

test('at last: the provider alone, without a database', async () => {
  const app = await serve(
    createResourceServer({
      issuers: [issuer({ roles: { 'team of alice': 'reader' }, defaultRole: null })],
      roles,
    }),
  )
  assert.deepEqual(await rounds(app, theirToken), {
    me: 200,
    items: 200,
    delete: 403,
    role: 'reader',
    id: `${provider.issuer}|alice`,
  })
  assert.deepEqual(await rounds(app, ourToken), { me: 401, items: 401, delete: 401 })
  assert.deepEqual(await rounds(app, machineToken), { me: 403, items: 403, delete: 403 })
  assert.equal(await login(app), '', 'there is no login of ours')
  const { securitySchemes } = (await app.inject({ url: '/openapi.json' })).json().components
  assert.deepEqual(Object.keys(securitySchemes), ['OpenIDConnect'])
  await app.close()
})
