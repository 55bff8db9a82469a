import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { systemClock } from '../../../src/core/clock.ts'
import { UnavailableError } from '../../../src/core/errors.ts'
import { restoreSqlite } from '../../../src/stores/sqlite/restore.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { StoreError } from '../../../src/stores/store-error.ts'
import { createTestAuth, goodPassword } from '../../fixtures.ts'
import { statementsUpTo } from '../first-version.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-restored-'))
const backup = join(directory, 'backup.db')
const target = join(directory, 'target.db')

before(async () => {
  const auth = await createTestAuth({ store: sqlite(backup) })
  await auth.users.create({ username: 'bob', password: goodPassword })
  await auth.close()
})
after(() => rmSync(directory, { recursive: true, force: true }))

/** A copy of the backup, changed by somebody. */
function changed(...statements: readonly string[]): string {
  const path = join(directory, 'changed.db')
  copyFileSync(backup, path)
  const database = new DatabaseSync(path)
  for (const statement of statements) database.exec(statement)
  database.close()
  return path
}

test('a backup that somebody put anything into is refused, and nothing is made of it (DD-08)', async () => {
  for (const [statement, named] of [
    [
      `create trigger promote after insert on events begin update users set role = 'admin'; end`,
      /"trigger promote"/,
    ],
    ['create view everybody as select * from users', /"view everybody"/],
    ['create table more (id text)', /"table more"/],
    ['create virtual table search using fts5(name)', /"table search/],
    ['create index others on users (role)', /"index others"/],
    ["alter table users add column more text default 'x'", /"table users"/],
    ['drop index users_by_role', /"index users_by_role"/],
    ['alter table identities rename to taken', /"table taken"/],
  ] as const) {
    await assert.rejects(
      restoreSqlite(changed(statement), target, systemClock),
      (error) =>
        error instanceof StoreError && error.code === 'corrupt' && named.test(error.message),
      statement,
    )
    assert.equal(existsSync(target), false, statement)
  }
})

test('a trigger by the name of a table of statistics is somebody else’s, too (DD-08)', async () => {
  const path = changed()
  const database = new DatabaseSync(path, { defensive: false })
  database.exec(`pragma writable_schema = on`)
  const trigger = `CREATE TRIGGER sqlite_stat_x after insert on sessions begin update users set role = 'admin'; end`
  database
    .prepare(`insert into sqlite_schema values ('trigger', 'sqlite_stat_x', 'sessions', 0, ?)`)
    .run(trigger)
  database.close()
  await assert.rejects(restoreSqlite(path, target, systemClock), /"trigger sqlite_stat_x"/)
  assert.equal(existsSync(target), false)
})

test('a backup as it was made is restored, also after SQLite made statistics of it', async () => {
  for (const statements of [[], ['analyze'], ['vacuum'], ['pragma journal_mode = delete']]) {
    assert.equal(await restoreSqlite(changed(...statements), target, systemClock), null)
    rmSync(target)
  }
})

test('a backup that was made by the first version is restored', async () => {
  const path = join(directory, 'first.db')
  const database = new DatabaseSync(path)
  database.exec(statementsUpTo('0002_sessions'))
  database.close()
  assert.equal(await restoreSqlite(path, target, systemClock), null)
})

test('a file that is not there is named', async () => {
  await assert.rejects(
    restoreSqlite(join(directory, 'nope.db'), target, systemClock),
    /There is no file .*nope\.db: name a file that was made by/,
  )
})

test('a database whose file was replaced, or is gone, is not ready (DD-08)', async () => {
  const path = join(directory, 'open.db')
  copyFileSync(backup, path)
  const store = sqlite(path)
  await store.open()
  await store.check()
  rmSync(path)
  const replaced = { name: 'UnavailableError', message: /was replaced: restart the server/ }
  await assert.rejects(store.check(), replaced)
  copyFileSync(backup, path)
  await assert.rejects(store.check(), (error) => error instanceof UnavailableError)
  await store.close()
})
