// Clients are told of log-outs though a process is killed, and once though there are two.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type MailEngine, startEngines, storeOf } from '../../core/mail/engines.ts'
import { nextMessage } from '../../stores/child-message.ts'
import { claimsIn } from './relying-party.ts'
import { openSite as open, withoutOffline } from './told-site.ts'

const program = join(import.meta.dirname, 'log-out-elsewhere.ts')

for (const { name, skip, create } of await startEngines()) {
  if (name === 'memory') continue
  describe(`on ${name}`, { skip }, () => {
    /** A site, and what another process on its database needs. */
    async function openShared(t: TestContext) {
      const database = await create()
      const key = randomBytes(32)
      const site = await open(t, { store: storeOf(name, database), keyEncryptionKey: key })
      const elsewhere = (task: string, userId = ''): ChildProcess =>
        startElsewhere(t, name, database, site.client.uri, task, key.toString('hex'), userId)
      return { ...site, elsewhere }
    }

    test('a log-out is told of though its process was killed, and again if that of the teller was (OP-78)', async (t) => {
      const { client, clock, elsewhere, logIn, told } = await openShared(t)
      const { sid, browser } = await logIn(undefined, withoutOffline)
      const leaving = elsewhere('log out', browser.user.id)
      assert.equal(await nextMessage(leaving), 'logged out')
      await kill(leaving)
      client.answerWith(() => {})
      const teller = elsewhere('tell')
      assert.equal(await nextMessage(teller), 'ready')
      await client.reached(1)
      await kill(teller)
      client.answerWith((_, response) => void response.end())
      assert.deepEqual(await told(), [sid], 'it is claimed')
      clock.advance(30)
      assert.deepEqual(await told(), [sid, sid])
      assert.deepEqual(await told(), [sid, sid])
      assert.equal(new Set(client.tokens.map((token) => claimsIn(token).jti)).size, 2)
    })

    test('two processes tell of each log-out once (OP-78)', async (t) => {
      const { authorization, client, elsewhere, logIn, told } = await openShared(t)
      const expected: string[] = []
      for (let logins = 0; logins < 20; logins++) {
        const { sid, browser } = await logIn(undefined, withoutOffline)
        await authorization.browserSessions.end(browser.session.id)
        expected.push(sid)
      }
      const teller = elsewhere('tell')
      assert.equal(await nextMessage(teller), 'ready')
      const done = nextMessage(teller)
      await told()
      assert.equal(await done, 'done')
      await told()
      assert.deepEqual([...client.told].sort(), expected.sort())
    })
  })
}

function startElsewhere(t: TestContext, name: MailEngine['name'], ...args: string[]): ChildProcess {
  const child = fork(program, [name, ...args])
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
