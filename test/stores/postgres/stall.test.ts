// A database that stands still in the middle of its commits, for longer than anybody waits.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { UnavailableError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { aUser } from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { createTestAuth, createTestClock } from '../../fixtures.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'
import { holdCommits } from './held-commits.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

describe('a PostgreSQL server that holds every commit', { skip, timeout: 300_000 }, () => {
  const clients = 24
  const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'

  test('logs nobody out: 24 of 24 clients whose refresh was committed late, and refused, go on (SR-14)', async (t) => {
    const url = (await server?.createDatabase('stall')) ?? ''
    const clock = createTestClock()
    const store = postgres(url, { maxConnections: clients })
    const auth = await createTestAuth({ store, clock, secretKey })
    t.after(() => auth.close())
    const user = await auth.users.create({ username: 'ann', password: null })
    const tokens: string[] = []
    for (let client = 0; client < clients; client++) {
      const opened = await auth.sessions.open(user, { clientId: 'client', scopes: [] })
      tokens.push(opened?.refreshToken ?? '')
    }
    const refresh = () =>
      Promise.allSettled(tokens.map((token) => auth.sessions.refresh(token, 'client')))
    // By connections of its own: those of the store are taken.
    const observer = postgres(url)
    t.after(() => observer.close())
    const generations = async () =>
      (await observer.sessions.listByUser(user.id, clock(), 0)).map(({ generation }) => generation)

    const held = await holdCommits(url)
    try {
      // Each tries again while it stands still.
      for (let tries = 0; tries < 2; tries++) {
        for (const answer of await refresh()) {
          assert.ok(answer.status === 'rejected' && answer.reason instanceof UnavailableError)
        }
      }
      assert.deepEqual(await generations(), Array(clients).fill(0))
    } finally {
      await held.release()
    }
    clock.advance(20)
    assert.deepEqual(await generations(), Array(clients).fill(1), 'committed, and nobody was told')
    const answers = await refresh()
    assert.deepEqual(
      answers.filter(({ status }) => status === 'rejected'),
      [],
    )
    for (const answer of answers) {
      const { refreshToken } = answer.status === 'fulfilled' ? answer.value : assert.fail()
      await auth.sessions.refresh(refreshToken, 'client')
    }
    assert.deepEqual(await auth.events.list({ type: 'authn_token_reuse', limit: 1 }), [])
    const { length } = await auth.events.list({ type: 'authn_token_retried', limit: 100 })
    assert.equal(length, clients)
    assert.equal((await store.findSubject(user.id, null))?.user.id, user.id)
    assert.equal(auth[internals].store.statistics?.().connections?.waiting, 0)
  })

  test('has no more connections of a store than it may have, and its guarded reads are answered (DD-05)', async (t) => {
    const url = (await server?.createDatabase('crowd')) ?? ''
    const maxConnections = 3
    const store = postgres(url, { maxConnections })
    await store.open()
    t.after(() => store.close())
    const user = aUser()
    await store.users.create(user)

    const held = await holdCommits(url)
    const counted: number[] = []
    try {
      for (let round = 0; round < 4; round++) {
        const writes = Promise.allSettled(
          Array.from({ length: 8 }, () => store.users.create(aUser())),
        )
        // While all of them hang, and those of the rounds before.
        while ((await held.waiting()) < maxConnections) await turn()
        for (let read = 0; read < 20; read++) {
          assert.equal((await store.findSubject(user.id, null))?.user.id, user.id)
          assert.equal((await store.findClientSubject('nobody')).client, null)
          assert.equal(await store.findSubject(`nobody ${round} ${read}`, null), null)
        }
        counted.push(await held.connections())
        for (const write of await writes) {
          assert.ok(write.status === 'rejected' && write.reason instanceof UnavailableError)
        }
        counted.push(await held.connections())
      }
    } finally {
      await held.release()
    }
    // Two more are for reads, and one asks what became of those that were given up.
    assert.ok(Math.max(...counted) <= maxConnections + 3, counted.join())
    await store.users.create(aUser())
    await Promise.all(Array.from({ length: 20 }, () => store.users.create(aUser())))
  })
})
