// Other people's tokens behind our guards: whose they are, who the user is, and what they may do.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { JWTPayload } from 'jose'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { ConfigError, UnavailableError } from '../../src/core/errors.ts'
import type { AuthEvent } from '../../src/core/events/event-store.ts'
import { internals } from '../../src/core/internals.ts'
import type { TrustedIssuer } from '../../src/core/issuers/external-issuer.ts'
import { createResourceServer } from '../../src/core/issuers/resource-server.ts'
import { accessTokenMaxLength } from '../../src/core/tokens/token-text.ts'
import { createGuards, type Guards } from '../../src/http/guards/guards.ts'
import { BearerError, Refusal } from '../../src/http/refusal.ts'
import { type KeycloakOptions, keycloak } from '../../src/issuers/keycloak.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../fixtures.ts'
import { makeKey, type ProviderKey, sign, startProvider, type TestProvider } from './provider.ts'

const roles = { admin: ['*'], editor: ['items:read', 'items:write'], member: [] }

let provider: TestProvider
let key: ProviderKey
let clock: TestClock

before(async () => {
  key = await makeKey('k1')
})
beforeEach(async () => {
  provider = await startProvider()
  provider.publish([key])
  clock = createTestClock()
})
afterEach(async () => {
  await Promise.all([provider, ...others.splice(0)].map((each) => each.close()))
})

const others: TestProvider[] = []

/** Another provider, closed when the test is over, however it ends. */
async function startAnother(): Promise<TestProvider> {
  const another = await startProvider()
  others.push(another)
  return another
}

const realm = (options: Partial<KeycloakOptions> = {}): TrustedIssuer =>
  keycloak({
    issuer: provider.origin,
    audience: 'api',
    allowInsecureLoopback: true,
    roles: { boss: 'admin', 'api:writer': 'editor' },
    ...options,
  })

function claims(changes: JWTPayload = {}): JWTPayload {
  return {
    iss: provider.origin,
    sub: 'subject-1',
    aud: 'api',
    typ: 'Bearer',
    azp: 'web',
    jti: randomUUID(),
    iat: clock(),
    exp: clock() + 300,
    preferred_username: 'alice',
    ...changes,
  }
}

const theirs = (changes: JWTPayload = {}, by = key): Promise<string> => sign(by, claims(changes))
const request = (token: string): Request =>
  new Request('https://api.example.com/', { headers: { authorization: `Bearer ${token}` } })

const described = { 'stats:read': 'Read statistics' }

interface Subject {
  readonly auth: Auth
  readonly guards: Guards
}

const opened: Auth[] = []
after(async () => {
  for (const auth of opened) await auth.close()
})

async function open(
  issuer: Partial<KeycloakOptions> = {},
  options: Partial<AuthOptions> = {},
): Promise<Subject> {
  const auth = await createTestAuth({
    clock,
    roles,
    permissions: described,
    issuers: [realm(issuer)],
    ...options,
  })
  opened.push(auth)
  return { auth, guards: createGuards(auth) }
}

/** Fails unless the promise is refused with this status. */
async function assertRefused(promise: Promise<unknown>, status: number): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof Refusal, String(error))
    assert.equal(error.statusCode, status)
    return true
  })
}

test('a token from a clock that is far ahead is refused, as ours is', async () => {
  const { guards } = await open()
  const ahead = (seconds: number) =>
    theirs({ iat: clock() + seconds, exp: clock() + seconds + 300 })
  assert.equal((await guards.activeUser(request(await ahead(60)))).username, 'alice')
  await assertRefused(guards.activeUser(request(await ahead(61))), 401)
  await assertRefused(guards.activeUser(request(await ahead(365 * 86400))), 401)
})

