// A database that stands still in the middle of its commits, for longer than anybody waits.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { UnavailableError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
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
    const generations = async () =>
      (await auth.sessions.list(user.id)).map(({ generation }) => generation)

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
})
