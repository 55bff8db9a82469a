// Who is told of a login from elsewhere, months after the first one.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { keptFor, knownFor, maxCounts } from '../../../src/core/throttle/rules.ts'
import { createTestAuth } from '../../../src/testing/test-auth.ts'
import { startEngines, storeOf } from './engines.ts'

const keyEncryptionKey = randomBytes(32)
const day = 24 * 60 * 60
const home = { address: '192.0.2.1', userAgent: 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0' }
const elsewhere = { address: '203.0.113.9', userAgent: 'curl/8.5.0' }

for (const { name, skip, create } of await startEngines()) {
  /** A user, who logs in and is told, and the pruning that takes place once an hour. */
  const open = async () => {
    const store = storeOf(name, await create())
    const auth = await createTestAuth({ store, keyEncryptionKey, accounts: {} })
    const { clock, mailbox } = auth
    const user = await auth.users.create({
      ...{ username: 'ann', password: null, email: 'ann@example.com', emailVerified: true },
    })
    return {
      ...{ auth, clock },
      /** Returns the addresses of the mails that tell of it. */
      async logIn(from: typeof home): Promise<readonly (string | undefined)[]> {
        const before = mailbox.mails.length
        await auth.sessions.open(user, { clientId: 'first-party', scopes: [], ...from })
        await auth.sendMails()
        return mailbox.mails
          .slice(0, mailbox.mails.length - before)
          .map(({ kind, text }) => `${kind} ${/^Address: (.*)$/m.exec(text)?.[1]}`)
      },
      async pass(seconds: number): Promise<void> {
        clock.advance(seconds)
        const now = clock()
        await store.throttle.prune(now - keptFor, now - knownFor, maxCounts)
      },
    }
  }
  const told = [`new_login ${elsewhere.address}`]

  describe(name, { skip }, () => {
    test('a login from elsewhere is told after 100 days of logins from one place', async () => {
      const { auth, logIn, pass } = await open()
      for (let days = 0; days < 100; days += 4) {
        assert.deepEqual(await logIn(home), [], `day ${days}`)
        await pass(4 * day)
      }
      assert.deepEqual(await logIn(elsewhere), told)
      await auth.close()
    })

    test('a login from elsewhere is told up to 90 days after the last one, wherever that was', async () => {
      // The clock begins somewhere in a month, so other days are tried, too.
      for (const days of [0, 7, 14, 21, 29]) {
        const { auth, logIn, pass } = await open()
        await pass(days * day)
        await logIn(home)
        await pass(10 * day)
        await logIn(home)
        await pass(90 * day)
        assert.deepEqual(await logIn(elsewhere), told, `${days} days`)
        assert.deepEqual(await logIn(elsewhere), [])
        await auth.close()
      }
    })

    test('the first login is not told, and none after a long absence', async () => {
      const { auth, logIn, pass } = await open()
      assert.deepEqual(await logIn(home), [])
      await pass(121 * day)
      assert.deepEqual(await logIn(elsewhere), [])
      await auth.close()
    })
  })
}
