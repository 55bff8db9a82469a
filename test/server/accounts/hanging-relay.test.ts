// A mail relay that takes connections and says nothing, over the wire.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import { smtp } from '../../../src/mail/smtp.ts'
import { startListener, startRelay } from '../../mail/relay.ts'
import { onEveryEngine } from './site.ts'

/** More than are sent at once. */
const count = 6
const names = Array.from({ length: count }, (_, each) => `user${each}`)

onEveryEngine((open) => {
  test('requests are answered while the relay holds every connection, and mails wait for it (AC-50)', async (t) => {
    const held: Socket[] = []
    let isBack = false
    const relay = await startRelay(t)
    const { port, server } = await startListener(t, (socket) => {
      if (!isBack) {
        held.push(socket)
        return
      }
      const behind = connect(relay.port, '127.0.0.1').on('error', () => socket.destroy())
      socket.pipe(behind).pipe(socket)
      socket.on('close', () => behind.destroy())
    })
    const mailer = smtp(`smtp://127.0.0.1:${port}`)
    t.after(() => mailer.close())
    const { auth, clock, call, user, login } = await open({ accounts: { mailer } })
    const outbox = auth[internals].outbox ?? assert.fail('there is no outbox')
    const ask = async (name: string): Promise<number> => {
      const answer = await call('POST', '/auth/password-reset', { email: `${name}@example.com` })
      return answer.statusCode
    }
    for (const name of [...names, 'later']) await user(name)
    const token = await login('later')

    for (const name of names) assert.equal(await ask(name), 202)
    const sending = outbox.sendDue()
    while (held.length < 5) await once(server, 'connection')

    assert.equal(await ask('later'), 202)
    // Many at once, all of them answered with every connection to the relay still held.
    const meanwhile = await Promise.all([
      ...Array.from({ length: 50 }, () => call('GET', '/me', undefined, { token })),
      ...Array.from({ length: 20 }, (_, each) =>
        call('POST', '/auth/password-reset', { email: `nobody${each}@example.com` }),
      ),
    ])
    const answered = (status: number): number =>
      meanwhile.filter(({ statusCode }) => statusCode === status).length
    assert.deepEqual([answered(200), answered(202)], [50, 20])
    const waiting = count + 21
    assert.equal((await outbox.counts()).waiting, waiting)
    assert.equal(held.length, 5, 'no more are sent at once')

    isBack = true
    for (const socket of held) socket.destroy()
    await sending
    clock.advance(10)
    await outbox.sendDue()
    assert.deepEqual(
      relay.received.flatMap(({ to }) => to).sort(),
      [...names, 'later'].map((name) => `${name}@example.com`).sort(),
    )
    assert.deepEqual(await outbox.counts(), { waiting: 0, failed: 0, oldestDueAt: null })
  })
})