describe('whose token it is (XI-01)', () => {
  test('ours and theirs pass the same guard', async () => {
    const { auth, guards } = await open()
    const user = await auth.users.create({ username: 'bob', password: goodPassword })
    const ours = String(await createAccessToken(auth, user.id))
    assert.equal((await guards.activeUser(request(ours))).username, 'bob')
    assert.deepEqual(provider.requests, [], 'our own token asks nobody')
    assert.equal((await guards.activeUser(request(await theirs()))).username, 'alice')
  })

  test('an issuer that is not configured is asked nothing', async () => {
    const canary = await startAnother()
    canary.publish([key])
    const { guards } = await open()
    for (const iss of [
      canary.origin,
      `${provider.origin}/`,
      `${provider.origin}/../`,
      provider.origin.toUpperCase(),
      [provider.origin],
      { origin: provider.origin },
      7,
      null,
      undefined,
    ]) {
      const token = await theirs({ iss: iss as string })
      await assertRefused(guards.accessToken(request(token)), 401)
    }
    assert.deepEqual(canary.requests, [])
    assert.deepEqual(provider.requests, [])
  })

  test('a token is verified by its own issuer and by no other', async () => {
    const other = await startAnother()
    const otherKey = await makeKey('k1')
    other.publish([otherKey])
    const second = keycloak({ issuer: other.origin, audience: 'api', allowInsecureLoopback: true })
    const { auth, guards } = await open({}, { issuers: [realm(), second] })
    assert.ok(await guards.activeUser(request(await theirs({ iss: other.origin }, otherKey))))
    await assertRefused(guards.accessToken(request(await theirs({ iss: other.origin }))), 401)
    await assertRefused(guards.accessToken(request(await theirs({}, otherKey))), 401)
    // Nor by our own keys, whatever the token says.
    await assertRefused(guards.accessToken(request(await theirs({ iss: auth.issuer }))), 401)
    const forged = await auth[internals].accessTokens.issue({
      subject: 'subject-1',
      clientId: 'web',
      scopes: ['*'],
      role: 'admin',
      endsWith: { userStamp: 'x' },
    })
    const [header, payload = '', signature] = forged.token.split('.')
    const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...claims() }
    const encoded = Buffer.from(JSON.stringify(changed)).toString('base64url')
    await assertRefused(guards.accessToken(request(`${header}.${encoded}.${signature}`)), 401)
  })

  test('their claims do not pass for ours', async () => {
    const { auth } = await open()
    const token = await theirs({ sid: 'session', stamp: 'stamp', scope: '*', roles: ['admin'] })
    const verified = await auth.accessTokens.verify(token)
    assert.ok(verified)
    const { sid, stamp, scope, roles, iss, sub, client_id } = verified.claims
    assert.deepEqual([sid, stamp, scope, roles], [undefined, undefined, '', ['member']])
    assert.deepEqual([iss, sub, client_id], [provider.origin, 'subject-1', 'web'])
    assert.equal(verified.external?.payload.sid, 'session')
    assert.ok(Object.isFrozen(verified) && Object.isFrozen(verified.claims))
  })

  test('a verified token is verified once, and not beyond its end', async () => {
    const { auth } = await open()
    const token = await theirs()
    const first = await auth.accessTokens.verify(token)
    assert.ok(first)
    assert.equal(await auth.accessTokens.verify(token), first)
    clock.advance(300 + 59)
    assert.equal(await auth.accessTokens.verify(token), first)
    clock.advance(1)
    assert.equal(await auth.accessTokens.verify(token), null)
  })

  test('a verified token dies with its key', async () => {
    const { auth } = await open({ refreshAfter: 60 })
    const token = await theirs({ exp: clock() + 86400 })
    assert.ok(await auth.accessTokens.verify(token))
    provider.publish([await makeKey('k2')])
    clock.advance(60)
    assert.ok(await auth.accessTokens.verify(token), 'while the keys are fetched')
    const guard = AbortSignal.timeout(10_000)
    while (auth.issuers.status()[0]?.lastFetchedAt !== clock()) {
      assert.ok(!guard.aborted)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(await auth.accessTokens.verify(token), null)
  })

  test('without keys it is 503, and no handler is reached (BR-06)', async () => {
    const { auth, guards } = await open()
    await provider.close()
    await assert.rejects(guards.activeUser(request(await theirs())), UnavailableError)
    const [status] = auth.issuers.status()
    assert.deepEqual(
      [status?.name, status?.failures, status?.keys, status?.lastFetchedAt],
      ['Keycloak', 1, 0, null],
    )
    assert.match(String(status?.lastFailure), /could not be reached/)
  })
})

