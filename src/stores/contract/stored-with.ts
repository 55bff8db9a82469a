import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { StoredWith } from '../../core/mail/stored-with.ts'
import { changesOf } from './changes.ts'
import { testsOf, type WholeStore } from './optional.ts'
import {
  addUser,
  aMail,
  anEvent,
  aToken,
  aTokenOf,
  aUser,
  aUserWith,
  conflict,
  fiftyAtOnce,
  now,
  type Stores,
  unique,
} from './records.ts'

/** What a store keeps together: a change, its event, its mails, and the end of tokens. */
export function storedWithContract(stores: Stores): void {
  describe('what is stored with a change', () => {
    const test = testsOf(stores, 'oneTimeTokens', 'outbox')

    for (const [name, prepare] of Object.entries(changesOf())) {
      test(`${name} is made with all of it, or not at all`, async ([store, other]) => {
        const change = await prepare(store)
        const whole = await aWhole(store)
        for (const digest of await endedDigests(store)) {
          const storedWith = { ...whole.storedWith, redeems: { digest, now } }
          await assert.rejects(change.make(store, storedWith), conflict('token_ended'))
          assert.equal(await change.isMade(other), false)
          assert.deepEqual(await whole.isThere(other), [false, false, false, false])
        }
        assert.equal(await change.make(store, whole.storedWith), true)
        assert.equal(await change.isMade(other), true)
        assert.deepEqual(await whole.isThere(other), [true, true, true, true])
      })

      test(`${name} that changes nothing leaves the token, and stores nothing`, async ([
        store,
        other,
      ]) => {
        const change = await prepare(store)
        const whole = await aWhole(store)
        for (const make of change.vain) {
          assert.equal(await make(store, whole.storedWith), false)
          assert.deepEqual(await whole.isThere(other), [false, false, false, false])
        }
        assert.equal(await change.make(store, whole.storedWith), true, 'the token is still live')
      })
    }

    test('a mail with a change is left out if another of its key was made within 10 minutes', async ([
      store,
      other,
    ]) => {
      const { id } = await addUser(store)
      for (const [later, isLeftOut] of [
        [600, true],
        [601, false],
      ] as const) {
        const mail = aMail({ coalesceKey: unique('key') })
        for (const createdAt of [now, now + later]) {
          const mails = [{ ...mail, id: aMail().id, createdAt }]
          assert.ok(await store.users.update(id, { role: 'x' }, { mails }))
        }
        // Stored, unless one was stored after the first.
        assert.equal(await other.outbox.add({ ...mail, createdAt: now + 5000 }, now + 1), isLeftOut)
      }
    })

    test('of 50 at the same time who use a token up one does (AC-32)', async ([store, other]) => {
      const whole = await aWhole(store)
      const users = Array.from({ length: 50 }, () => aUser())
      const results = await fiftyAtOnce([store, other], (each, index) =>
        each.users.create(users[index] ?? aUser(), {
          ...whole.storedWith,
          mails: [aMail()],
          event: anEvent({ actor: whole.actor }),
        }),
      )
      const refused = results.filter((result) => result.status === 'rejected')
      for (const { reason } of refused) assert.ok(conflict('token_ended')(reason), String(reason))
      assert.equal(refused.length, 49)
      const created = await Promise.all(users.map(({ id }) => store.users.findById(id)))
      assert.equal(created.filter((user) => user !== null).length, 1)
      assert.equal((await other.events.list({ actor: whole.actor, limit: 99 })).length, 1)
    })

    test('of 50 new passwords at the same time with one link one is set (AC-32)', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const token = aTokenOf(user)
      await store.oneTimeTokens.put(token)
      const { id, securityStamp: ifStamp } = user
      const redeems = { digest: token.digest, now }
      const results = await fiftyAtOnce([store, other], ({ users }, index) =>
        users.update(
          id,
          { passwordHash: `hash ${index}`, securityStamp: `renewed ${index}` },
          { ifStamp, redeems },
        ),
      )
      const set = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      assert.equal(set.length, 1)
      assert.deepEqual(await other.users.findById(id), set[0])
      for (const result of results) {
        if (result.status === 'rejected') assert.ok(conflict('token_ended')(result.reason))
      }
    })

    test('a change ends the tokens about an address, of every kind, and no others (AC-07)', async ([
      store,
      other,
    ]) => {
      const addressDigest = randomUUID()
      const ended = [
        aToken({ addressDigest }),
        aToken({ addressDigest, kind: 'email_change' }),
        aTokenOf(await addUser(store), { addressDigest }),
      ]
      const bystanders = [aToken({ addressDigest: randomUUID() }), aToken()]
      for (const each of [...ended, ...bystanders]) await store.oneTimeTokens.put(each)
      await store.users.create(aUser(), { endsAddresses: [addressDigest] })
      for (const { digest } of ended)
        assert.equal(await other.oneTimeTokens.find(digest, now), null)
      for (const each of bystanders) {
        assert.deepEqual(await other.oneTimeTokens.find(each.digest, now), each)
      }
    })

    test('a user whose address another has verified meanwhile keeps the link', async ([
      store,
      other,
    ]) => {
      const address = `${randomUUID()}@example.com`
      await store.users.create(aUserWith(address))
      const token = aToken()
      await store.oneTimeTokens.put(token)
      const [user, pending] = [aUserWith(address), await addUser(store)]
      const redeems = { digest: token.digest, now }
      const { users } = store
      await assert.rejects(users.create(user, { redeems }), conflict('email_taken'))
      const changes = { emailKey: address, emailVerifiedAt: now }
      await assert.rejects(users.update(pending.id, changes, { redeems }), conflict('email_taken'))
      assert.deepEqual(await other.oneTimeTokens.find(token.digest, now), token)
    })

    test('the same token once more stores nothing with it', async ([store, other]) => {
      const token = aToken()
      await store.oneTimeTokens.put(token)
      const whole = await aWhole(store)
      assert.equal(await store.oneTimeTokens.put(token, whole.storedWith), true)
      assert.deepEqual(await whole.isThere(other), [false, false, false, false])
    })
  })
}

