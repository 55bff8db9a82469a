// Two processes on one store: what one does to the keys, the other sees.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { SignJWT } from 'jose'
import type { Auth } from '../../src/core/auth.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { UnavailableError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import type { Store } from '../../src/core/store.ts'
import type { GuardedRequest } from '../../src/http/bearer.ts'
import type { Guard } from '../../src/http/guards/guard.ts'
import { createGuards, type Guards } from '../../src/http/guards/guards.ts'
import { BearerError } from '../../src/http/refusal.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'

const outage = new UnavailableError('The database cannot be used now', 2)

interface Processes {
  readonly here: Auth
  readonly there: Auth
  readonly guards: Guards
  /** The guards that load the user. */
  readonly userGuards: readonly Guard<unknown>[]
  /** A new access token, issued by either process. */
  issue(by?: Auth): Promise<string>
  /** From now on the store of `here` cannot be asked this. */
  breakHere(name: keyof Store['signingKeys']): void
  versionsRead(): number
}

async function start(t: TestContext): Promise<Processes> {
  const store = memory()
  const clock = createTestClock()
  let versions = 0
  const signingKeys = {
    ...store.signingKeys,
    version() {
      versions++
      return store.signingKeys.version()
    },
  }
  const permissions = { 'items:read': 'Read items' }
  const here = await createTestAuth({ store: { ...store, signingKeys }, clock, permissions })
  const there = await createTestAuth({ store, clock })
  const guards = createGuards(here)
  const { id } = await here.users.create({ username: 'alice', password: null, role: 'admin' })
  t.after(() => here.close())
  return {
    here,
    there,
    guards,
    userGuards: [
      guards.userEvenIfInactive,
      guards.activeUser,
      guards.requireRole('admin'),
      guards.requirePermission('items:read'),
    ],
    issue: async (by = here) => (await createAccessToken(by, id)) ?? '',
    breakHere: (name) => void Object.assign(signingKeys, { [name]: () => Promise.reject(outage) }),
    versionsRead: () => versions,
  }
}

const bearer = (token: string): GuardedRequest => ({
  headers: { authorization: `Bearer ${token}` },
})
const isInvalidToken = (error: unknown) =>
  error instanceof BearerError && error.code === 'invalid_token'

test('a key that another process retired is refused on the very next guarded request (KM-03)', async (t) => {
  const { here, there, userGuards, issue } = await start(t)
  for (const guard of userGuards) {
    const token = await issue()
    await guard(bearer(token))
    await guard(bearer(token))
    await there.managedKeys?.retire(here[internals].keys.current.id)
    await assert.rejects(guard(bearer(token)), isInvalidToken)
    await guard(bearer(await issue()))
  }
})

test('the guard that loads no user learns of it with the next thing that does (KM-03)', async (t) => {
  const { here, there, guards, issue } = await start(t)
  const token = await issue()
  await guards.accessToken(bearer(token))
  await there.managedKeys?.retire(here[internals].keys.current.id)
  await here.managedKeys?.maintain()
  await assert.rejects(guards.accessToken(bearer(token)), isInvalidToken)
})

test('a token that was signed with a key that another process just made is accepted at once', async (t) => {
  const { here, there, userGuards, issue } = await start(t)
  for (const guard of userGuards) {
    await there.managedKeys?.rotate({ atOnce: true })
    const token = await issue(there)
    assert.notEqual(
      there[internals].keys.current.id,
      here[internals].keys.current.id,
      'not known here yet',
    )
    await guard(bearer(token))
  }
})

test('no process signs with a key that another one has retired (KM-04)', async (t) => {
  const { here, there, guards, issue } = await start(t)
  const { id } = here[internals].keys.current
  await there.managedKeys?.retire(id)
  const { keyId } = await guards.accessToken(bearer(await issue()))
  assert.notEqual(keyId, id)
})

test('while the keys cannot be read, nothing is granted on the word of an old copy (BR-06)', async (t) => {
  const { here, there, userGuards, issue, breakHere } = await start(t)
  const token = await issue()
  await there.managedKeys?.retire(here[internals].keys.current.id)
  breakHere('read')
  for (const guard of userGuards) {
    await assert.rejects(guard(bearer(token)), (error) => error === outage)
  }
})

test('while the version cannot be read, nothing is signed, and no unknown key is judged (BR-06)', async (t) => {
  const { there, guards, issue, breakHere } = await start(t)
  const known = await issue()
  await there.managedKeys?.rotate({ atOnce: true })
  const unknown = await issue(there)
  breakHere('version')
  await assert.rejects(issue(), (error) => error === outage)
  await assert.rejects(guards.accessToken(bearer(unknown)), (error) => error === outage)
  assert.ok(await guards.accessToken(bearer(known)))
})

test('many tokens of unknown keys at once cost the store no more than two looks', async (t) => {
  const { guards, issue, versionsRead } = await start(t)
  await guards.activeUser(bearer(await issue()))
  const before = versionsRead()
  const key = new TextEncoder().encode(randomUUID())
  const tokens = await Promise.all(
    Array.from({ length: 100 }, () => {
      const header = { alg: 'HS256', typ: 'at+jwt', kid: randomUUID() }
      return new SignJWT({}).setProtectedHeader(header).sign(key)
    }),
  )
  await Promise.all(
    tokens.map((token) => assert.rejects(guards.accessToken(bearer(token)), isInvalidToken)),
  )
  assert.ok(versionsRead() - before <= 2)
})

test("a client's own token is refused on the very next request after another process retired its key (KM-03)", async (t) => {
  const { here, there, guards } = await start(t)
  const clientSecret = await here.clients.register({
    ...{ id: 'job', confidential: true, grants: ['client_credentials'], scopes: ['items:read'] },
  })
  const client = await here.clients.authenticateConfidential({ clientId: 'job', clientSecret })
  const issue = async (): Promise<string> => {
    const about = { subject: 'job', clientId: 'job', scopes: ['items:read'] }
    const endsWith = { clientStamp: client.stamp }
    return (await here[internals].accessTokens.issue({ ...about, endsWith })).token
  }
  for (const guard of [guards.currentClient, guards.requireClient('items:read')]) {
    const token = await issue()
    await guard(bearer(token))
    await there.managedKeys?.retire(here[internals].keys.current.id)
    await assert.rejects(guard(bearer(token)), isInvalidToken)
    await guard(bearer(await issue()))
  }
})