describe('users made of tokens', () => {
  test('the user is what the token says, and is in no store', async () => {
    const { auth, guards } = await open()
    const user = await guards.activeUser(
      request(await theirs({ realm_access: { roles: ['x', 'boss'] } })),
    )
    assert.deepEqual(user, {
      id: `${provider.origin}|subject-1`,
      username: 'alice',
      role: 'admin',
      active: true,
      createdAt: clock(),
      ...{ email: null, emailVerified: false, fields: {}, suspendedUntil: null },
    })
    assert.equal((await auth.users.counts()).total, 0)
  })

  test('a name that is no text gives way to the subject', async () => {
    const { guards } = await open()
    for (const name of [undefined, 7, '', 'a\nb', 'a'.repeat(256), ['alice']]) {
      const user = await guards.activeUser(request(await theirs({ preferred_username: name })))
      assert.equal(user.username, 'subject-1')
    }
  })

  test('roles are those of the table, whatever else a token holds (XI-13)', async () => {
    const { guards } = await open()
    const rows: readonly (readonly [JWTPayload, string])[] = [
      [{}, 'member'],
      [{ realm_access: { roles: ['admin', 'Boss', 'boss '] } }, 'member'],
      [{ realm_access: { roles: ['writer'] } }, 'member'],
      [{ resource_access: { api: { roles: ['writer'] } } }, 'editor'],
      [{ resource_access: { other: { roles: ['writer'] } } }, 'member'],
      // The first of the table counts.
      [
        { resource_access: { api: { roles: ['writer'] } }, realm_access: { roles: ['boss'] } },
        'admin',
      ],
      [{ realm_access: { roles: 'boss' } }, 'admin'],
      [{ realm_access: { roles: [{ boss: true }, ['boss'], null] } }, 'member'],
      [{ realm_access: ['boss'] }, 'member'],
      [{ realm_access: { roles: ['__proto__', 'constructor', 'toString'] } }, 'member'],
      [JSON.parse('{"realm_access":{"__proto__":{"roles":["boss"]}}}'), 'member'],
      [JSON.parse('{"__proto__":{"realm_access":{"roles":["boss"]}}}'), 'member'],
      [JSON.parse(`{"realm_access":${'{"a":'.repeat(500)}1${'}'.repeat(500)}}`), 'member'],
    ]
    for (const [payload, role] of rows) {
      const user = await guards.activeUser(request(await theirs(payload)))
      assert.equal(user.role, role, JSON.stringify(payload).slice(0, 80))
    }
  })

  test('without a default role, a user with no role here is refused', async () => {
    const { guards } = await open({ defaultRole: null })
    await assertRefused(guards.activeUser(request(await theirs())), 403)
    const token = await theirs({ realm_access: { roles: ['boss'] } })
    assert.equal((await guards.activeUser(request(token))).role, 'admin')
  })

  test('a permission comes from the role, or from the token by the table', async () => {
    const { guards } = await open({ permissions: { 'read items': 'x', read: 'items:read' } })
    const reader = guards.requirePermission('items:read')
    const writer = guards.requirePermission('items:write')
    const both = guards.requirePermission('items:read', 'items:write')
    const rows: readonly (readonly [JWTPayload, readonly boolean[]])[] = [
      [{}, [false, false, false]],
      [{ scope: 'openid read' }, [true, false, false]],
      [{ scope: 'items:read items:write *' }, [false, false, false]],
      [{ resource_access: { api: { roles: ['writer'] } } }, [true, true, true]],
      [{ realm_access: { roles: ['boss'] } }, [true, true, true]],
    ]
    for (const [payload, expected] of rows) {
      for (const [index, guard] of [reader, writer, both].entries()) {
        const answer = guard(request(await theirs(payload)))
        if (expected[index]) assert.ok(await answer)
        else {
          await assert.rejects(answer, (error) => {
            return error instanceof BearerError && error.code === 'insufficient_scope'
          })
        }
      }
    }
  })

  test('a list of permissions is for those of the same name, and never for all', async () => {
    const { guards } = await open({ permissions: ['items:read', '*'] })
    const token = await theirs({ scope: 'items:read items:write *' })
    assert.ok(await guards.requirePermission('items:read')(request(token)))
    await assertRefused(guards.requirePermission('items:write')(request(token)), 403)
  })

  test('a role is required of them as of ours', async () => {
    const { guards } = await open()
    const boss = await theirs({ realm_access: { roles: ['boss'] } })
    assert.ok(await guards.requireRole('admin')(request(boss)))
    await assertRefused(guards.requireRole('admin')(request(await theirs())), 403)
  })
})

