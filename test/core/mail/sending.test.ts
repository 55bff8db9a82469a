import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSending } from '../../../src/core/mail/sending.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { address, createMailRoom } from './mail-room.ts'

test('mails that wait together begin one after another, and the rest when nothing more is to wait', async () => {
  const opened = memory()
  await opened.open()
  const { outbox, store, clock } = createMailRoom(opened)
  for (let each = 0; each < 3; each++) {
    await outbox.enqueue(outbox.prepare('password_reset', { to: address, payload: {} }))
  }
  const begun: string[] = []
  const sending = createSending(
    {
      ...{ clock, concurrency: 5, lease: 60 },
      claim: (now, until, limit) => store.claim(now, until, limit),
      // The second one would begin in an hour.
      breath: 3_600_000,
      async deliver({ item }) {
        begun.push(item.id)
        return null
      },
    },
    (error) => assert.fail(String(error)),
  )
  const ending = new AbortController()
  assert.equal(await sending.begin(ending.signal), false)
  await sending.oneEnded()
  assert.equal(begun.length, 1)
  ending.abort()
  await sending.allEnded()
  assert.equal(new Set(begun).size, 3)
})
