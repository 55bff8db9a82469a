// A process that logs somebody out, or tells clients of log-outs and may never finish: to be killed.

import { internals } from '../../../src/core/internals.ts'
import type { MailEngine } from '../../core/mail/engines.ts'
import { storeOf } from '../../core/mail/engines.ts'
import { createTestAuth } from '../../fixtures.ts'
import { issuer } from './relying-party.ts'
import { tellable, telling } from './told-client.ts'

const [engine, database = '', uri = '', task, key = '', userId = ''] = process.argv.slice(2)
const auth = await createTestAuth({
  store: storeOf(engine as MailEngine['name'], database),
  keyEncryptionKey: Buffer.from(key, 'hex'),
  ...{ issuer, hostedLogin: telling, clients: [tellable('spa', uri)] },
  clock: () => 1_800_000_000,
})
if (task === 'log out') {
  await auth.users.endSessions(userId)
  process.send?.('logged out')
} else {
  process.send?.('ready')
  await auth[internals].hosted?.logoutNotices?.sendDue()
  process.send?.('done')
}
// Kept alive until it is killed.
process.on('message', () => {})