describe('users that are linked', () => {
  test('an identity is a user once an administrator has linked it, and no name is', async () => {
    const { auth, guards } = await open({ users: 'link' })
    const user = await auth.users.create({ username: 'alice', password: goodPassword })
    const token = await theirs({ email: 'alice@example.com', email_verified: true })
    await assertRefused(guards.activeUser(request(token)), 403)
    await auth.identities.link(user.id, provider.origin, 'subject-1')
    assert.deepEqual(await guards.activeUser(request(token)), user)
    assert.equal(await auth.identities.unlink(user.id, provider.origin, 'subject-1'), true)
    await assertRefused(guards.activeUser(request(token)), 403)
  })

  test('the local role and the local deactivation win', async () => {
    const { auth, guards } = await open({ users: 'link' })
    const user = await auth.users.create({ username: 'alice', password: null, role: 'editor' })
    await auth.identities.link(user.id, provider.origin, 'subject-1')
    const token = await theirs({ realm_access: { roles: ['boss'] } })
    await assertRefused(guards.requireRole('admin')(request(token)), 403)
    assert.ok(await guards.requirePermission('items:write')(request(token)))
    await auth.users.changeRole(user.id, 'member')
    await assertRefused(guards.requirePermission('items:write')(request(token)), 403)
    await auth.users.deactivate(user.id)
    await assertRefused(guards.activeUser(request(token)), 403)
    await auth.users.reactivate(user.id)
    assert.ok(await guards.activeUser(request(token)))
    await auth.users.suspend(user.id, auth.clock() + 60)
    await assertRefused(guards.activeUser(request(token)), 403)
    await auth.users.resume(user.id)
    assert.ok(await guards.activeUser(request(token)))
    await auth.users.remove(user.id)
    await assertRefused(guards.activeUser(request(token)), 403)
  })

  test('a table of permissions narrows what the role grants, and never widens it', async () => {
    const { auth, guards } = await open({
      users: 'link',
      permissions: ['items:read', 'stats:read'],
    })
    const user = await auth.users.create({ username: 'alice', password: null, role: 'editor' })
    await auth.identities.link(user.id, provider.origin, 'subject-1')
    const token = await theirs({ scope: 'items:read stats:read' })
    assert.ok(await guards.requirePermission('items:read')(request(token)))
    for (const permission of ['items:write', 'stats:read']) {
      await assertRefused(guards.requirePermission(permission)(request(token)), 403)
    }
  })

  test('a table of clients alone leaves the user all that the role grants (XI-13)', async () => {
    const { auth, guards } = await open({ users: 'link', clientPermissions: ['jobs:run'] })
    const user = await auth.users.create({ username: 'alice', password: null, role: 'editor' })
    await auth.identities.link(user.id, provider.origin, 'subject-1')
    const token = await theirs({ scope: 'jobs:run' })
    assert.ok(await guards.requirePermission('items:write')(request(token)))
    await assertRefused(guards.requirePermission('jobs:run')(request(token)), 403)
    const machine = await theirs({
      ...{ azp: 'jobs', client_id: 'jobs', preferred_username: 'service-account-jobs' },
      scope: 'jobs:run items:read',
    })
    assert.deepEqual((await guards.currentClient(request(machine))).permissions, ['jobs:run'])
  })

  test('a function may name the user, once', async () => {
    const asked: string[] = []
    let userId = ''
    const { auth, guards } = await open({
      users: 'link',
      link: async ({ subject, payload }) => {
        asked.push(subject)
        return payload.employee === '7' ? userId : null
      },
    })
    userId = (await auth.users.create({ username: 'bob', password: null })).id
    await assertRefused(guards.activeUser(request(await theirs())), 403)
    const token = await theirs({ employee: '7' })
    assert.equal((await guards.activeUser(request(token))).id, userId)
    assert.equal((await guards.activeUser(request(token))).id, userId)
    assert.deepEqual(asked, ['subject-1', 'subject-1'])
    assert.equal((await auth.identities.list(userId))[0]?.subject, 'subject-1')
    userId = 'nobody'
    await assertRefused(guards.activeUser(request(await theirs({ employee: '7', sub: 's2' }))), 403)
  })

  test('a link that cannot be is refused, and says why', async () => {
    const { auth } = await open({ users: 'link' })
    const { id } = await auth.users.create({ username: 'alice', password: null })
    const other = await auth.users.create({ username: 'bob', password: null })
    const { identities } = auth
    const rows = [
      [id, `${provider.origin}/`, 's', 'identity_invalid'],
      [id, provider.origin, '', 'identity_invalid'],
      [id, provider.origin, 'a\0b', 'identity_invalid'],
      [id, provider.origin, 'a'.repeat(256), 'identity_invalid'],
      ['nobody', provider.origin, 's', 'user_unknown'],
    ] as const
    for (const [user, issuer, subject, code] of rows) {
      await assert.rejects(identities.link(user, issuer, subject), { code })
    }
    await identities.link(id, provider.origin, 's')
    await assert.rejects(identities.link(other.id, provider.origin, 's'), {
      code: 'identity_taken',
    })
  })
})

