import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { MailRecord, NewMail, OutboxStore } from '../../core/mail/outbox-store.ts'
import { testsOf } from './optional.ts'
import { aMail, anEvent, answersOf, fiftyAtOnce, type Stores } from './records.ts'

/** What a store keeps of mails. */
export function outboxContract(stores: Stores): void {
  describe('the outbox', () => {
    const test = testsOf(stores, 'outbox')

    let times = 0
    /** An instant at which no mail of another test is to be sent. */
    const aTime = (): number => 1_000_000 + 10_000 * ++times

    async function add(
      outbox: OutboxStore,
      at: number,
      changes: Partial<NewMail> = {},
    ): Promise<NewMail> {
      const mail = aMail({ createdAt: at, dueAt: at, expiresAt: at + 1000, ...changes })
      assert.equal(await outbox.add(mail), true)
      return mail
    }

    test('a mail is claimed as it was written, the oldest first, so many at most', async ([
      { outbox },
      other,
    ]) => {
      const at = aTime()
      const second = await add(outbox, at, { dueAt: at + 2, coalesceKey: randomUUID() })
      const third = await add(outbox, at, { dueAt: at + 3, recipient: 'ü "', kind: 'new_login' })
      const first = await add(outbox, at, { dueAt: at + 1, payload: 'x'.repeat(4096) })
      await add(outbox, at, { dueAt: at + 4 })
      const claimed = (mail: NewMail) => claimedOnce(mail, at + 60)
      assert.deepEqual(await other.outbox.claim(at + 3, at + 60, 2), [first, second].map(claimed))
      assert.deepEqual(await outbox.claim(at + 3, at + 60, 2), [claimed(third)])
      assert.deepEqual(await outbox.claim(at + 3, at + 60, 2), [])
    })

    test('a mail that somebody holds is claimed again from the second that was named', async ([
      { outbox },
      other,
    ]) => {
      const at = aTime()
      const mail = await add(outbox, at)
      await outbox.claim(at, at + 60, 9)
      assert.deepEqual(await other.outbox.claim(at + 59, at + 90, 9), [])
      const again = { ...claimedOnce(mail, at + 120), attempts: 2 }
      assert.deepEqual(await other.outbox.claim(at + 60, at + 120, 9), [again])
    })

    test('a mail that has expired is not claimed, in that very second', async ([{ outbox }]) => {
      const at = aTime()
      await add(outbox, at, { expiresAt: at + 10 })
      assert.deepEqual(await outbox.claim(at + 10, at + 60, 9), [])
      assert.equal((await outbox.claim(at + 9, at + 60, 9)).length, 1)
    })

    test('of 50 who claim at the same time one gets a mail (AC-51)', async ([store, other]) => {
      const at = aTime()
      const mails = await Promise.all(Array.from({ length: 50 }, () => add(store.outbox, at)))
      const claims = await fiftyAtOnce([store, other], ({ outbox }) => outbox.claim(at, at + 60, 3))
      const claimed = answersOf(claims)
      assert.ok(claimed.every(({ length }) => length <= 3))
      // Somebody may have passed over those that another was about to take.
      const rest = await store.outbox.claim(at, at + 60, 50)
      const all = [...claimed.flat(), ...rest]
      assert.deepEqual(idsOf(all), idsOf(mails))
      assert.ok(all.every(({ attempts }) => attempts === 1))
    })

    test('a mail that was sent or has failed is not sent again', async ([store, other]) => {
      const at = aTime()
      for (const outcome of [{ state: 'sent' }, { state: 'failed', reason: 'refused' }] as const) {
        const { id } = await add(store.outbox, at)
        await store.outbox.claim(at, at + 60, 9)
        assert.equal(await store.outbox.settle(id, 1, outcome), true)
        assert.deepEqual(await other.outbox.claim(at + 100, at + 160, 9), [])
        assert.equal(await other.outbox.settle(id, 1, outcome), false, 'it is settled')
        const expired = await other.outbox.expire(at + 5000, 10_000)
        assert.ok(!idsOf(expired).includes(id))
      }
    })

    test('a mail that is to wait is tried again when it is due, and says why', async ([
      { outbox },
    ]) => {
      const at = aTime()
      const mail = await add(outbox, at)
      await outbox.claim(at, at + 60, 9)
      const outcome = { state: 'waiting', reason: 'busy', dueAt: at + 30 } as const
      assert.equal(await outbox.settle(mail.id, 1, outcome), true)
      assert.deepEqual(await outbox.claim(at + 29, at + 60, 9), [])
      assert.deepEqual(await outbox.claim(at + 30, at + 90, 9), [
        { ...claimedOnce(mail, at + 90), attempts: 2, dueAt: at + 30, reason: 'busy' },
      ])
    })

    test('an outcome counts for the last claim, once, with its event (LA-06)', async ([
      store,
      other,
    ]) => {
      const at = aTime()
      const [mail, bystander] = [await add(store.outbox, at), await add(store.outbox, at + 1)]
      await store.outbox.claim(at, at + 60, 9)
      await other.outbox.claim(at + 60, at + 120, 1)
      const actor = randomUUID()
      const failed = { state: 'failed', reason: 'refused' } as const
      const event = () => anEvent({ actor })
      const settle = (attempts: number, id = mail.id) =>
        store.outbox.settle(id, attempts, failed, event())
      assert.deepEqual(
        [await settle(1), await settle(3), await settle(2, 'none')],
        Array(3).fill(false),
      )
      assert.deepEqual(await other.events.list({ actor, limit: 9 }), [])
      const settled = await fiftyAtOnce([store, other], ({ outbox }) =>
        outbox.settle(mail.id, 2, failed, event()),
      )
      assert.equal(answersOf(settled).filter(Boolean).length, 1)
      assert.equal((await other.events.list({ actor, limit: 9 })).length, 1)
      assert.deepEqual(idsOf(await store.outbox.claim(at + 120, at + 180, 9)), [bystander.id])
    })

    test('of mails with one key one is stored within the time, of 50 at the same time too', async ([
      store,
      other,
    ]) => {
      const at = aTime()
      const coalesceKey = randomUUID()
      const mail = (changes: Partial<NewMail> = {}) =>
        aMail({ coalesceKey, createdAt: at, ...changes })
      const stored = await fiftyAtOnce([store, other], ({ outbox }) => outbox.add(mail(), at - 600))
      assert.equal(answersOf(stored).filter(Boolean).length, 1)
      const { outbox } = other
      assert.equal(await outbox.add(mail({ createdAt: at + 600 }), at), false)
      assert.equal(await outbox.add(mail({ createdAt: at + 601 }), at + 1), true)
      assert.equal(await outbox.add(mail({ coalesceKey: randomUUID() }), at), true, 'another key')
      for (let count = 0; count < 2; count++) {
        assert.equal(await outbox.add(mail({ coalesceKey: null }), at), true, 'no key')
        assert.equal(await outbox.add(mail()), true, 'no time')
      }
    })

    test('a mail makes others superfluous after it was sent, too', async ([{ outbox }]) => {
      const at = aTime()
      const { id, coalesceKey } = await add(outbox, at, { coalesceKey: randomUUID() })
      await outbox.claim(at, at + 60, 9)
      await outbox.settle(id, 1, { state: 'sent' })
      assert.equal(await outbox.add(aMail({ coalesceKey }), at), false)
    })

    test('mails that expire while they wait fail, so many at most, and lose what is in them', async ([
      { outbox },
      other,
    ]) => {
      // Before all others, which may expire at another time.
      const mails = await Promise.all(
        [1, 2, 3].map((at) => add(outbox, at, { expiresAt: 10 + at, coalesceKey: randomUUID() })),
      )
      assert.deepEqual(await outbox.expire(10, 9), [])
      const first = await outbox.expire(13, 2)
      assert.equal(first.length, 2)
      const all = [...first, ...(await other.outbox.expire(13, 2))]
      const gone = { state: 'failed', reason: 'expired', recipient: '', payload: '' }
      const expected = mails.map((mail) => ({
        ...mail,
        ...gone,
        attempts: 0,
        claimedUntil: null,
      }))
      assert.deepEqual(byId(all), byId(expected as readonly MailRecord[]))
      assert.deepEqual(await outbox.expire(13, 2), [])
    })

    test('a mail that expires while somebody holds it is left to them', async ([{ outbox }]) => {
      const mail = await add(outbox, 20, { expiresAt: 25 })
      await outbox.claim(20, 30, 9)
      assert.deepEqual(await outbox.expire(29, 9), [])
      assert.deepEqual(idsOf(await outbox.expire(30, 9)), [mail.id])
    })

    test('mails are counted: those that wait, those that failed, and since when', async ([
      { outbox },
      other,
    ]) => {
      const before = await outbox.counts()
      const oldest = await add(outbox, 40)
      await add(outbox, 41)
      const after = { ...before, waiting: before.waiting + 2, oldestDueAt: 40 }
      assert.deepEqual(await other.outbox.counts(), after)
      await outbox.claim(40, 50, 9)
      await outbox.settle(oldest.id, 1, { state: 'failed', reason: 'refused' })
      assert.deepEqual(await other.outbox.counts(), {
        waiting: before.waiting + 1,
        failed: before.failed + 1,
        oldestDueAt: 41,
      })
    })

    test('pruning deletes what does not wait and is old, so many at most', async ([{ outbox }]) => {
      await outbox.prune(60, 10_000)
      const mails = await Promise.all([50, 51, 52, 60].map((at) => add(outbox, at)))
      const waiting = await add(outbox, 53, { dueAt: 70 })
      await outbox.claim(60, 65, 9)
      for (const { id } of mails) await outbox.settle(id, 1, { state: 'sent' })
      assert.equal(await outbox.prune(60, 2), 2)
      assert.equal(await outbox.prune(60, 2), 1)
      assert.equal(await outbox.prune(60, 2), 0)
      assert.equal(await outbox.prune(61, 2), 1)
      assert.ok(idsOf(await outbox.claim(70, 80, 9)).includes(waiting.id))
    })
  })
}

/** A mail that was claimed for the first time. */
function claimedOnce(mail: NewMail, claimedUntil: number): MailRecord {
  return { ...mail, state: 'waiting', attempts: 1, claimedUntil, reason: null }
}

function idsOf(mails: readonly { readonly id: string }[]): readonly string[] {
  return mails.map(({ id }) => id).toSorted()
}

function byId(mails: readonly MailRecord[]): readonly MailRecord[] {
  return mails.toSorted((one, other) => (one.id < other.id ? -1 : 1))
}
