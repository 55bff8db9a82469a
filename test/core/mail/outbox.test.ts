// Mails on their way, on every store.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Mail, MailRefusedError } from '../../../src/core/mail/mailer.ts'
import type { OutboxOptions } from '../../../src/core/mail/outbox.ts'
import { createTestClock, type TestClock } from '../../fixtures.ts'
import { nextMessage } from '../../stores/child-message.ts'
import { startEngines, storeOf } from './engines.ts'
import { address, createMailRoom, type MailRoom, secret } from './mail-room.ts'

const program = fileURLToPath(new URL('./send-elsewhere.ts', import.meta.url))
const reset = { to: address, payload: { locale: 'en' } }

for (const { name, skip, create } of await startEngines()) {
  describe(`an outbox on ${name}`, { skip }, () => {
    type Options = Partial<OutboxOptions> & { readonly clock?: TestClock }

    async function open(t: TestContext, options?: Options, database?: string): Promise<MailRoom> {
      const store = storeOf(name, database ?? (await create()))
      await store.open()
      t.after(() => store.close())
      return createMailRoom(store, options)
    }

    test('a mail is sent once, with headers that say which one it is', async (t) => {
      const { outbox, sent, store } = await open(t)
      const mail = outbox.prepare('password_reset', reset)
      assert.equal(await outbox.enqueue(mail), true)
      await outbox.sendDue()
      await outbox.sendDue()
      assert.equal(sent.length, 1)
      assert.equal(sent[0]?.to, address)
      assert.deepEqual(sent[0]?.headers, {
        'Message-ID': `<${mail.id}@auth.example.com>`,
        'Auto-Submitted': 'auto-generated',
      })
      assert.deepEqual(await store.counts(), { waiting: 0, failed: 0, oldestDueAt: null })
    })

    test('the link of a mail is 256 bits that are nowhere at rest, nor is the address (AC-26)', async (t) => {
      const stored: unknown[] = []
      const { outbox, sent, store, clock } = await open(t)
      await outbox.enqueue(outbox.prepare('password_reset', { ...reset, payload: { name: 'ann' } }))
      const now = clock()
      stored.push(...(await store.claim(now, now, 10)))
      await outbox.sendDue()
      const token = /#token=(pot_[\w-]{43})\s/.exec(sent[0]?.text ?? '')?.[1]
      assert.ok(token)
      assert.equal(stored.length, 1)
      for (const canary of [token, token.slice(4), address, 'ann']) {
        assert.equal(JSON.stringify(stored).includes(canary), false, canary)
      }
    })

    test('a mail sealed under a secret of before is sent with the link of then; of an unknown secret it fails', async (t) => {
      const database = await create()
      const before = await open(t, {}, database)
      const mail = before.outbox.prepare('password_reset', reset)
      const other = Buffer.from('00112233445566778899aabbccddeeff')
      const { outbox, sent, clock } = await open(t, { secret: other, previousSecrets: [secret] })
      await outbox.enqueue(mail)
      await outbox.sendDue()
      assert.ok(sent[0]?.text.includes(before.outbox.tokenOf(mail.id, 'password_reset')))

      const lost = await open(t, { secret: other, clock })
      await lost.outbox.enqueue(mail)
      await lost.outbox.sendDue()
      assert.deepEqual(lost.sent, [])
      assert.deepEqual(
        lost.events.map(({ type, reason, details }) => [type, reason, details]),
        [['mail_failed', 'secret_unknown', { kind: 'password_reset' }]],
      )
    })

    test('a mail that nobody is to get ends without a trace', async (t) => {
      const { outbox, sent, events, store } = await open(t, { resolve: async () => null })
      await outbox.enqueue(outbox.prepare('password_reset', reset))
      await outbox.sendDue()
      assert.deepEqual([sent, events], [[], []])
      assert.deepEqual(await store.counts(), { waiting: 0, failed: 0, oldestDueAt: null })
    })

    test('one notice of a kind for a user is enough in ten minutes', async (t) => {
      const { outbox, clock } = await open(t)
      const tell = (coalesce: string): Promise<boolean> =>
        outbox.enqueue(outbox.prepare('new_login', { ...reset, coalesce }))
      assert.deepEqual(
        [await tell('ann'), await tell('ann'), await tell('bob')],
        [true, false, true],
      )
      clock.advance(601)
      assert.deepEqual([await tell('ann'), await tell('ann')], [true, false])
    })

    test('what fails for now is tried again after 10 s, 1 min, 5 min and each 30 min until it expires (AC-52)', async (t) => {
      const tries: number[] = []
      const clock = createTestClock()
      const start = clock()
      const { outbox, events, store } = await open(t, {
        clock,
        mailer: {
          async send() {
            tries.push(clock() - start)
            throw Object.assign(new Error(`450 no room for <${address}>`), { code: 'SMTP_450' })
          },
        },
      })
      await outbox.enqueue(outbox.prepare('invitation', reset))
      for (let due = start; due !== null; due = (await store.counts()).oldestDueAt ?? 0) {
        if (due === 0 || tries.length > 10) break
        clock.advance(due - clock())
        await outbox.sendDue()
        clock.advance(-1)
        await outbox.sendDue()
        clock.advance(1)
      }
      assert.deepEqual(tries.slice(0, 7), [0, 10, 70, 370, 2170, 3970, 5770])
      assert.deepEqual(events, [], 'it is still tried')
    })

    test('a mail whose next try would be too late is given up, with an event that names no address (AC-11, AC-52)', async (t) => {
      const clock = createTestClock()
      const error = Object.assign(new Error(`for <${address}>`), { code: 'relay_unreachable' })
      const { outbox, events, store } = await open(t, {
        clock,
        mailer: { send: () => Promise.reject(error) },
      })
      await outbox.enqueue(outbox.prepare('password_reset', reset))
      for (const seconds of [0, 10, 60, 300]) {
        clock.advance(seconds)
        await outbox.sendDue()
      }
      // The next try would be when it is worth nothing.
      assert.deepEqual(
        events.map(({ type, outcome, reason, userId, details }) => ({
          ...{ type, outcome, reason, userId, details },
        })),
        [
          {
            ...{ type: 'mail_failed', outcome: 'failure', reason: 'relay_unreachable' },
            ...{ userId: 'user-1', details: { kind: 'password_reset' } },
          },
        ],
      )
      assert.equal(JSON.stringify(events).includes('example.com'), false)
      assert.deepEqual(await store.counts(), { waiting: 0, failed: 1, oldestDueAt: null })
    })

    test('a refusal for good is not tried again (AC-52)', async (t) => {
      let tries = 0
      const { outbox, events, clock } = await open(t, {
        mailer: {
          async send() {
            tries++
            throw new MailRefusedError('550')
          },
        },
      })
      await outbox.enqueue(outbox.prepare('password_reset', reset))
      await outbox.sendDue()
      clock.advance(3600)
      await outbox.sendDue()
      assert.equal(tries, 1)
      assert.deepEqual(
        events.map(({ reason }) => reason),
        ['mail_refused'],
      )
    })

    test('a mail that has expired is never sent, and told of once (AC-52)', async (t) => {
      const { outbox, sent, events, clock, store } = await open(t)
      const mail = outbox.prepare('email_code', reset)
      await outbox.enqueue(mail)
      clock.advance(10 * 60)
      await outbox.sendDue()
      assert.equal(await outbox.expire(), 1)
      assert.equal(await outbox.expire(), 0)
      assert.deepEqual(sent, [])
      assert.deepEqual(
        events.map(({ reason, details }) => [reason, details]),
        [['expired', { kind: 'email_code' }]],
      )
      clock.advance(7 * 24 * 3600)
      assert.equal(await outbox.prune(), 1)
      assert.equal((await store.counts()).failed, 0)
    })

    test('two outboxes on one store send each of 40 mails once (AC-51)', async (t) => {
      const store = storeOf(name, await create())
      await store.open()
      t.after(() => store.close())
      const clock = createTestClock()
      const rooms = [1, 2].map(() => createMailRoom(store, { clock }))
      const [one, other] = rooms
      assert.ok(one && other)
      for (let each = 0; each < 40; each++) {
        await one.outbox.enqueue(one.outbox.prepare('password_reset', reset))
      }
      await Promise.all(rooms.map(({ outbox }) => outbox.sendDue()))
      const ids = rooms.flatMap(({ sent }) => sent.map(({ id }) => id))
      assert.equal(ids.length, 40)
      assert.equal(new Set(ids).size, 40)
    })

    test('a mail of one that died with it is sent by another, when the lease is over (AC-51)', async (t) => {
      const { outbox, sent, clock, store } = await open(t)
      await outbox.enqueue(outbox.prepare('password_reset', reset))
      const [claimed] = await store.claim(clock(), clock() + 60, 1)
      assert.ok(claimed)
      clock.advance(59)
      await outbox.sendDue()
      assert.equal(sent.length, 0)
      clock.advance(1)
      await outbox.sendDue()
      assert.equal(sent.length, 1)
      // The dead one comes back: it has no say any more.
      assert.equal(await store.settle(claimed.id, claimed.attempts, { state: 'sent' }), false)
    })

    test('one whose lease would run out while it sends does not send', async (t) => {
      const { outbox, sent, store } = await open(t, { lease: 29 })
      await outbox.enqueue(outbox.prepare('password_reset', reset))
      await outbox.sendDue()
      assert.equal(sent.length, 0)
      assert.equal((await store.counts()).waiting, 1)
    })

    test('what fails before the mailer is asked is tried again too', async (t) => {
      const { outbox, store, clock } = await open(t, {
        resolve: () => Promise.reject(new TypeError('a bug')),
      })
      await outbox.enqueue(outbox.prepare('password_reset', reset))
      await outbox.sendDue()
      assert.deepEqual(await store.counts(), { waiting: 1, failed: 0, oldestDueAt: clock() + 10 })
    })

    if (name === 'memory') return

    test('a store that does not answer is an error of sendDue', async () => {
      const store = storeOf(name, await create())
      await store.open()
      const { outbox } = createMailRoom(store)
      await store.close()
      await assert.rejects(outbox.sendDue(), /closed|not open|cannot be used|destroyed|finalized/i)
    })

    test('what is stored is sent though its process was killed, and the mail of one that was killed while it sent is the same mail (AC-49, AC-51)', async (t) => {
      const database = await create()
      const { outbox, sent, clock } = await open(t, {}, database)
      assert.equal(outbox.coalescesSince(), clock() - 600)

      await killAfter('stored', startElsewhere(t, name, database, 'store'))
      const sender = startElsewhere(t, name, database, 'send')
      assert.equal(await nextMessage(sender), 'ready')
      const first = await nextMessage<Pick<Mail, 'headers' | 'text'>>(sender)
      await kill(sender)

      await outbox.sendDue()
      assert.deepEqual(sent, [], 'it is claimed')
      clock.advance(60)
      await outbox.sendDue()
      assert.deepEqual(
        sent.map(({ headers, text }) => ({ headers, text })),
        [first],
      )
      assert.match(first.text, /pot_/)
    })
  })
}

function startElsewhere(t: TestContext, ...args: string[]): ChildProcess {
  const child = fork(program, args)
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function killAfter(message: string, child: ChildProcess): Promise<void> {
  assert.equal(await nextMessage(child), message)
  await kill(child)
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
