// Statements of the application in the transaction that creates a user.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Auth } from '../../../src/core/auth.ts'
import type { Alongside } from '../../../src/core/users/new-user.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { createTestAuth } from '../../fixtures.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'

const createTable =
  'create table profiles (user_id text primary key references users(id) on delete cascade, nick text unique)'

/** A database that the application has too. */
interface Database {
  readonly auth: Auth
  run(sql: string): Promise<readonly object[]>
  close(): Promise<void>
}

const directory = mkdtempSync(join(tmpdir(), 'portcullis-alongside-'))
after(() => rmSync(directory, { recursive: true, force: true }))

suite('on SQLite', ['?', '?'], async () => {
  const file = join(directory, 'app.db')
  const auth = await createTestAuth({ store: sqlite(file) })
  const database = new DatabaseSync(file)
  return {
    auth,
    run: async (sql) => database.prepare(sql).all(),
    close: async () => database.close(),
  }
})
describe('on PostgreSQL', async () => {
  const { server, skip } = await startPostgresOrSkip()
  after(() => server?.remove())
  const open = async () => {
    const url = (await server?.createDatabase('alongside')) ?? ''
    const auth = await createTestAuth({ store: postgres(url), keyEncryptionKey: Buffer.alloc(32) })
    const client = new pg.Client(url)
    await client.connect()
    return {
      auth,
      run: async (sql: string) => (await client.query(sql)).rows,
      close: () => client.end(),
    }
  }
  suite('one server', ['$1', '$2'], open, skip)
})

test('the store in memory says that it has no transaction', async () => {
  const auth = await createTestAuth()
  const creation = auth.users.create(
    { username: 'ann', password: null },
    { alongside: async () => {} },
  )
  await assert.rejects(creation, TypeError)
  assert.equal(await auth.users.findByUsername('ann'), null)
})

function suite(
  name: string,
  [first, second]: readonly [string, string],
  open: () => Promise<Database>,
  skip: string | false = false,
) {
  describe(name, { skip }, () => {
    let on: Database
    before(async () => {
      on = await open()
      await on.run(createTable)
    })
    after(async () => {
      await on.close()
      await on.auth.close()
    })
    const create = (username: string, alongside: Alongside) =>
      on.auth.users.create({ username, password: null }, { actor: 'cli', alongside })
    const profile =
      (nick: string): Alongside =>
      async ({ query }, user) => {
        await query(`insert into profiles values (${first}, ${second})`, [user.id, nick])
      }
    const nicks = async () =>
      (await on.run('select nick from profiles order by nick')).flatMap(Object.values)

    test('a row beside the user is there with the user, and goes with the user', async () => {
      const ann = await create('ann', async (transaction, user) => {
        await profile('annie')(transaction, user)
        const [row] = await transaction.query(
          `select nick from profiles where user_id = ${first}`,
          [user.id],
        )
        assert.equal(row?.nick, 'annie')
      })
      assert.deepEqual(await nicks(), ['annie'])
      const [event] = await on.auth.events.list({ userId: ann.id, limit: 1 })
      assert.deepEqual([event?.type, event?.actor], ['user_created', 'cli'])
      await on.auth.users.remove(ann.id)
      assert.deepEqual(await nicks(), [])
    })

    test('what is thrown beside it undoes the user and the event, and is thrown as it is', async () => {
      await create('bob', profile('bobby'))
      // A name that is taken in the other table is no username that is taken.
      await assert.rejects(create('carol', profile('bobby')), (error: Error) => {
        assert.notEqual(Object(error).code, 'username_taken')
        assert.match(`${error.message} ${error.cause}`, /unique/i)
        return true
      })
      const own = new Error('not today')
      await assert.rejects(
        create('carol', async (...given) => {
          await profile('caro')(...given)
          throw own
        }),
        own,
      )
      assert.equal(await on.auth.users.findByUsername('carol'), null)
      assert.deepEqual(await nicks(), ['bobby'])
      const created = (await on.auth.events.list({ limit: 50 })).filter(
        ({ type }) => type === 'user_created',
      )
      assert.equal(created.length, 2)
    })

    test('a user who is not created leaves nothing beside', async () => {
      await create('dora', profile('dora'))
      await assert.rejects(create('dora', profile('other')), { code: 'username_taken' })
      assert.ok(!(await nicks()).includes('other'))
    })
  })
}
