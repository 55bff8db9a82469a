import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { AuthEvent } from '../../core/events/event-store.ts'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { apiKeyWritesOf } from './api-key-writes.ts'
import { authorizationWritesOf } from './authorization-writes.ts'
import { factorWritesOf } from './factor-writes.ts'
import { type Having, type Optional, testsOf } from './optional.ts'
import { readPages } from './pages.ts'
import {
  aClient,
  addUser,
  anEvent,
  aSession,
  aUser,
  conflict,
  now,
  type Stores,
} from './records.ts'
import { isOnce, type Write, writesOf } from './writes.ts'

/** What a store keeps of events. */
export function eventsContract(stores: Stores): void {
  describe('events', () => {
    test('an event is read as it was written, with and without what may be absent', async () => {
      const [store, other] = stores()
      const type = 'identity_linked'
      const bare = anEvent({ type, at: now + 1 })
      const full = anEvent({
        type,
        at: now + 2,
        actor: 'user:boss',
        userId: randomUUID(),
        clientId: 'app',
        sessionId: randomUUID(),
        address: '2001:db8::1',
        requestId: 'req-1',
        reason: 'because',
        details: { text: '\u2028"\n', number: 1, flag: true },
      })
      await store.events.append(full)
      await store.events.append(bare)
      assert.deepEqual(await other.events.list({ type, limit: 10 }), [full, bare])
    })

    test('events are found by what they say, newest first, page by page', async () => {
      const [store] = stores()
      const [userId, actor, clientId] = [randomUUID(), `user:${randomUUID()}`, randomUUID()]
      const some = Array.from({ length: 7 }, (_, index) =>
        anEvent({ at: now + Math.floor(index / 3), userId, actor, clientId }),
      )
      for (const event of [...some].reverse()) await store.events.append(event)
      await store.events.append(anEvent({ at: now + 1 }))
      const newest = [...some].reverse()
      for (const query of [{ userId }, { actor }, { clientId }]) {
        assert.deepEqual(await store.events.list({ ...query, limit: 10 }), newest)
      }
      const during = { userId, since: now + 1, until: now + 2, limit: 10 }
      assert.deepEqual(await store.events.list(during), newest.slice(1, 4))
      const pages = await readPages<AuthEvent>({ limit: 2, items: some.length }, (after) =>
        store.events.list({ userId, limit: 2, ...(after && { after }) }),
      )
      assert.deepEqual(pages, newest)
      assert.deepEqual(await store.events.list({ userId, type: 'user_deleted', limit: 10 }), [])
    })

    for (const [name, prepare] of Object.entries(writesOf())) {
      test(`${name} stores its event if it changes something, and else not (LA-06)`, async () =>
        await storesItsEvent(stores(), await prepare(stores()[0])))
      if (!isOnce(name)) continue
      test(`of 10 of ${name} at the same time one changes something, and stores its event (LA-06)`, async () =>
        await storesOneOfTen(stores(), await prepare(stores()[0])))
    }

    testWrites(testsOf(stores, 'authorizationCodes', 'consents'), authorizationWritesOf())
    testWrites(testsOf(stores, 'factors'), factorWritesOf())
    testWrites(testsOf(stores, 'apiKeys'), apiKeyWritesOf())

    test('a write that is refused stores no event (LA-06)', async () => {
      const [store, other] = stores()
      const actor = randomUUID()
      const event = (): AuthEvent => anEvent({ actor })
      const role = randomUUID()
      const last = await addUser(store, { role })
      const inactive = await addUser(store, { active: false })
      const { users, sessions, identities, clients } = store
      const guarded = () => ({ keepOneActiveIn: [role], event: event() })
      const lastActive = conflict('last_active')
      await assert.rejects(users.update(last.id, { active: false }, guarded()), lastActive)
      await assert.rejects(users.remove(last.id, guarded()), lastActive)

      const { id, passwordHash, securityStamp } = inactive
      const renewal = { oldSecurityStamp: securityStamp, securityStamp: 'new' }
      const replacement = { renewal, event: event() }
      assert.equal(await users.replacePasswordHash(id, passwordHash, 'new', replacement), false)

      const session = aSession(last)
      await sessions.create(session)
      const revocation = { userId: id, event: event() }
      assert.equal(await sessions.revoke(session.id, now, revocation), false)

      const link = { issuer: 'https://sso.example.com/', subject: randomUUID(), createdAt: now }
      const { issuer, subject } = link
      const toNobody = { ...link, userId: randomUUID() }
      assert.equal(await identities.link(toNobody, event()), 'no_user')
      const taken = aUser({ username: last.username })
      await assert.rejects(
        identities.createUser(issuer, subject, taken, event()),
        conflict('username_taken'),
      )
      await identities.link({ ...link, userId: last.id })
      assert.equal(await identities.unlink(id, issuer, subject, event()), false)

      const open = aClient({ secretHash: null })
      await clients.create(open)
      assert.equal(await clients.replaceSecretHash(open.id, 'new', event()), false)
      await clients.remove(open.id)
      assert.deepEqual(await other.events.list({ actor, limit: 20 }), [])
    })

    test('a change of the keys stores all its events, and a list has no more than its limit', async () => {
      const [store, other] = stores()
      const actor = randomUUID()
      const events = [3, 2, 1].map((later) => anEvent({ actor, at: now + later }))
      const version = await store.signingKeys.version()
      await store.signingKeys.change(version, { put: [], remove: [] }, events)
      assert.deepEqual(await other.events.list({ actor, limit: 10 }), events)
      assert.deepEqual(await other.events.list({ actor, limit: 1 }), events.slice(0, 1))
    })

    test('a session is opened with its event, or refused without (LA-06)', async () => {
      const [store] = stores()
      const user = aUser()
      await store.users.create(user)
      const [opened, refused] = [anEvent({ userId: user.id }), anEvent({ userId: user.id })]
      assert.ok(await store.sessions.create(aSession(user), opened))
      const old = { ...user, securityStamp: 'old' }
      assert.ok(!(await store.sessions.create(aSession(old), refused)))
      assert.deepEqual(await store.events.list({ userId: user.id, limit: 10 }), [opened])
    })

    test('many users are created with one event, which knows how many they were (LA-06)', async () => {
      const [store, other] = stores()
      const actor = randomUUID()
      const eventOf = (usernames: readonly string[]): AuthEvent =>
        anEvent({ actor, type: 'users_imported', details: { created: usernames.length } })
      const users = [aUser(), aUser(), aUser()]
      await store.users.create(users[0] as UserRecord)
      await store.users.createMany(users, eventOf)
      await store.users.createMany(users, eventOf)
      const found = await other.events.list({ actor, limit: 10 })
      assert.deepEqual(
        found.map(({ details }) => details),
        [{ created: 2 }],
      )
    })

    test('pruning deletes the oldest, so many at most, and nothing younger', async () => {
      const [store] = stores()
      const userId = randomUUID()
      const old = [1, 2, 3].map((at) => anEvent({ at, userId }))
      const young = anEvent({ at: 4, userId })
      for (const event of [...old, young]) await store.events.append(event)
      assert.equal(await store.events.prune(4, 2), 2)
      assert.deepEqual(await store.events.list({ userId, limit: 10 }), [young, old[2]])
      assert.equal(await store.events.prune(4, 2), 1)
      assert.deepEqual(await store.events.list({ userId, limit: 10 }), [young])
    })
  })
}

