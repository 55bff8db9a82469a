// Whom the event of a mail that was refused is about.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { MailRefusedError } from '../../../src/core/mail/mailer.ts'
import { createTestAuth } from '../../fixtures.ts'

test('a refused mail to a new address is an event of the user whose address it is', async (t) => {
  const mailer = {
    async send() {
      throw new MailRefusedError('There is no such mailbox.')
    },
  }
  const auth = await createTestAuth({ accounts: { mailer, from: 'no-reply@example.com' } })
  t.after(() => auth.close())
  const { id } = await auth.users.create({ username: 'ann', password: null })
  await auth.users.setEmail(id, 'ann@example.com', { verified: true })
  await auth[internals].outbox?.sendDue()
  const [event] = await auth.events.list({ type: 'mail_failed', limit: 1 })
  assert.deepEqual([event?.userId, event?.details?.kind], [id, 'email_confirmed'])
})
