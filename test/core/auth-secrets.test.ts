// What no public function gives out: the password hashes, security stamps and digests that are stored.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { internals } from '../../src/core/internals.ts'
import type { GuardedRequest } from '../../src/http/bearer.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { assertAbsent } from '../canaries.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'

const address = '192.0.2.1'
const issuer = 'https://sso.example.com/'

/** An application's security with users, sessions, clients, identities and events in its store. */
async function fill() {
  const store = memory()
  const auth = await createTestAuth({
    store,
  })
  const { users, sessions, clients } = auth
  const alice = await users.create({ username: 'alice', password: goodPassword, role: 'admin' })
  const bob = await users.create({ username: 'bob', password: goodPassword, role: 'admin' })
  const secret = await clients.register({ id: 'app', confidential: true })
  const login = async () => {
    const opened = await sessions.open(alice, { clientId: 'app', scopes: [] })
    assert.ok(opened)
    return opened
  }
  return { auth, store, alice, bob, secret, login }
}

/** Everything in the store that is to stay there, by what it is. */
async function storedSecrets(store: ReturnType<typeof memory>): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {}
  for (const user of await store.users.list({ limit: 100 })) {
    if (user.passwordHash !== null) secrets[`hash of ${user.username}`] = user.passwordHash
    secrets[`stamp of ${user.username} ${user.securityStamp.slice(0, 3)}`] = user.securityStamp
    for (const session of await store.sessions.listByUser(user.id, 0, 0)) {
      secrets[`stamp of the session ${session.id}`] = session.securityStamp
    }
  }
  for (const { id, secretHash } of await store.clients.list()) {
    if (secretHash !== null) secrets[`secret of ${id}`] = secretHash
  }
  return secrets
}

/** The public functions below an object, by path. */
function functionsOf(object: object, prefix = ''): string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    if (typeof value === 'function') return [`${prefix}${name}`]
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? functionsOf(value, `${prefix}${name}.`)
      : []
  })
}

test('no public function yields a password hash, a security stamp or the digest of a secret', async () => {
  const { auth, store, alice, bob, secret, login } = await fill()
  const { users, sessions, clients, events, passwords, managedKeys } = auth
  assert.ok(managedKeys)
  const opened = await login()
  const credentials = { clientId: 'app', clientSecret: secret }
  const token = (await createAccessToken(auth, alice.id)) ?? ''
  const [key] = await managedKeys.list()
  const alicesHash = (await store.users.findById(alice.id))?.passwordHash ?? ''
  const found: Record<string, string> = {}

  const calls: Readonly<Record<string, () => unknown>> = {
    authenticate: () => auth.authenticate({ username: 'alice', password: goodPassword, address }),
    check: () => auth.check(),
    clock: () => auth.clock(),
    maintain: () => auth.maintain(AbortSignal.abort()),
    'roles.permissionsOf': () => auth.roles.permissionsOf('admin'),
    'roles.grants': () => auth.roles.grants('admin', 'x'),
    'permissions.has': () => auth.permissions.has('x'),
    'permissions.describe': () => auth.permissions.describe(),
    'permissions.add': () => auth.permissions.add('x'),
    'users.create': () => users.create({ username: 'carol', password: goodPassword }),
    'users.createFirst': () => users.createFirst({ username: 'dan', password: goodPassword }),
    'users.find': () => users.find(alice.id),
    'users.findByUsername': () => users.findByUsername('alice'),
    'users.findByEmail': () => users.findByEmail('carol@example.com'),
    'users.setEmail': () => users.setEmail(bob.id, 'bob@example.com', { verified: true }),
    'users.rename': () => users.rename(bob.id, 'bobby'),
    'users.suspend': () => users.suspend(bob.id, auth.clock() + 60),
    'users.resume': () => users.resume(bob.id),
    'users.setFields': () => users.setFields(bob.id, {}),
    'users.updateFields': () => users.updateFields(bob.id, {}),
    'users.list': () => users.list({ limit: 10 }),
    'users.counts': () => users.counts(),
    'users.changeRole': () => users.changeRole(bob.id, 'member'),
    'users.deactivate': () => users.deactivate(bob.id),
    'users.reactivate': () => users.reactivate(bob.id),
    'users.unlock': () => users.unlock(bob.id),
    'users.setPassword': () => users.setPassword(bob.id, `${goodPassword} again`),
    'users.changePassword': () =>
      users.changePassword(bob.id, {
        oldPassword: `${goodPassword} again`,
        newPassword: goodPassword,
        address,
      }),
    'users.endSessions': () => users.endSessions(bob.id),
    'users.importUsers': () =>
      users.importUsers([{ line: 1, user: { username: 'erin', passwordHash: alicesHash } }]),
    'passwords.hash': () => passwords.hash(goodPassword),
    'passwords.verify': () => passwords.verify(goodPassword, null),
    'passwords.needsRehash': () => passwords.needsRehash('x'),
    'passwords.problemOf': () => passwords.problemOf('x'),
    'passwordPolicy.problemsOf': () => auth.passwordPolicy.problemsOf('alice', 'alice'),
    'accessTokens.verify': () => auth.accessTokens.verify(token),
    'sessions.open': () => sessions.open(alice, { clientId: 'app', scopes: [] }),
    'sessions.reauthenticate': () => sessions.reauthenticate(alice, opened.session.id),
    'sessions.find': () => sessions.find(opened.refreshToken),
    'sessions.inspect': () => sessions.inspect(opened.refreshToken),
    'sessions.refresh': () => sessions.refresh(opened.refreshToken, 'app'),
    'sessions.list': () => sessions.list(alice.id),
    'sessions.end': () => sessions.end(opened.session.id),
    'sessions.prune': () => sessions.prune(),
    'clients.find': () => clients.find('app'),
    'clients.list': () => clients.list(),
    'clients.authenticate': () => clients.authenticate(credentials),
    'clients.authenticateConfidential': () => clients.authenticateConfidential(credentials),
    'clients.findByStamp': async () =>
      clients.findByStamp('app', (await clients.authenticateConfidential(credentials)).stamp),
    'clients.register': () => clients.register({ id: 'other', confidential: true }),
    'clients.update': () => clients.update('other', { name: 'Other' }),
    'clients.replaceSecret': () => clients.replaceSecret('other'),
    'clients.remove': () => clients.remove('other'),
    'issuers.verify': () => auth.issuers.verify(token),
    'issuers.findUser': async () => {
      const verified = await auth.accessTokens.verify(token)
      assert.ok(verified)
      return auth.issuers.findUser(verified)
    },
    'issuers.status': () => auth.issuers.status(),
    'issuers.close': () => auth.issuers.close(),
    'identities.link': () => auth.identities.link(alice.id, issuer, 'x').catch(String),
    'identities.unlink': () => auth.identities.unlink(alice.id, issuer, 'x'),
    'identities.list': () => auth.identities.list(alice.id),
    'managedKeys.list': () => managedKeys.list(),
    'managedKeys.rotate': () => managedKeys.rotate(),
    'managedKeys.retire': () => managedKeys.retire(key?.id ?? ''),
    'managedKeys.maintain': () => managedKeys.maintain(),
    'events.subscribe': () => events.subscribe((event) => seen.push(event)),
    'events.list': () => events.list({ limit: 100 }),
    'events.prune': () => events.prune(),
    'users.remove': () => users.remove(bob.id),
    close: () => auth.close(),
  }
  const seen: unknown[] = []
  assert.deepEqual(functionsOf(auth).sort(), Object.keys(calls).sort())

  let secrets = await storedSecrets(store)
  const said: [string, unknown][] = []
  for (const [name, call] of Object.entries(calls)) {
    said.push([name, await call()])
    secrets = { ...secrets, ...(await storedSecrets(store)) }
  }
  assert.ok(Object.keys(secrets).length > 10)
  said.push(['the events that were heard', seen], ['JSON of it all', { ...auth, [internals]: 0 }])
  for (const [name, value] of said) {
    const text = `${JSON.stringify(value)} ${inspect(value, { depth: 9, showHidden: true })}`
    found[name] = text
    assertAbsent(`${name}: ${text}`, secrets)
  }
  assert.match(found['users.list'] ?? '', /alice/)
  assert.match(found['sessions.inspect'] ?? '', /"username":"alice"/)
})