/** The same of writes that a store may leave out. */
function testWrites<Part extends Optional>(
  test: ReturnType<typeof testsOf<Part>>,
  writes: Readonly<Record<string, (store: Having<Part>) => Promise<Write<Having<Part>>>>>,
): void {
  for (const [name, prepare] of Object.entries(writes)) {
    test(`${name} stores its event if it changes something, and else not (LA-06)`, async (opened) =>
      await storesItsEvent(opened, await prepare(opened[0])))
    test(`of 10 of ${name} at the same time one changes something, and stores its event (LA-06)`, async (opened) =>
      await storesOneOfTen(opened, await prepare(opened[0])))
  }
}

async function storesItsEvent<Opened extends Store>(
  [store, other]: readonly [Opened, Opened],
  write: Write<Opened>,
): Promise<void> {
  const actor = randomUUID()
  const event = anEvent({ actor })
  assert.ok(await write(store, event))
  assert.deepEqual(await other.events.list({ actor, limit: 10 }), [event])
  assert.ok(!(await write(store, anEvent({ actor }))), 'there is nothing to change any more')
  assert.deepEqual(await other.events.list({ actor, limit: 10 }), [event])
}

async function storesOneOfTen<Opened extends Store>(
  [store, other]: readonly [Opened, Opened],
  write: Write<Opened>,
): Promise<void> {
  const actor = randomUUID()
  const events = Array.from({ length: 10 }, () => anEvent({ actor }))
  const changed = await Promise.all(events.map((event) => write(store, event)))
  assert.equal(changed.filter(Boolean).length, 1)
  const expected = events.filter((_, index) => changed[index])
  assert.deepEqual(await other.events.list({ actor, limit: 20 }), expected)
}
