// Guards that tell a user from a client that acts for itself.

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Auth } from '../../src/core/auth.ts'
import type { ConfiguredClient } from '../../src/core/clients/configured.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { internals } from '../../src/core/internals.ts'
import type { Store } from '../../src/core/store.ts'
import type { AccessToken } from '../../src/core/tokens/access-token.ts'
import type { Guard } from '../../src/http/guards/guard.ts'
import { createGuards, type Guards } from '../../src/http/guards/guards.ts'
import { Refusal } from '../../src/http/refusal.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'
import { plainSecret } from './clients.ts'

const secretKey = 'o4Vh0Yk2bq7Zt1LxN8sWcE5rJ3uGmPdA'
const roles = { admin: ['*'], editor: ['items:read', 'items:write'], member: [] }
const jobs: ConfiguredClient = {
  id: 'jobs',
  name: 'Nightly jobs',
  secret: plainSecret,
  grants: ['client_credentials'],
  scopes: ['items:read', 'items:write'],
}
const clock = createTestClock()

let store: Store
let auth: Auth
let guards: Guards

/** What only clients have, that are registered at run time. */
const permissions = { 'stats:read': '', a: '', b: '' }

/** A process on the same store, with a configuration of its own. */
async function open(clients: readonly ConfiguredClient[]): Promise<Auth> {
  return await createTestAuth({ store, clock, roles, secretKey, clients, permissions })
}

beforeEach(async () => {
  store = memory()
  auth = await open([jobs])
  guards = createGuards(auth)
})

const request = (token: string): Request =>
  new Request('https://api.example.com/', { headers: { authorization: `Bearer ${token}` } })

async function tokenOfClient(
  clientSecret = plainSecret,
  scopes = ['items:read', 'items:write'],
): Promise<string> {
  const credentials = { clientId: 'jobs', clientSecret }
  const { id, stamp } = await auth.clients.authenticateConfidential(credentials)
  const endsWith = { clientStamp: stamp }
  return (await auth[internals].accessTokens.issue({ subject: id, clientId: id, scopes, endsWith }))
    .token
}

async function tokenOfUser(role: string, scopes?: readonly string[]): Promise<string> {
  const user = await auth.users.create({ username: role, password: null, role })
  return String(await createAccessToken(auth, user.id, scopes))
}

