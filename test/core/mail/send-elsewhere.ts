// A process that stores a mail, or claims one and never finishes: to be killed.

import type { MailEngine } from './engines.ts'
import { storeOf } from './engines.ts'
import { address, createMailRoom } from './mail-room.ts'

const [engine, database = '', task] = process.argv.slice(2)
const store = storeOf(engine as MailEngine['name'], database)
await store.open()
const { outbox } = createMailRoom(store, {
  mailer: {
    async send({ headers, text }) {
      process.send?.({ headers, text })
      // Has the relay taken it? Nobody will know.
      await new Promise(() => {})
    },
  },
})
if (task === 'store') {
  await outbox.enqueue(outbox.prepare('password_reset', { to: address, payload: {} }))
  process.send?.('stored')
} else {
  process.send?.('ready')
  await outbox.sendDue()
}
// Kept alive until it is killed.
process.on('message', () => {})