/** Something of everything that is stored with a change. */
interface Whole {
  readonly actor: string
  readonly storedWith: StoredWith
  /** Whether the event and the mails are there, the token is used up and the address has no token. */
  isThere(store: WholeStore): Promise<readonly boolean[]>
}

async function aWhole(store: WholeStore): Promise<Whole> {
  const actor = randomUUID()
  const event = anEvent({ actor })
  const mails = [aMail(), aMail({ kind: 'email_changed' })]
  const addressDigest = randomUUID()
  const [token, pending] = [aToken(), aToken({ addressDigest })]
  for (const each of [token, pending]) assert.equal(await store.oneTimeTokens.put(each), true)
  return {
    actor,
    storedWith: {
      event,
      mails,
      redeems: { digest: token.digest, now },
      endsAddresses: [addressDigest],
    },
    async isThere({ events, outbox, oneTimeTokens }) {
      // Nobody holds them after it: the claim ends as it begins.
      const waiting = new Set((await outbox.claim(now, now, 10_000)).map(({ id }) => id))
      const stored = mails.filter(({ id }) => waiting.has(id))
      assert.ok(stored.length === 0 || stored.length === mails.length, 'some of the mails')
      return [
        (await events.list({ actor, limit: 9 })).length === 1,
        stored.length > 0,
        (await oneTimeTokens.find(token.digest, now)) === null,
        (await oneTimeTokens.find(pending.digest, now)) === null,
      ]
    },
  }
}

/** Digests of tokens that are not live, each for another reason. */
async function endedDigests(store: WholeStore): Promise<readonly string[]> {
  const user = await addUser(store)
  const [used, expired, stale] = [aToken(), aToken({ expiresAt: now }), aTokenOf(user)]
  for (const each of [used, expired, stale]) await store.oneTimeTokens.put(each)
  await store.oneTimeTokens.end(used.kind, used.subject)
  await store.users.update(user.id, { securityStamp: 'another' })
  return [used.digest, expired.digest, stale.digest, randomUUID()]
}