describe('users that are created at first sight', () => {
  const create = { users: 'create' } as const

  test('one user for many first requests at once, with the role that is mapped', async () => {
    const { auth, guards } = await open(create)
    const token = await theirs({ realm_access: { roles: ['boss'] } })
    const users = await Promise.all(
      Array.from({ length: 20 }, () => guards.activeUser(request(token))),
    )
    const ids = new Set(users.map(({ id }) => id))
    assert.equal(ids.size, 1)
    assert.deepEqual([users[0]?.username, users[0]?.role], ['alice', 'admin'])
    assert.equal((await auth.users.counts()).total, 1)
  })

  test('a user of the same name is somebody else (XI-12)', async () => {
    const { auth, guards } = await open(create)
    const local = await auth.users.create({
      username: 'alice',
      password: goodPassword,
      role: 'admin',
    })
    const user = await guards.activeUser(request(await theirs()))
    assert.notEqual(user.id, local.id)
    assert.equal(user.role, 'member')
    assert.match(user.username, /^alice\.[0-9a-f]{16}$/)
    for (const name of ['ADMIN ISTRATOR', 'аdmin', undefined]) {
      const token = await theirs({ sub: `subject of ${name}`, preferred_username: name })
      assert.match((await guards.activeUser(request(token))).username, /^user\.[0-9a-f]{16}$/)
    }
  })

  test('a name that is an address which somebody has verified here is somebody else (AC-08, AC-10)', async () => {
    const { auth, guards } = await open(create)
    const email = 'Ann@example.com'
    const ann = { username: 'ann', password: null, email }
    const local = await auth.users.create({ ...ann, emailVerified: true })
    const payload = { email, email_verified: true, preferred_username: email }
    const user = await guards.activeUser(request(await theirs(payload)))
    assert.notEqual(user.id, local.id)
    assert.match(user.username, /^ann@example\.com\.[0-9a-f]{16}$/)
    assert.equal((await auth.users.findByEmail(email))?.id, local.id)
  })

  test('the same subject of two issuers is two users (XI-12)', async () => {
    const other = await startAnother()
    other.publish([key])
    const options = { audience: 'api', allowInsecureLoopback: true, ...create }
    const second = keycloak({ issuer: other.origin, ...options })
    const { guards } = await open({}, { issuers: [realm(create), second] })
    const first = await guards.activeUser(request(await theirs()))
    const twin = await guards.activeUser(request(await theirs({ iss: other.origin })))
    assert.notEqual(twin.id, first.id)
  })

  test('later the local role counts, and a deactivation', async () => {
    const { auth, guards } = await open(create)
    const { id } = await guards.activeUser(request(await theirs()))
    await auth.users.changeRole(id, 'editor')
    const token = await theirs({ realm_access: { roles: ['boss'] } })
    assert.equal((await guards.activeUser(request(token))).role, 'editor')
    await auth.users.deactivate(id)
    await assertRefused(guards.activeUser(request(token)), 403)
  })

  test('nobody is created without a role', async () => {
    const { auth, guards } = await open({ ...create, defaultRole: null })
    await assertRefused(guards.activeUser(request(await theirs())), 403)
    assert.equal((await auth.users.counts()).total, 0)
  })
})

