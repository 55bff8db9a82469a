// Mails that strangers ask for are sent after a random delay, on every store.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { mailbox } from '../../../src/core/mail/mailbox.ts'
import { createTestAuth } from '../../../src/testing/index.ts'
import { createTestClock } from '../../fixtures.ts'
import { startEngines, storeOf } from './engines.ts'
import { address, createMailRoom } from './mail-room.ts'

for (const { name, skip, create } of await startEngines()) {
  describe(`an outbox on ${name}`, { skip }, () => {
    test('a mail that a stranger asked for is sent after its delay, by every process', async (t) => {
      const database = await create()
      const clock = createTestClock()
      const [asked, other] = [storeOf(name, database), storeOf(name, database)]
      for (const store of [asked, other]) {
        await store.open()
        t.after(() => store.close())
      }
      const room = createMailRoom(asked, { clock, delayOf: () => 1999 })
      // A store in memory is that of one process.
      const elsewhere = name === 'memory' ? room : createMailRoom(other, { clock })
      const begun = clock()
      await room.outbox.enqueueLater('password_reset', { to: address, payload: {} })
      assert.equal((await room.outbox.counts()).oldestDueAt, begun + 1)
      for (const { outbox } of [room, elsewhere]) await outbox.sendDue()
      assert.deepEqual([...room.sent, ...elsewhere.sent], [])
      clock.advance(1)
      await elsewhere.outbox.sendDue()
      assert.deepEqual(
        elsewhere.sent.map(({ to }) => to),
        [address],
      )
    })
  })
}

test('the delay is the same for every address, and no mail of a user who is logged in waits', async (t) => {
  const box = mailbox()
  const mailDelay = 60
  const auth = await createTestAuth({
    accounts: { mailer: box, from: 'no-reply@example.com', registration: 'open', mailDelay },
  })
  t.after(() => auth.close())
  const { outbox, store } = auth[internals]
  const { registration, passwordReset, emailChange } = auth.accounts
  const email = 'ann@example.com'
  const ann = await auth.users.create({
    username: 'ann',
    password: null,
    email,
    emailVerified: true,
  })
  const dueAfter: number[] = []
  const keep = async () => {
    const { oldestDueAt } = (await outbox?.counts()) ?? {}
    const [mail] = (await store.outbox?.claim((oldestDueAt ?? 0) + 60, auth.clock() + 999, 9)) ?? []
    assert.ok(mail)
    await store.outbox?.settle(mail.id, mail.attempts, { state: 'sent' })
    dueAfter.push(mail.dueAt - mail.createdAt)
  }
  for (let turn = 0; turn < 20; turn++) {
    auth.clock.advance(86_400)
    const origin = { address: `192.0.2.${turn}` }
    await registration?.request({ email: `new${turn}@example.com`, ...origin })
    await keep()
    await passwordReset?.request({ email, ...origin })
    await keep()
  }
  assert.ok(dueAfter.every((each) => each >= 0 && each < mailDelay))
  // One in 60 to the power of 39 that all are the same.
  assert.ok(new Set(dueAfter).size > 1)
  auth.clock.advance(86_400)
  const session = await auth.sessions.open(ann, { clientId: 'app', scopes: [] })
  await emailChange?.request({
    userId: ann.id,
    sessionId: session?.session.id ?? '',
    email: 'b@example.com',
  })
  await outbox?.sendDue()
  assert.ok(box.mails.some(({ kind }) => kind === 'email_code'))
})

test('with createTestAuth a mail that a stranger asked for is sent at once', async (t) => {
  const auth = await createTestAuth({ accounts: { registration: 'open' } })
  t.after(() => auth.close())
  await auth.accounts.registration?.request({ email: 'new@example.com' })
  await auth.sendMails()
  assert.deepEqual(
    auth.mailbox.mails.map(({ to }) => to),
    ['new@example.com'],
  )
})

test('a delay that is no whole number of seconds up to a minute is refused', async () => {
  for (const mailDelay of [-1, 1.5, 61, Number.NaN]) {
    await assert.rejects(createTestAuth({ accounts: { mailDelay } }), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /accounts\.mailDelay/)
      return true
    })
  }
})