test('no guard yields a password hash or a security stamp', async () => {
  const { auth, store, alice, secret } = await fill()
  const own = await createAccessToken(auth, alice.id)
  const opened = await auth.sessions.open(alice, { clientId: 'app', scopes: [] })
  assert.ok(own !== null && opened)
  const ofSession = await auth[internals].accessTokens.issue({
    ...{ subject: alice.id, clientId: 'app', scopes: [], role: 'admin' },
    endsWith: { sessionId: opened.session.id },
  })
  const secrets = await storedSecrets(store)
  const { accessToken, activeUser, userEvenIfInactive, currentCaller } = createGuards(auth)
  for (const token of [own, ofSession.token]) {
    const request: GuardedRequest = { headers: { authorization: `Bearer ${token}` } }
    for (const guard of [accessToken, activeUser, userEvenIfInactive, currentCaller]) {
      const value = await guard(request)
      const text = `${JSON.stringify(value)} ${inspect(value, { depth: 9, showHidden: true })}`
      assert.match(text, new RegExp(alice.id))
      assertAbsent(text, secrets)
    }
    // What everybody who holds the token can read in it.
    const [, payload = ''] = token.split('.')
    assertAbsent(Buffer.from(payload, 'base64url').toString(), secrets)
  }
  assertAbsent(JSON.stringify(await auth.clients.find('app')), { ...secrets, secret: secret ?? '' })
})

test('a password is hashed and verified by itself, without the proof of an attempt', async () => {
  const { passwords } = await createTestAuth()
  const hash = await passwords.hash(goodPassword)
  assert.equal(await passwords.verify(goodPassword, hash), true)
  assert.equal(await passwords.verify('another one', hash), false)
  assert.equal(await passwords.verify(goodPassword, null), false)
  assert.equal(passwords.needsRehash(hash), false)
})

test('a session is opened for a user, for one who was read before a log-out too, and not for one who is gone', async () => {
  const { auth, alice, bob, store } = await fill()
  const about = { clientId: 'app', scopes: [] }
  const old = await store.users.findById(alice.id)
  await auth.users.endSessions(alice.id)
  assert.ok(await auth.sessions.open(alice, about))
  assert.equal(await auth.sessions.open(old ?? alice, about), null, 'a record has its stamp')
  await auth.users.remove(bob.id)
  assert.equal(await auth.sessions.open(bob, about), null)
})