describe('a resource server', () => {
  test('has the same guards, and accepts no token but those of its issuers', async () => {
    const server = createResourceServer({ issuers: [realm()], roles, clock })
    const guards = createGuards(server)
    const token = await theirs({ resource_access: { api: { roles: ['writer'] } } })
    assert.equal((await guards.activeUser(request(token))).role, 'editor')
    assert.ok(await guards.requirePermission('items:write')(request(token)))
    await assertRefused(guards.requireRole('admin')(request(token)), 403)
    await assertRefused(guards.accessToken(request(await theirs({ iss: 'http://localhost' }))), 401)
    await assertRefused(guards.accessToken(request('x')), 401)
    await assertRefused(guards.accessToken(new Request('https://api.example.com/')), 401)
    await server.close()
  })

  test('has nowhere to keep users, and says so with every other mistake', () => {
    assert.throws(
      () =>
        createResourceServer({
          issuers: [realm({ users: 'create', roles: { a: 'king' } }), realm()],
          roles,
          defaultRole: 'queen',
        }),
      (error) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.problems.length, 4)
        assert.match(error.message, /king/)
        assert.match(error.message, /named twice/)
        assert.match(error.message, /default role/)
        assert.match(error.message, /no store to keep users in/)
        return true
      },
    )
    assert.throws(() => createResourceServer({ issuers: [] }), /at least one issuer/)
    const misspelt = { issuers: [realm()], rols: {} }
    assert.throws(() => createResourceServer(misspelt), /no option "rols". Did you mean roles/)
  })
})

describe('a machine of another issuer', () => {
  const machine = (changes: JWTPayload = {}): Promise<string> =>
    theirs({
      sub: 'service-account-id',
      azp: 'jobs',
      client_id: 'jobs',
      preferred_username: 'service-account-jobs',
      scope: 'read',
      realm_access: { roles: ['boss', 'writer'] },
      ...changes,
    })

  for (const users of ['token', 'link', 'create'] as const) {
    test(`is a client, and no user of it is made, with users: '${users}' (AZ-05)`, async () => {
      const permissions = { read: 'items:read', writer: 'items:write', boss: '*' }
      const { auth, guards } = await open({ users, permissions })
      const call = request(await machine())
      for (const guard of [guards.activeUser, guards.requireRole('admin')]) {
        await assertRefused(guard(call), 403)
      }
      const client = {
        id: `${provider.origin}|jobs`,
        name: 'jobs',
        permissions: ['items:read', 'items:write'],
      }
      assert.deepEqual(await guards.requireClient('items:write')(call), client)
      assert.deepEqual(await guards.requireCaller('items:read')(call), { kind: 'client', client })
      // No role of a table, no default role and no `*` gives it more.
      await assertRefused(guards.requireClient('stats:read')(call), 403)
      assert.equal(await auth.issuers.findUser(await guards.accessToken(call)), null)
      assert.equal((await auth.users.counts()).total, 0)
    })

    test(`may do nothing without a table of permissions, with users: '${users}' (XI-13)`, async () => {
      const { guards } = await open({ users })
      const call = request(await machine())
      assert.deepEqual((await guards.currentClient(call)).permissions, [])
      await assertRefused(guards.requireClient('items:read')(call), 403)
    })
  }

  test('is told from a user on a resource server too', async () => {
    const server = createResourceServer({
      issuers: [realm({ permissions: ['read'] })],
      roles,
      clock,
    })
    const guards = createGuards(server)
    const client = await guards.requireClient('read')(request(await machine()))
    assert.equal(client.name, 'jobs')
    await assertRefused(guards.currentClient(request(await theirs())), 403)
    const caller = await guards.currentCaller(request(await theirs()))
    assert.equal(caller.kind, 'user')
    await server.close()
  })
})

