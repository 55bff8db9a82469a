import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mailbox } from '../../../src/core/mail/mailbox.ts'
import type { Mail } from '../../../src/core/mail/mailer.ts'

const signal = new AbortController().signal

function aMail(changes: Partial<Mail> = {}): Mail {
  return {
    ...{ id: 'mail-1', kind: 'password_reset', to: 'ann@example.com', subject: 'x', text: '' },
    ...{ html: '', headers: {}, from: { name: 'Example', address: 'no-reply@example.com' } },
    ...changes,
  }
}

test('a mailbox keeps the last 100 mails, newest first, with the link or the code of each', async () => {
  const box = mailbox()
  for (let each = 0; each < 150; each++) await box.send(aMail({ id: `${each}` }), signal)
  assert.equal(box.mails.length, 100)
  assert.deepEqual([box.mails[0]?.id, box.mails[99]?.id], ['149', '50'])

  await box.send(aMail({ text: 'Set:\nhttps://a.example/reset#token=pot_x\n\nbye' }), signal)
  assert.equal(box.mails[0]?.link, 'https://a.example/reset#token=pot_x')
  assert.equal(box.mails[0]?.code, null)
  await box.send(aMail({ id: 'mail-2', text: 'Type:\n\n    01234567\n' }), signal)
  assert.deepEqual([box.mails[0]?.link, box.mails[0]?.code], [null, '01234567'])
  box.clear()
  assert.deepEqual(box.mails, [])
})

test('a mail that is sent again is there once', async () => {
  const box = mailbox()
  await box.send(aMail(), signal)
  await box.send(aMail({ id: 'mail-2' }), signal)
  await box.send(aMail(), signal)
  assert.deepEqual(
    box.mails.map(({ id }) => id),
    ['mail-1', 'mail-2'],
  )
})
