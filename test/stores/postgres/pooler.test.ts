// Servers that are shared transaction by transaction, as a pooler shares them.

import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import { UnavailableError } from '../../../src/core/errors.ts'
import type { Store } from '../../../src/core/store.ts'
import { aSession, aUser } from '../../../src/stores/contract/records.ts'
import { channelName, openChannel } from '../../../src/stores/postgres/channel.ts'
import { createConnect } from '../../../src/stores/postgres/connect.ts'
import { inspectPostgres } from '../../../src/stores/postgres/inspection.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { parsePostgresUrl } from '../../../src/stores/postgres/url.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'
import { startTransactionPooler, type TransactionPoolerOptions } from '../transaction-pooler.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

const nothing = { settings: [], channels: [], statements: [] }

describe('behind a pooler that shares servers transaction by transaction', {
  skip,
  timeout: 60_000,
}, () => {
  let databases = 0

  /** Two processes behind one, with one client logged in. */
  async function open(t: TestContext, options?: TransactionPoolerOptions) {
    const url = (await server?.createDatabase(`pooler_${++databases}`)) ?? ''
    const direct = postgres(url)
    await direct.open()
    t.after(() => direct.close())
    const pooler = await startTransactionPooler(url, options)
    t.after(() => pooler.close())
    const stores: readonly [Store, Store] = [postgres(pooler.url), postgres(pooler.url)]
    t.after(() => Promise.all(stores.map((store) => store.close())))
    const user = aUser()
    const session = aSession(user)
    await direct.users.create(user)
    await direct.sessions.create(session)
    const read = (store: Store) => store.findSubject(user.id, session.id)
    return { url, direct, pooler, stores, user, session, read }
  }

  test('every read and write is done, and a log-out counts at once in every process', async (t) => {
    const { direct, stores, session, read } = await open(t)
    const [here, there] = stores
    await here.open()
    // More at once than there are servers, and few enough that none waits for long behind the others.
    for (let round = 0; round < 40; round++) {
      const reads = Array.from({ length: 8 }, (_, index) => read(index % 2 ? here : there))
      const writes = [here.users.create(aUser()), there.users.create(aUser())]
      for (const found of await Promise.all(reads)) assert.ok(found)
      await Promise.all(writes)
    }
    assert.equal(await here.sessions.revoke(session.id, 1), true)
    for (const store of [...stores, direct]) {
      assert.equal((await read(store))?.sessionStamp, null)
    }
  })

  test('nothing is left in a session for its next client', async (t) => {
    const { pooler, stores, session, read } = await open(t)
    const [here] = stores
    await here.open()
    for (let round = 0; round < 10; round++) await Promise.all(stores.map(read))
    await here.users.list({ search: 'a', limit: 1 })
    await here.events.prune(1, 10)
    await here.revokeAll('of nobody before', 1)
    await here.sessions.revoke(session.id, 1)
    assert.deepEqual(await pooler.leftovers(), [nothing, nothing])
  })

  test('no cache listens, whether the pooler shows or not', async (t) => {
    for (const showsServer of [false, true]) {
      const { pooler, direct } = await open(t, { showsServer })
      await direct.check?.()
      const target = { ...parsePostgresUrl(pooler.url), applicationName: channelName }
      for (let tries = 0; tries < 4; tries++) {
        await assert.rejects(
          openChannel(createConnect(target, 3000), {}, () => ({ change() {}, message() {} })),
          /pooler/,
        )
      }
      assert.deepEqual(await pooler.leftovers(), [nothing, nothing])
    }
  })

  test('that does not show, a prepared statement of another server is not now, and nothing else', async (t) => {
    const { stores, read } = await open(t, { showsServer: true })
    const [store] = stores
    // Its connection is made while nobody else makes one, so that the pooler does not show.
    await store.check?.()
    let refused = 0
    for (let tries = 0; tries < 40; tries++) {
      try {
        assert.ok(await read(store))
      } catch (error) {
        assert.ok(error instanceof UnavailableError, String(error))
        refused++
      }
    }
    assert.ok(refused > 0, 'the pooler was not noticed by anybody')
  })

  test('doctor is told of it, and whether PostgreSQL ends statements there', async (t) => {
    const { url, pooler } = await open(t)
    assert.deepEqual((await inspectPostgres(pooler.url)).pooler, { limitsStatements: false })
    assert.equal((await inspectPostgres(url)).pooler, null)
  })
})