test('a fetch of keys that failed is an event, no more often than there are fetches', async () => {
  const { auth, guards } = await open({ cooldown: 30, refreshAfter: 60 })
  const heard: AuthEvent[] = []
  auth.events.subscribe((event) => heard.push(event))
  const call = async (): Promise<unknown> => await guards.activeUser(request(await theirs()))
  await call()
  assert.deepEqual(heard, [])
  provider.serve('/jwks', (_request, response) => response.writeHead(500).end())
  clock.advance(60)
  const failure = {
    type: 'issuer_keys_failed',
    outcome: 'failure',
    actor: 'system',
    details: { issuer: provider.origin },
    reason: `${provider.origin}/jwks answered 500, not 200`,
    at: clock(),
  }
  // The earlier keys serve the request, and the fetch runs in the background.
  const { promise: recorded, resolve } = Promise.withResolvers<AuthEvent>()
  const unsubscribe = auth.events.subscribe(resolve)
  for (let each = 0; each < 20; each++) await call()
  const { id: _id, ...told } = await recorded
  assert.deepEqual(told, failure)
  unsubscribe()
  for (let each = 0; each < 20; each++) await call()
  assert.equal(heard.length, 1)
})

test('a token that is longer than any of ours is not looked at (DR-01)', async () => {
  const server = createResourceServer({ clock, roles, issuers: [realm()] })
  const [short, long] = [
    await theirs({ padding: 'x'.repeat(5000) }),
    await theirs({ padding: 'x'.repeat(6500) }),
  ]
  assert.ok(short.length < accessTokenMaxLength && long.length > accessTokenMaxLength)
  assert.equal(await server.accessTokens.verify(long), null)
  assert.deepEqual(provider.requests, [])
  assert.ok(await server.accessTokens.verify(short))
  await server.close()
})

describe('a guard of recent logins', () => {
  test('takes what another issuer says of the login, and nothing for the oldest (AC-95)', async () => {
    const { guards } = await open()
    const recent = guards.requireRecentLogin()
    assert.ok(await recent(request(await theirs({ auth_time: clock() - 300 }))))
    for (const auth_time of [undefined, clock() - 301, clock() + 31, String(clock()), null]) {
      const refused = recent(request(await theirs({ auth_time, acr: '2fa' })))
      await assert.rejects(refused, { code: 'insufficient_user_authentication', statusCode: 401 })
    }
  })

  test('one of second factors takes what it says of their strength, and nothing for the weakest (AC-95)', async () => {
    const { guards } = await open()
    const of = async (acr: unknown) => request(await theirs({ acr } as JWTPayload))
    const [any, strong] = [guards.requireFactor('any'), guards.requireFactor('phishing-resistant')]
    assert.ok(await any(await of('2fa')))
    for (const guard of [any, strong]) assert.ok(await guard(await of('phr')))
    for (const [guard, acr] of [
      ...[undefined, null, '', '1', '1fa', 2, ['2fa']].map((acr) => [any, acr] as const),
      [strong, '2fa'] as const,
    ]) {
      const refused = guard(await of(acr))
      await assert.rejects(refused, { code: 'insufficient_user_authentication', statusCode: 401 })
    }
  })
})
