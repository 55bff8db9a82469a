// The loop that sends while an application runs. No time is measured: what is to happen is waited for, and
// what is not to happen would make the test wait for ever.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import type { Mail, Mailer } from '../../../src/core/mail/mailer.ts'
import type { OutboxOptions } from '../../../src/core/mail/outbox.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { whileRunning } from '../../while-running.ts'
import { address, createMailRoom, type MailRoom } from './mail-room.ts'

interface Running extends MailRoom {
  readonly errors: readonly unknown[]
  /** Stores a mail to this address. */
  enqueue(to?: string): Promise<unknown>
  /** Tells the loop to end, and waits for that. */
  end(): Promise<void>
}

async function start(t: TestContext, options: Partial<OutboxOptions>): Promise<Running> {
  const store = memory()
  await store.open()
  const { clock: _, ...rest } = options
  // Only what wakes it makes it look: else the test waits for ever.
  const room = createMailRoom(store, { interval: 3600, ...rest })
  const { outbox } = room
  const errors: unknown[] = []
  const end = whileRunning(t, (signal) => outbox.run(signal, (error) => errors.push(error)))
  return {
    ...{ ...room, errors, end },
    enqueue: (to = address) =>
      outbox.enqueue(outbox.prepare('password_reset', { to, payload: {} })),
  }
}

/** A relay that answers when it is told to, or not at all. */
function createRelay(): Mailer & {
  readonly asked: EventTarget
  readonly waiting: { readonly mail: Mail; readonly answer: (error?: Error) => void }[]
} {
  const asked = new EventTarget()
  const waiting: { mail: Mail; answer: (error?: Error) => void }[] = []
  return {
    ...{ asked, waiting },
    send(mail) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiting.push({ mail, answer: (error) => (error ? reject(error) : resolve()) })
      asked.dispatchEvent(new Event('mail'))
      return promise
    },
  }
}

async function untilAsked(relay: ReturnType<typeof createRelay>, times: number): Promise<void> {
  while (relay.waiting.length < times) await once(relay.asked, 'mail')
}

test('a mail is sent as soon as it is stored, and the next one while a relay hangs (AC-50)', async (t) => {
  const relay = createRelay()
  const { enqueue, sent } = await start(t, { mailer: relay })
  await enqueue('first@example.com')
  await untilAsked(relay, 1)
  // The relay has not answered, and nobody waits for it.
  await enqueue('second@example.com')
  await untilAsked(relay, 2)
  assert.deepEqual(sent, [])
  relay.waiting[1]?.answer()
  relay.waiting[0]?.answer()
})

test('no more than five are sent at once; the sixth follows the first that ends (AC-50)', async (t) => {
  const relay = createRelay()
  const { enqueue } = await start(t, { mailer: relay })
  for (let each = 0; each < 6; each++) await enqueue()
  await untilAsked(relay, 5)
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  assert.equal(relay.waiting.length, 5)
  relay.waiting[3]?.answer()
  await untilAsked(relay, 6)
  for (const { answer } of relay.waiting) answer()
})

test('a mail that another process or a change has stored is sent after wake', async (t) => {
  const relay = createRelay()
  const { outbox, store } = await start(t, { mailer: relay })
  await store.add(outbox.prepare('password_reset', { to: address, payload: {} }))
  outbox.wake()
  await untilAsked(relay, 1)
  relay.waiting[0]?.answer()
})

test('a mail that a stranger asked for is sent when its delay is over, though nobody wakes the loop', async (t) => {
  const relay = createRelay()
  const { outbox } = await start(t, { mailer: relay, delayOf: () => 1 })
  await outbox.enqueueLater('password_reset', { to: address, payload: {} })
  await untilAsked(relay, 1)
  relay.waiting[0]?.answer()
})

test('a mailer is opened before the first mail; one that cannot be is tried with the mail (AC-50)', async (t) => {
  const relay = createRelay()
  let opened = 0
  const { enqueue } = await start(t, {
    mailer: {
      ...relay,
      async open() {
        opened++
        throw new Error('not yet')
      },
    },
  })
  await enqueue()
  await untilAsked(relay, 1)
  assert.equal(opened, 1)
  relay.waiting[0]?.answer()
})

test('a mailer that hangs is given up at the deadline, and the mail waits for its next try (AC-50)', async (t) => {
  const given = new EventTarget()
  const { enqueue, store, clock, end, errors } = await start(t, {
    deadline: 0.01,
    mailer: {
      send: (_, signal) => {
        signal.addEventListener('abort', () => given.dispatchEvent(new Event('up')))
        return new Promise(() => {})
      },
    },
  })
  await enqueue()
  await once(given, 'up')
  await end()
  assert.deepEqual(await store.counts(), { waiting: 1, failed: 0, oldestDueAt: clock() + 10 })
  assert.match(String(errors[0]), /A mail \(password_reset\) was not sent and will be tried again/)
})

test('when it is told to end, what hangs is cut off and is due at once', async (t) => {
  const relay = createRelay()
  const { enqueue, end, store, clock } = await start(t, { mailer: relay, grace: 0 })
  await enqueue()
  await untilAsked(relay, 1)
  await end()
  assert.deepEqual(await store.counts(), { waiting: 1, failed: 0, oldestDueAt: clock() })
})

test('when it is told to end, what the relay takes in time is sent', async (t) => {
  const relay = createRelay()
  const { enqueue, end, sent } = await start(t, { mailer: relay, grace: 600 })
  await enqueue()
  await untilAsked(relay, 1)
  const ended = end()
  relay.waiting[0]?.answer()
  await ended
  assert.equal(sent.length, 1)
})

test('of many mails that a relay does not take one is told of, without its address (AC-11)', async (t) => {
  const relay = createRelay()
  const { enqueue, errors, end } = await start(t, { mailer: relay })
  for (let each = 0; each < 5; each++) await enqueue()
  await untilAsked(relay, 5)
  for (const { answer } of relay.waiting) answer(new Error(`550 no ${address}`))
  await end()
  assert.equal(errors.length, 1)
  assert.equal(String(errors[0]).includes(address), false)
})

test('a store that does not answer is told of, and asked again later', async () => {
  const store = memory()
  await store.open()
  let asked = 0
  const broken = {
    ...store.outbox,
    claim: () => {
      asked++
      return Promise.reject(new Error('the store is gone'))
    },
  }
  const { outbox } = createMailRoom(Object.create(store, { outbox: { value: broken } }))
  const ending = new AbortController()
  const { promise: told, resolve } = Promise.withResolvers<unknown>()
  const running = outbox.run(ending.signal, resolve)
  assert.match(String(await told), /the store is gone/)
  ending.abort()
  await running
  assert.equal(asked, 1)
})
