// What the databases themselves do for the events: one transaction, and no way to change what is there.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { anEvent } from '../../src/stores/contract/records.ts'
import { type BareDatabase, postgresDatabase, sqliteDatabase } from './bare-database.ts'
import { everyWrite, type WholeStore } from './every-write.ts'
import { type PostgresServer, startPostgresOrSkip } from './postgres-server.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-events-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

function events(name: string, create: () => Promise<BareDatabase>, skipped: string | false): void {
  describe(`events in ${name}`, { skip: skipped }, () => {
    let database: BareDatabase
    let store: WholeStore
    before(async () => {
      database = await create()
      store = database.store() as WholeStore
      await store.open()
    })
    after(() => store.close())

    for (const [write, prepare] of Object.entries(everyWrite)) {
      test(`${write} changes nothing if its event cannot be stored (LA-06)`, async () => {
        const perform = await prepare(store)
        const actor = randomUUID()
        // The database refuses a second event of the same time and id.
        const stored = anEvent({ actor })
        await store.events.append(stored)
        const outcome: unknown = await Promise.resolve(perform(store, stored)).catch(
          (error: unknown) => error,
        )
        // Where names conflict too, a store takes this for such a conflict; its cause is told.
        if (outcome instanceof Error) {
          assert.match(`${outcome} ${outcome.cause}`, /unique constraint/i)
        } else assert.ok(!outcome, 'it is told that nothing was done')
        const event = anEvent({ actor })
        assert.ok(await perform(store, event), 'it can be done still')
        assert.deepEqual(await store.events.list({ actor, limit: 10 }), [event, stored])
      })
    }

    test('nobody who writes to the database can change one, or delete a young one', async () => {
      const now = Math.floor(Date.now() / 1000)
      const young = anEvent({ at: now, actor: 'young' })
      const old = anEvent({ at: now - 8 * 86400, actor: 'old' })
      await store.events.append(young)
      await store.events.append(old)
      await store.close()
      for (const actor of ['young', 'old']) {
        const change = `update events set actor = 'nobody' where actor = '${actor}'`
        await assert.rejects(database.run(change), /events are only appended/)
      }
      const early = /events of the last 7 days cannot be deleted/
      await assert.rejects(database.run("delete from events where actor = 'young'"), early)
      await assert.rejects(database.run('delete from events'), early)
      if (name === 'PostgreSQL') await assert.rejects(database.run('truncate events'), early)
      await database.run("delete from events where actor = 'old'")
      store = database.store() as WholeStore
      await store.open()
      assert.deepEqual(await store.events.list({ actor: 'young', limit: 10 }), [young])
      assert.deepEqual(await store.events.list({ actor: 'old', limit: 10 }), [])
    })
  })
}

events('SQLite', async () => sqliteDatabase(join(directory, 'events.db')), false)
events(
  'PostgreSQL',
  async () => postgresDatabase(await (server as PostgresServer).createDatabase('events')),
  skip,
)
