import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { SignJWT } from 'jose'
import type { Auth } from '../../../src/core/auth.ts'
import { createAccessToken } from '../../../src/core/create-access-token.ts'
import { UnavailableError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { createResourceServer } from '../../../src/core/issuers/resource-server.ts'
import type { Store } from '../../../src/core/store.ts'
import { bareAccount, type User } from '../../../src/core/users/user.ts'
import type { GuardedRequest } from '../../../src/http/bearer.ts'
import type { Guard } from '../../../src/http/guards/guard.ts'
import { createGuards, type Guards } from '../../../src/http/guards/guards.ts'
import { Refusal } from '../../../src/http/refusal.ts'
import { rfc9068 } from '../../../src/issuers/rfc9068.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../../fixtures.ts'

const roles = {
  admin: ['*'],
  editor: ['items:read', 'items:write'],
  reader: ['items:read'],
  member: [],
}

function bearer(token: string): GuardedRequest {
  return { headers: { authorization: `Bearer ${token}` } }
}

let names = 0
async function signUp(auth: Auth, role: keyof typeof roles): Promise<User> {
  return await auth.users.create({ username: `${role}${++names}`, password: null, role })
}

async function tokenOf(auth: Auth, user: User, scopes?: readonly string[]): Promise<string> {
  const token = await createAccessToken(auth, user.id, scopes)
  assert.ok(token !== null)
  return token
}

/** A token of a session, as a login gives it. */
async function inSession({ id, role }: User): Promise<{ token: string; sessionId: string }> {
  const record = await auth[internals].store.users.findById(id)
  const about = { clientId: 'first-party', scopes: auth.roles.permissionsOf(role) }
  const opened = record && (await auth.sessions.open(record, about))
  assert.ok(opened)
  const sessionId = opened.session.id
  const endsWith = { sessionId }
  const { token } = await auth[internals].accessTokens.issue({
    ...about,
    subject: id,
    role,
    endsWith,
  })
  return { token, sessionId }
}

/** What a client sees of a guard's refusal. */
async function refusalOf(guard: Guard<unknown>, request: GuardedRequest) {
  const error = await guard(request).then(
    () => assert.fail('The guard let the request pass.'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Refusal, String(error))
  return { status: error.statusCode, detail: error.message, headers: error.headers }
}

const notAuthenticated = {
  status: 401,
  detail: 'Not authenticated',
  headers: { 'www-authenticate': 'Bearer' },
}
const invalidToken = {
  status: 401,
  detail: 'Could not validate credentials',
  headers: {
    'www-authenticate':
      'Bearer error="invalid_token", error_description="The access token is invalid, expired or revoked"',
  },
}
const inactiveUser = { status: 403, detail: 'Inactive user', headers: {} }
const wrongRole = { status: 403, detail: 'Not enough permissions', headers: {} }
const missingScope = (scope: string) => ({
  status: 403,
  detail: 'Not enough permissions',
  headers: {
    'www-authenticate': `Bearer error="insufficient_scope", error_description="The access token or its user lacks a permission", scope="${scope}"`,
  },
})

let auth: Auth
let clock: TestClock
let guards: Guards
/** Each guard, with a role that it lets pass. */
let everyGuard: readonly (readonly [name: string, guard: Guard<unknown>])[]
/** Those that load the user. */
let userGuards: typeof everyGuard
/** Those that want an active one. */
let activeGuards: typeof everyGuard

before(async () => {
  clock = createTestClock()
  auth = await createTestAuth({ clock, roles })
  guards = createGuards(auth)
  activeGuards = [
    ['activeUser', guards.activeUser],
    ['activeUser', guards.activeUser],
    ['requireRole', guards.requireRole('editor')],
    ['requirePermission', guards.requirePermission('items:read')],
  ]
  userGuards = [['userEvenIfInactive', guards.userEvenIfInactive], ...activeGuards]
  everyGuard = [['accessToken', guards.accessToken], ...userGuards]
})

describe('every guard', () => {
  test('lets a good token of a user who may pass', async () => {
    const user = await signUp(auth, 'editor')
    const request = bearer(await tokenOf(auth, user))
    for (const [, guard] of userGuards) assert.deepEqual(await guard(request), user)
    const { claims, scopes } = await guards.accessToken(request)
    assert.equal(claims.sub, user.id)
    assert.deepEqual(scopes, roles.editor)
  })

  test('lets the same token pass on a web Request', async () => {
    const user = await signUp(auth, 'editor')
    const headers = { authorization: `Bearer ${await tokenOf(auth, user)}` }
    for (const [, guard] of userGuards) {
      assert.deepEqual(await guard(new Request('http://api.test/', { headers })), user)
    }
    for (const [name, guard] of everyGuard) {
      const anonymous = new Request('http://api.test/')
      assert.deepEqual(await refusalOf(guard, anonymous), notAuthenticated, name)
    }
  })

  test('answers a request without credentials with a bare challenge (BR-02)', async () => {
    for (const [name, guard] of everyGuard) {
      for (const headers of [{}, { authorization: 'Bearer' }, { authorization: 'Basic Og==' }]) {
        assert.deepEqual(await refusalOf(guard, { headers }), notAuthenticated, name)
      }
    }
  })

  test('answers two headers with 400, and a malformed token with 401 (BR-02, BR-03)', async () => {
    const token = await tokenOf(auth, await signUp(auth, 'editor'))
    const authorization = `Bearer ${token}`
    const rawHeaders = ['Authorization', authorization, 'Authorization', authorization]
    for (const [name, guard] of everyGuard) {
      for (const request of [
        { headers: { authorization }, rawHeaders },
        { headers: { authorization }, raw: { rawHeaders } },
      ]) {
        const { status, headers } = await refusalOf(guard, request)
        assert.equal(status, 400, name)
        assert.match(headers['www-authenticate'] ?? '', /^Bearer error="invalid_request"/)
      }
      const malformed = { headers: { authorization: `${authorization} x` } }
      const { status, headers } = await refusalOf(guard, malformed)
      assert.equal(status, 401, name)
      assert.match(headers['www-authenticate'] ?? '', /^Bearer error="invalid_token"/)
    }
  })

  test('answers every bad token alike, whatever is wrong with it (BR-02)', async () => {
    const user = await signUp(auth, 'editor')
    const token = await tokenOf(auth, user)
    const [head = '', claims = '', signature = ''] = token.split('.')
    const encode = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url')
    const decode = (part: string): Record<string, unknown> =>
      JSON.parse(Buffer.from(part, 'base64url').toString())
    const stranger = await createTestAuth({ clock, roles })
    await stranger[internals].store.users.create({
      id: user.id,
      username: 'stranger',
      passwordHash: null,
      role: 'admin',
      active: true,
      createdAt: 0,
      securityStamp: 'x',
      ...bareAccount,
    })

    const badTokens = {
      'not a JWT': 'abc',
      'two parts': `${head}.${claims}`,
      'no signature': `${head}.${claims}.`,
      "another token's signature": `${head}.${claims}.${(await tokenOf(auth, user)).split('.')[2]}`,
      'changed claims': `${head}.${encode({ ...decode(claims), roles: ['admin'] })}.${signature}`,
      'no algorithm': `${encode({ ...decode(head), alg: 'none' })}.${claims}.`,
      'a key that we do not have': await tokenOf(stranger, user),
      'another key under our id': await new SignJWT(decode(claims))
        .setProtectedHeader({ ...decode(head), alg: auth[internals].keys.current.algorithm })
        .sign(stranger[internals].keys.current.signWith),
      'too long': `${token}${'A'.repeat(8192)}`,
    }
    for (const [why, bad] of Object.entries(badTokens)) {
      for (const [name, guard] of everyGuard) {
        assert.deepEqual(await refusalOf(guard, bearer(bad)), invalidToken, `${name}: ${why}`)
      }
    }
  })

  test('refuses an expired token, the first time and after it was seen', async () => {
    const unseen = await tokenOf(auth, await signUp(auth, 'editor'))
    const seen = await tokenOf(auth, await signUp(auth, 'editor'))
    clock.advance(auth.accessTokens.lifetime - 1)
    for (const [, guard] of everyGuard) await guard(bearer(seen))
    clock.advance(31)
    for (const [name, guard] of everyGuard) {
      assert.deepEqual(await refusalOf(guard, bearer(seen)), invalidToken, name)
      assert.deepEqual(await refusalOf(guard, bearer(unseen)), invalidToken, name)
    }
  })
})

describe('a guard of users', () => {
  test('refuses the token of a user who was deleted, on the next request', async () => {
    const user = await signUp(auth, 'editor')
    const token = await tokenOf(auth, user)
    for (const [, guard] of userGuards) await guard(bearer(token))
    await auth.users.remove(user.id)
    for (const [name, guard] of userGuards) {
      assert.deepEqual(await refusalOf(guard, bearer(token)), invalidToken, name)
    }
    assert.equal((await guards.accessToken(bearer(token))).claims.sub, user.id)
  })

  test('answers an inactive user with 403 wherever an active one is needed', async () => {
    const user = await signUp(auth, 'editor')
    await auth.users.deactivate(user.id)
    const token = await tokenOf(auth, user)
    for (const [name, guard] of activeGuards) {
      assert.deepEqual(await refusalOf(guard, bearer(token)), inactiveUser, name)
    }
  })

  test('answers a token from before a deactivation with 403 "Inactive user", with a session or without', async () => {
    const user = await signUp(auth, 'editor')
    const old = [(await inSession(user)).token, await tokenOf(auth, user)]
    await auth.users.deactivate(user.id)
    for (const token of old) {
      for (const [name, guard] of userGuards) {
        assert.deepEqual(await refusalOf(guard, bearer(token)), inactiveUser, name)
      }
    }
    // That is no reason any more then, and the tokens stay ended.
    await auth.users.reactivate(user.id)
    for (const token of old) {
      assert.deepEqual(await refusalOf(guards.activeUser, bearer(token)), invalidToken)
    }
  })

  test('answers a token of a revoked session with 401 while its user is active', async () => {
    const { token, sessionId } = await inSession(await signUp(auth, 'editor'))
    assert.equal(await auth.sessions.end(sessionId), true)
    for (const [name, guard] of userGuards) {
      assert.deepEqual(await refusalOf(guard, bearer(token)), invalidToken, name)
    }
  })

  test('says "Inactive user" before it looks at roles and permissions', async () => {
    const user = await signUp(auth, 'member')
    await auth.users.deactivate(user.id)
    const token = await tokenOf(auth, user)
    for (const [name, guard] of activeGuards) {
      assert.deepEqual(await refusalOf(guard, bearer(token)), inactiveUser, name)
    }
  })

  test('lets an inactive user pass if it is userEvenIfInactive', async () => {
    const user = await signUp(auth, 'editor')
    await auth.users.deactivate(user.id)
    const token = await tokenOf(auth, user)
    assert.deepEqual(await guards.userEvenIfInactive(bearer(token)), { ...user, active: false })
  })

  test('never gives out the password hash or the security stamp', async () => {
    const user = await auth.users.create({ username: 'hashed', password: goodPassword })
    const token = await tokenOf(auth, user)
    for (const guard of [guards.activeUser, guards.userEvenIfInactive]) {
      const keys = Object.keys(await guard(bearer(token))).sort()
      assert.deepEqual(keys, [
        ...['active', 'createdAt', 'email', 'emailVerified', 'fields', 'id', 'role'],
        ...['suspendedUntil', 'username'],
      ])
    }
  })

  for (const [event, change] of [
    ['a new password', (id: string) => auth.users.setPassword(id, goodPassword)],
    [
      'a deactivation that was taken back',
      async (id: string) => {
        await auth.users.deactivate(id)
        await auth.users.reactivate(id)
      },
    ],
  ] as const) {
    test(`refuses, after ${event}, the tokens from before, on the next request`, async () => {
      const user = await signUp(auth, 'editor')
      const old = await tokenOf(auth, user)
      for (const [, guard] of userGuards) await guard(bearer(old))
      await change(user.id)
      for (const [name, guard] of userGuards) {
        assert.deepEqual(await refusalOf(guard, bearer(old)), invalidToken, name)
      }
      const fresh = await tokenOf(auth, user)
      assert.equal((await guards.userEvenIfInactive(bearer(fresh))).id, user.id)
    })
  }

  test("does not end another user's tokens with these", async () => {
    const user = await signUp(auth, 'editor')
    const other = await signUp(auth, 'editor')
    const token = await tokenOf(auth, other)
    await auth.users.setPassword(user.id, goodPassword)
    assert.deepEqual(await guards.activeUser(bearer(token)), other)
  })
})

describe('requireRole', () => {
  test('lets each of its roles pass, and no other, not even one that may do everything', async () => {
    const guard = guards.requireRole('editor', 'reader')
    for (const role of ['editor', 'reader'] as const) {
      const user = await signUp(auth, role)
      assert.deepEqual(await guard(bearer(await tokenOf(auth, user))), user)
    }
    for (const role of ['admin', 'member'] as const) {
      const token = await tokenOf(auth, await signUp(auth, role))
      assert.deepEqual(await refusalOf(guard, bearer(token)), wrongRole)
    }
  })

  test('believes the role of today, not that of the token', async () => {
    const user = await signUp(auth, 'reader')
    const token = await tokenOf(auth, user)
    const editors = guards.requireRole('editor')
    const readers = guards.requireRole('reader')
    await readers(bearer(token))
    await auth.users.changeRole(user.id, 'editor')
    assert.equal((await editors(bearer(token))).role, 'editor')
    assert.deepEqual(await refusalOf(readers, bearer(token)), wrongRole)
  })

  test('does not look at the scopes of the token', async () => {
    const user = await signUp(auth, 'editor')
    assert.deepEqual(
      await guards.requireRole('editor')(bearer(await tokenOf(auth, user, []))),
      user,
    )
  })

  test('throws at once for a role that is not configured', () => {
    assert.throws(() => guards.requireRole('admn'), TypeError)
    assert.throws(() => guards.requireRole('editor', 'Editor'), TypeError)
    assert.throws(() => guards.requireRole('toString'), TypeError)
  })

  test('throws at once for no role at all', () => {
    assert.throws(() => Reflect.apply(guards.requireRole, guards, []), TypeError)
  })

  test('documents the roles', () => {
    assert.deepEqual(guards.requireRole('editor', 'admin').documentation, {
      scopes: [],
      conditions: ['an active user', 'the role editor or admin'],
      authenticates: true,
      optional: false,
    })
  })
})

describe('requirePermission', () => {
  test('lets a token pass whose scope and whose user have the permission', async () => {
    const guard = guards.requirePermission('items:write')
    for (const role of ['editor', 'admin'] as const) {
      const user = await signUp(auth, role)
      assert.deepEqual(await guard(bearer(await tokenOf(auth, user))), user)
      assert.deepEqual(await guard(bearer(await tokenOf(auth, user, ['items:write']))), user)
      assert.deepEqual(await guard(bearer(await tokenOf(auth, user, ['*']))), user)
    }
  })

  test('refuses a token that was issued for less than the role grants', async () => {
    const guard = guards.requirePermission('items:write')
    for (const role of ['editor', 'admin'] as const) {
      const user = await signUp(auth, role)
      for (const scopes of [['items:read'], []]) {
        const token = await tokenOf(auth, user, scopes)
        assert.deepEqual(await refusalOf(guard, bearer(token)), missingScope('items:write'))
      }
    }
  })

  test('refuses a token whose scope the role does not grant', async () => {
    const guard = guards.requirePermission('items:write')
    const user = await signUp(auth, 'reader')
    for (const scopes of [['items:write'], ['*'], ['items:read', 'items:write']]) {
      const token = await tokenOf(auth, user, scopes)
      assert.deepEqual(await refusalOf(guard, bearer(token)), missingScope('items:write'))
    }
  })

  test('asks the role of today: a token issued before it was changed counts for less', async () => {
    const guard = guards.requirePermission('items:write')
    const user = await signUp(auth, 'editor')
    const token = await tokenOf(auth, user)
    await guard(bearer(token))
    await auth.users.changeRole(user.id, 'reader')
    assert.deepEqual(await refusalOf(guard, bearer(token)), missingScope('items:write'))
    assert.equal((await guards.requirePermission('items:read')(bearer(token))).role, 'reader')
    await auth.users.changeRole(user.id, 'editor')
    assert.deepEqual(await guard(bearer(token)), user)
  })

  test('does not widen a token when its user gets a role that grants more', async () => {
    const user = await signUp(auth, 'reader')
    const token = await tokenOf(auth, user)
    await auth.users.changeRole(user.id, 'admin')
    const guard = guards.requirePermission('items:write')
    assert.deepEqual(await refusalOf(guard, bearer(token)), missingScope('items:write'))
  })

  test('wants every one of several permissions, and names them all', async () => {
    const guard = guards.requirePermission('items:read', 'items:write')
    const user = await signUp(auth, 'editor')
    assert.deepEqual(await guard(bearer(await tokenOf(auth, user))), user)
    for (const scopes of [['items:read'], ['items:write']]) {
      const token = await tokenOf(auth, user, scopes)
      const refusal = await refusalOf(guard, bearer(token))
      assert.deepEqual(refusal, missingScope('items:read items:write'))
    }
    const reader = await signUp(auth, 'reader')
    const refusal = await refusalOf(guard, bearer(await tokenOf(auth, reader)))
    assert.deepEqual(refusal, missingScope('items:read items:write'))
  })

  test('compares exactly: no prefix, no case folding, no pattern (AZ-06)', async () => {
    const user = await signUp(auth, 'admin')
    const permissions = { has: () => true, describe: () => ({}), add() {} }
    const described = { ...auth, permissions }
    const guard = createGuards(described).requirePermission('items:read:all')
    for (const scope of ['items:read', 'items:*', 'Items:Read:All', 'items:read:al', '**']) {
      const token = await tokenOf(auth, user, [scope])
      assert.deepEqual(await refusalOf(guard, bearer(token)), missingScope('items:read:all'))
    }
  })

  for (const permission of [
    'items"read',
    'items:read\r\nSet-Cookie: a=b',
    'items\nread',
    'items\\read',
    'items read',
    'items:é',
    '\0',
    '',
  ]) {
    test(`throws at once for ${JSON.stringify(permission)}, which no header may hold (BR-05)`, () => {
      assert.throws(() => guards.requirePermission(permission), TypeError)
      assert.throws(() => guards.requirePermission('items:read', permission), TypeError)
      assert.equal(auth.permissions.has(permission), false)
    })
  }

  test('throws at once for no permission at all', () => {
    assert.throws(() => Reflect.apply(guards.requirePermission, guards, []), TypeError)
  })

  test('throws at once for one that nothing names, and says what is known (BR-06)', () => {
    for (const require of [
      guards.requirePermission,
      guards.requireClient,
      guards.requireCaller,
    ] as const) {
      assert.throws(() => require('items:read', 'nope'), {
        name: 'TypeError',
        message:
          /takes known permissions \(items:read, items:write\), not: "nope"\. Give it to a role/,
      })
    }
    assert.equal(auth.permissions.has('nope'), false)
  })

  test('is not satisfied by a role that grants everything: it names nothing', async () => {
    const made = createGuards(await createTestAuth({ roles: { admin: ['*'] } }))
    assert.throws(() => made.requirePermission('items:read'), /none yet/)
    assert.ok(made.requirePermission('*'))
  })

  test('takes what a description, a configured client or a table of an issuer names', async () => {
    const issuer = rfc9068({
      issuer: 'https://id.example.com',
      audience: 'api',
      permissions: { read: 'theirs:read', all: ['theirs:write'] },
    })
    const client = { id: 'jobs', secret: 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d', scopes: ['jobs:run'] }
    const made = createGuards(
      await createTestAuth({
        permissions: { 'described:only': 'Described' },
        clients: [{ ...client, grants: ['client_credentials'] }],
        issuers: [issuer],
      }),
    )
    for (const name of ['described:only', 'jobs:run', 'theirs:read', 'theirs:write']) {
      assert.ok(made.requireCaller(name))
    }
    const server = createResourceServer({
      issuers: [
        rfc9068({ issuer: 'https://b.example.com', audience: 'api', permissions: ['list:only'] }),
      ],
    })
    assert.ok(createGuards(server).requireCaller('list:only'))
    assert.throws(() => createGuards(server).requireCaller('list'), TypeError)
  })

  test('documents the scopes and the active user', () => {
    assert.deepEqual(guards.requirePermission('items:write', 'items:read').documentation, {
      scopes: ['items:write', 'items:read'],
      conditions: ['an active user'],
      authenticates: true,
      optional: false,
    })
  })
})

describe('a guard whose parts fail', () => {
  const outage = new Error('The database is gone')

  async function withStore(findSubject: Store['findSubject']) {
    const healthy = memory()
    const store = { ...healthy, findSubject }
    const failing = await createTestAuth({ store, roles, clock })
    const user = await failing.users.create({ username: 'a', password: null, role: 'admin' })
    const record = await healthy.users.findById(user.id)
    assert.ok(record)
    const { token } = await failing[internals].accessTokens.issue({
      subject: record.id,
      clientId: 'first-party',
      scopes: ['*'],
      role: record.role,
      endsWith: { userStamp: record.securityStamp },
    })
    return { made: createGuards(failing), token }
  }

  for (const [how, findSubject] of [
    [
      'throws',
      () => {
        throw outage
      },
    ],
    ['rejects', () => Promise.reject(outage)],
  ] as const) {
    test(`rejects, and lets nobody pass, when the store ${how} (BR-06)`, async () => {
      const { made, token } = await withStore(findSubject)
      for (const guard of [
        made.userEvenIfInactive,
        made.activeUser,
        made.requireRole('admin'),
        made.requirePermission('items:read'),
      ]) {
        await assert.rejects(guard(bearer(token)), (error) => error === outage)
      }
    })
  }

  test('passes on that the store is overloaded, so that the answer is 503 (BR-06)', async () => {
    const { made, token } = await withStore(() => {
      throw new UnavailableError('The database is busy', 1)
    })
    await assert.rejects(made.activeUser(bearer(token)), UnavailableError)
  })

  test('rejects, and lets nobody pass, when the keys cannot be read (BR-06, GHSA-8fpg-xm3f-6cx3)', async () => {
    const user = await signUp(auth, 'admin')
    const token = await tokenOf(auth, user)
    const accessTokens = {
      ...auth.accessTokens,
      verify() {
        throw outage
      },
    }
    const made = createGuards({ ...auth, accessTokens })
    for (const guard of [made.accessToken, made.activeUser, made.requirePermission('items:read')]) {
      await assert.rejects(guard(bearer(token)), (error) => error === outage)
    }
  })

  test('waits for a store whose promises are its own, and passes on what they reject with (BR-06)', async () => {
    // As some drivers have them: what can be awaited, and is no Promise.
    const lazily = <T>(promise: Promise<T>) =>
      // biome-ignore lint/suspicious/noThenProperty: that is what it is for.
      ({ then: promise.then.bind(promise) }) as Promise<T>
    const failing = await withStore(() => lazily(Promise.reject(outage)))
    await assert.rejects(
      failing.made.requireRole('admin')(bearer(failing.token)),
      (error) => error === outage,
    )
    const nobody = await withStore(() => lazily(Promise.resolve(null)))
    assert.deepEqual(await refusalOf(nobody.made.activeUser, bearer(nobody.token)), invalidToken)
    const accessTokens = { ...auth.accessTokens, verify: () => lazily(Promise.resolve(null)) }
    const { accessToken } = createGuards({ ...auth, accessTokens })
    assert.deepEqual(await refusalOf(accessToken, bearer('a.b.c')), invalidToken)
  })

  test('refuses a record whose role is no longer configured', async () => {
    const user = await signUp(auth, 'editor')
    await auth[internals].store.users.update(user.id, { role: 'toString' })
    const token = await tokenOf(auth, user, ['items:read'])
    const guard = guards.requirePermission('items:read')
    assert.deepEqual(await refusalOf(guard, bearer(token)), missingScope('items:read'))
  })
})
