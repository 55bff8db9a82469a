import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { AuthEvent } from '../../core/events/event-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { anEvent, aSession, aUser, now, type Stores } from './records.ts'
import { writesOf } from './writes.ts'

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
      const pages: AuthEvent[] = []
      for (let after: AuthEvent | undefined; ; after = pages.at(-1)) {
        const page = await store.events.list({ userId, limit: 2, ...(after && { after }) })
        pages.push(...page)
        if (page.length < 2) break
      }
      assert.deepEqual(pages, newest)
      assert.deepEqual(await store.events.list({ userId, type: 'user_deleted', limit: 10 }), [])
    })

    for (const [name, prepare] of Object.entries(writesOf())) {
      test(`${name} stores its event if it changes something, and else not (LA-06)`, async () => {
        const [store, other] = stores()
        const write = await prepare(store)
        const actor = randomUUID()
        const event = anEvent({ actor })
        assert.ok(await write(store, event))
        assert.deepEqual(await other.events.list({ actor, limit: 10 }), [event])
        assert.ok(!(await write(store, anEvent({ actor }))), 'there is nothing to change any more')
        assert.deepEqual(await other.events.list({ actor, limit: 10 }), [event])
      })
    }

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