async function refusal(guard: Guard<unknown>, token: string): Promise<readonly [number, string]> {
  const error = await guard(request(token)).then(
    () => assert.fail('let it pass'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Refusal, String(error))
  return [error.statusCode, error.message]
}

const usersOnly = [403, 'This needs a user: the token is one that a client has for itself'] as const
const clientsOnly = [403, 'This needs a client: the token is that of a user'] as const
const lacking = [403, 'Not enough permissions'] as const
const invalid = [401, 'Could not validate credentials'] as const

const client = { id: 'jobs', name: 'Nightly jobs', permissions: ['items:read', 'items:write'] }

describe("a client's own token", () => {
  test('passes no guard that gives a user (AZ-05)', async () => {
    const token = await tokenOfClient()
    const { activeUser, userEvenIfInactive, requireRole, requirePermission } = guards
    for (const guard of [
      activeUser,
      userEvenIfInactive,
      requireRole('admin'),
      requirePermission('items:read'),
    ]) {
      assert.deepEqual(await refusal(guard, token), usersOnly)
    }
    assert.equal((await guards.accessToken(request(token))).kind, 'client')
  })

  test('gives the client, and what it may do', async () => {
    const token = await tokenOfClient()
    assert.deepEqual(await guards.currentClient(request(token)), client)
    assert.deepEqual(await guards.requireClient('items:write')(request(token)), client)
    const caller = { kind: 'client', client }
    assert.deepEqual(await guards.currentCaller(request(token)), caller)
    assert.deepEqual(await guards.requireCaller('items:read')(request(token)), caller)
  })

  test('needs the permission in its scope and in the registration (AZ-06)', async () => {
    const narrow = await tokenOfClient(plainSecret, ['items:read', 'stats:read'])
    for (const require of [guards.requireClient, guards.requireCaller]) {
      assert.ok(await require('items:read')(request(narrow)))
      for (const permission of ['items:write', 'stats:read', 'a']) {
        assert.deepEqual(await refusal(require(permission), narrow), lacking)
      }
      assert.deepEqual(await refusal(require('items:read', 'items:write'), narrow), lacking)
    }
  })

  test('is not widened by a "*" in it (AZ-06)', async () => {
    const token = await tokenOfClient(plainSecret, ['*'])
    assert.deepEqual(await guards.currentClient(request(token)), client)
    assert.deepEqual(await refusal(guards.requireClient('stats:read'), token), lacking)
  })

  test('of another issuer is not widened by a "*" either, wherever that came from (AZ-06)', async () => {
    const own = await auth.accessTokens.verify(await tokenOfClient())
    assert.ok(own)
    const external = { issuer: 'https://id.example.com' } as NonNullable<AccessToken['external']>
    const verify = () => ({ ...own, external, scopes: ['*'] })
    const made = createGuards({ ...auth, accessTokens: { ...auth.accessTokens, verify } })
    assert.ok(await made.currentClient(request('token')))
    assert.deepEqual(await refusal(made.requireClient('items:read'), 'token'), lacking)
    assert.deepEqual(await refusal(made.requireCaller('items:read'), 'token'), lacking)
  })

  const changes: readonly (readonly [string, readonly ConfiguredClient[]])[] = [
    ['the client', []],
    ['the grant', [{ ...jobs, grants: ['password'] }]],
    ['the secret', [{ ...jobs, secret: `${plainSecret}a` }]],
  ]
  for (const [title, clients] of changes) {
    test(`ends with ${title}, at the next request (RI-07)`, async () => {
      const token = await tokenOfClient()
      const { currentClient, currentCaller, requireClient } = createGuards(await open(clients))
      for (const guard of [currentClient, currentCaller, requireClient('items:read')]) {
        assert.deepEqual(await refusal(guard, token), invalid)
      }
    })
  }

  test('loses a scope with the client, at the next request (AZ-06)', async () => {
    const token = await tokenOfClient()
    const later = createGuards(await open([{ ...jobs, scopes: ['items:read'] }]))
    assert.ok(await later.requireClient('items:read')(request(token)))
    assert.deepEqual(await refusal(later.requireClient('items:write'), token), lacking)
    const without = createGuards(await open([{ ...jobs, scopes: [] }]))
    assert.deepEqual(await refusal(without.requireClient('items:read'), token), lacking)
  })

  test('ends with a stored client and with its secret, at the next request (RI-07)', async () => {
    auth = await open([])
    const { currentClient } = createGuards(auth)
    const other = createGuards(await open([])).currentClient
    const { secret: _, ...unregistered } = jobs
    const registered = { ...unregistered, confidential: true } as const
    const first = await tokenOfClient(await auth.clients.register(registered))
    assert.ok(await other(request(first)))
    const second = await tokenOfClient(await auth.clients.replaceSecret('jobs'))
    for (const guard of [currentClient, other]) {
      assert.deepEqual(await refusal(guard, first), invalid)
      assert.ok(await guard(request(second)))
    }
    await auth.clients.remove('jobs')
    for (const guard of [currentClient, other]) {
      assert.deepEqual(await refusal(guard, second), invalid)
    }
  })
})

describe("a user's token", () => {
  test('passes no guard that gives a client', async () => {
    const token = await tokenOfUser('admin')
    assert.deepEqual(await refusal(guards.currentClient, token), clientsOnly)
    assert.deepEqual(await refusal(guards.requireClient('items:read'), token), clientsOnly)
  })

  test('gives the user to a guard for both, by the rules for users', async () => {
    const token = await tokenOfUser('editor', ['items:read'])
    const user = await guards.activeUser(request(token))
    assert.deepEqual(await guards.currentCaller(request(token)), { kind: 'user', user })
    const reader = guards.requireCaller('items:read')
    assert.deepEqual(await reader(request(token)), { kind: 'user', user })
    assert.deepEqual(await refusal(guards.requireCaller('items:write'), token), lacking)
    await auth.users.changeRole(user.id, 'member')
    assert.deepEqual(await refusal(reader, token), lacking)
    await auth.users.deactivate(user.id)
    assert.deepEqual(await refusal(reader, token), [403, 'Inactive user'])
  })
})

test('a caller who is an inactive user is refused, with a token of afterwards too (AZ-08)', async () => {
  const { id } = await auth.users.create({ username: 'gone', password: null, role: 'editor' })
  await auth.users.deactivate(id)
  const token = String(await createAccessToken(auth, id))
  assert.ok(await guards.userEvenIfInactive(request(token)))
  assert.deepEqual(await refusal(guards.currentCaller, token), [403, 'Inactive user'])
})

test('guards of permissions name them, and want some', () => {
  const { requireClient, requireCaller, currentCaller } = guards
  assert.deepEqual(requireClient('a', 'b').documentation, {
    scopes: ['a', 'b'],
    conditions: ['a client that acts for itself'],
    authenticates: true,
    optional: false,
  })
  assert.deepEqual(requireCaller('a').documentation.scopes, ['a'])
  assert.deepEqual(currentCaller.documentation.conditions, [
    'an active user, or a client that acts for itself',
  ])
  for (const require of [requireClient, requireCaller]) {
    assert.throws(() => (require as (...none: string[]) => unknown)(), TypeError)
    assert.throws(() => require('a b'), TypeError)
  }
})
