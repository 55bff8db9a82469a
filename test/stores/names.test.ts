// Databases that hold tables of somebody else, or of a second installation.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { createAuth } from '../../src/core/auth.ts'
import { ConfigError } from '../../src/core/errors.ts'
import type { SessionRecord } from '../../src/core/sessions/session-store.ts'
import type { Store } from '../../src/core/store.ts'
import type { UserRecord } from '../../src/core/users/user-store.ts'
import { storeContract } from '../../src/stores/contract/contract.ts'
import { aSession, aUser } from '../../src/stores/contract/records.ts'
import { inspectPostgres } from '../../src/stores/postgres/inspection.ts'
import { type PostgresOptions, postgres } from '../../src/stores/postgres/postgres.ts'
import { inspectSqlite } from '../../src/stores/sqlite/inspection.ts'
import { type SqliteOptions, sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { StoreError } from '../../src/stores/store-error.ts'
import { postgresDatabase, type Row, sqliteDatabase } from './bare-database.ts'
import { makeOlder } from './older-database.ts'
import { startPostgresOrSkip } from './postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
const directory = mkdtempSync(join(tmpdir(), 'portcullis-names-'))
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

const longestPrefix = 'a_prefix_of_20_chars'
const theirs = `create table users (id integer primary key, email text);
  insert into users values (1, 'theirs@example.org');`

let databases = 0

async function newUrl(): Promise<string> {
  return (await server?.createDatabase(`names${++databases}`)) ?? ''
}

function newPath(): string {
  return join(directory, `${++databases}.db`)
}

async function opened(store: Store): Promise<Store> {
  await store.open()
  return store
}

const onPostgres = (url: string, options?: PostgresOptions): Promise<Store> =>
  opened(postgres(url, options))

const onSqlite = (path: string, options?: SqliteOptions): Promise<Store> =>
  opened(sqlite(path, options))

storeContract('SQLite with a prefix, beside a table of users of its own,', async () => {
  const path = newPath()
  await sqliteDatabase(path).run(theirs)
  const options = { tablePrefix: 'auth_' }
  return [await onSqlite(path, options), await onSqlite(path, options)]
})

storeContract(
  'PostgreSQL with a schema and a prefix, beside a table of users in both,',
  async () => {
    const url = await newUrl()
    await postgresDatabase(url).run(`${theirs} create schema "App"; create table "App".users ()`)
    const options = { schema: 'App', tablePrefix: 'auth_' }
    return [await onPostgres(url, options), await onPostgres(url, options)]
  },
  skip,
)

/** A user with a session, in a store. */
async function add(
  store: Store,
  username?: string,
): Promise<{ user: UserRecord; session: SessionRecord }> {
  const user = aUser(username === undefined ? {} : { username })
  const session = aSession(user)
  await store.users.create(user)
  await store.sessions.create(session)
  return { user, session }
}

/** The statements of the documents that move the tables. */
function movingStatements(): string {
  const page = readFileSync(new URL('../../docs/existing-database.md', import.meta.url), 'utf8')
  const [, statements] = page.match(/```sql\n(BEGIN;[^`]*)```/) ?? []
  return statements ?? assert.fail('the page has none')
}

/** Asks until a store answers of itself. */
async function warm(
  store: Store,
  { user, session }: Awaited<ReturnType<typeof add>>,
): Promise<void> {
  for (;;) {
    const subject = store.findSubject(user.id, session.id)
    if (!(subject instanceof Promise)) return
    await subject
  }
}

/** Everything with a name in a schema, without what the server names of itself for a table. */
async function namesIn(url: string, schema: string): Promise<readonly string[]> {
  const rows = await postgresDatabase(url).run(`
    select relname as name from pg_class where relnamespace = '"${schema}"'::regnamespace
    union all select conname from pg_constraint where connamespace = '"${schema}"'::regnamespace
    union all select proname from pg_proc where pronamespace = '"${schema}"'::regnamespace
    order by 1`)
  return rows.map(({ name }) => String(name)).filter((name) => !name.startsWith('pg_'))
}

describe('names in a PostgreSQL database', { skip }, () => {
  test('all begin with the prefix, and none is cut off with the longest', async () => {
    const url = await newUrl()
    await (await onPostgres(url)).close()
    const options = { schema: 'own', tablePrefix: longestPrefix }
    await (await onPostgres(url, options)).close()
    const plain = await namesIn(url, 'public')
    assert.ok(plain.length > 50, String(plain.length))
    const prefixed = plain.map((name) => `${longestPrefix}${name}`)
    assert.deepEqual(await namesIn(url, 'own'), prefixed.sort())
  })

  test('are all found where they are, whatever the search path is', async () => {
    const url = await newUrl()
    const options = { schema: 'own', tablePrefix: 'auth_' }
    const elsewhere = `${url}?options=-c%20search_path%3Dpg_catalog`
    const store = await onPostgres(elsewhere, options)
    const { user, session } = await add(store)
    assert.equal((await store.findSubject(user.id, session.id))?.user.id, user.id)
    await store.users.update(user.id, { active: false })
    await store.close()
    const again = await onPostgres(url, options)
    assert.equal((await again.users.findById(user.id))?.active, false)
    await again.close()
  })

  test('a schema that is not there is made; one that may not be made is told how', async () => {
    const url = await newUrl()
    const { run } = postgresDatabase(url)
    await run("create role narrow login password 'narrow'; revoke all on schema public from public")
    const narrow = url.replace('postgres:postgres@', 'narrow:narrow@')
    await assert.rejects(
      onPostgres(narrow, { schema: 'auth' }),
      (error) =>
        error instanceof StoreError &&
        error.code === 'access_denied' &&
        /schema auth is not there.*`create schema auth authorization`/.test(error.message),
    )
    await run('create schema auth authorization narrow')
    const store = await onPostgres(narrow, { schema: 'auth' })
    await add(store)
    await store.close()
    await run(`grant create on database ${new URL(url).pathname.slice(1)} to narrow`)
    await (await onPostgres(narrow, { schema: 'another' })).close()
    const counts = 'select count(*)::int as users from'
    assert.deepEqual(await run(`${counts} auth.users`), [{ users: 1 }])
    assert.deepEqual(await run(`${counts} another.users`), [{ users: 0 }])
  })

  test('an installation that was moved into a schema, as the documents say, goes on', async () => {
    const url = await newUrl()
    const before = await onPostgres(url)
    const { user, session } = await add(before)
    await before.close()
    const { run } = postgresDatabase(url)
    await run(movingStatements())
    assert.deepEqual(
      await run("select tablename from pg_catalog.pg_tables where schemaname = 'public'"),
      [],
    )
    const options = { schema: 'auth' }
    const [here, there] = [await onPostgres(url, options), await onPostgres(url, options)]
    await warm(here, { user, session })
    await warm(there, { user, session })
    await here.users.update(user.id, { role: 'changed' })
    assert.equal((await there.findSubject(user.id, session.id))?.user.role, 'changed')
    await here.close()
    await there.close()
  })

  for (const moved of ['today', 'before the events were partitioned']) {
    test(`an installation that was moved ${moved} gets the partitions of days`, async () => {
      const url = await newUrl()
      const { run } = postgresDatabase(url)
      if (moved === 'today') await (await onPostgres(url)).close()
      else await makeOlder(url, '0021_event_partitions')
      // The statements of then did not name what there was not.
      await run(
        movingStatements().replace(
          'TABLE portcullis_changes',
          'TABLE IF EXISTS portcullis_changes',
        ),
      )
      const options = { schema: 'auth' }
      await (await onPostgres(url, options)).close()
      const days = async () =>
        await run(`select relname from pg_class where relname ~ '^events_[0-9_]+$'
          and relnamespace = 'auth'::regnamespace order by 1`)
      const made = await days()
      const last = made.at(-1)?.relname
      await run(`drop table auth.${last}`)
      await (await onPostgres(url, options)).close()
      assert.ok((await days()).some(({ relname }) => relname === last))
      for (const table of ['events', last]) {
        await assert.rejects(run(`truncate auth.${table}`), /events of the last 7 days/)
      }
    })
  }

  test('are taken by whatever else PostgreSQL would not let them be beside', async () => {
    for (const [statement, taken] of [
      ['create materialized view events as select 1 as id', 'view events'],
      ['create sequence clients', 'sequence clients'],
      ["create type throttle as enum ('on')", 'type throttle'],
      ['create type sessions as (a int)', 'type sessions'],
      ['create domain identities as text', 'type identities'],
      ['create table users (a int) partition by hash (a)', 'table users'],
      [
        "create function portcullis_refuse() returns int language sql as 'select 1'",
        'function portcullis_refuse',
      ],
    ] as const) {
      const url = await newUrl()
      await postgresDatabase(url).run(`create schema own; set search_path to own; ${statement}`)
      const found = (await inspectPostgres(url, { schema: 'own' })).steps.obstacle
      assert.ok(
        found?.includes(`the schema own has its own ${taken}: set DATABASE_SCHEMA`),
        found ?? statement,
      )
      await assert.rejects(onPostgres(url, { schema: 'own' }), ConfigError)
      assert.equal((await inspectPostgres(url)).steps.obstacle, null)
    }
  })

  test('two installations in one database stay apart, each heard by its own processes', async () => {
    const url = await newUrl()
    const one = { tablePrefix: 'one_' }
    const two = { schema: 'two' }
    const [here, there, other] = [
      await onPostgres(url, one),
      await onPostgres(url, one),
      await onPostgres(url, two),
    ]
    const stores = [here, there, other]
    try {
      const ours = await add(here, 'alice')
      const others = await add(other, 'alice')
      await warm(here, ours)
      await warm(there, ours)
      await warm(other, others)
      await here.users.update(ours.user.id, { role: 'changed' })
      assert.equal((await there.findSubject(ours.user.id, ours.session.id))?.user.role, 'changed')

      await here.revokeAll('stamp', 1)
      const stamps = async (store: Store, id: string) =>
        (await store.users.findById(id))?.securityStamp
      assert.equal(await stamps(there, ours.user.id), 'stamp')
      assert.equal(await stamps(other, others.user.id), others.user.securityStamp)
      assert.equal(await here.users.findById(others.user.id), null)
    } finally {
      for (const store of stores) await store.close()
    }
  })

  test('processes that name the schema, and one that finds it by its path, hear one another', async () => {
    const url = await newUrl()
    const here = await onPostgres(url, { schema: 'auth' })
    const there = await onPostgres(`${url}?options=-c%20search_path%3Dauth`)
    const added = await add(here)
    const { user, session } = added
    await warm(here, added)
    await warm(there, added)
    for (const role of ['one', 'two', 'three']) {
      await here.users.update(user.id, { role })
      assert.equal((await there.findSubject(user.id, session.id))?.user.role, role)
    }
    await here.close()
    await there.close()
  })
})

interface Engine {
  readonly name: string
  readonly skipped: string | false
  create(): Promise<string>
  store(address: string, tablePrefix?: string): Store
  run(address: string, statements: string): Promise<readonly Row[]>
  obstacle(address: string, tablePrefix?: string): Promise<string | null | undefined>
  /** What tables and such there are. */
  readonly listing: string
}

const engines: readonly Engine[] = [
  {
    name: 'SQLite',
    skipped: false,
    create: async () => newPath(),
    store: (path, tablePrefix) => sqlite(path, tablePrefix === undefined ? {} : { tablePrefix }),
    run: (path, statements) => sqliteDatabase(path).run(statements),
    obstacle: async (path, tablePrefix) =>
      (await inspectSqlite(path, { tablePrefix }))?.steps.obstacle,
    listing: 'select type, name from sqlite_schema order by 1, 2',
  },
  {
    name: 'PostgreSQL',
    skipped: skip,
    create: newUrl,
    store: (url, tablePrefix) => postgres(url, tablePrefix === undefined ? {} : { tablePrefix }),
    run: (url, statements) => postgresDatabase(url).run(statements),
    obstacle: async (url, tablePrefix) =>
      (await inspectPostgres(url, { tablePrefix })).steps.obstacle,
    listing: `select relkind::text as type, relname as name from pg_class
      where relnamespace = 'public'::regnamespace order by 1, 2`,
  },
]

for (const { name, skipped, create, store, run, obstacle, listing } of engines) {
  describe(`a name that is taken on ${name}`, { skip: skipped }, () => {
    for (const [statement, taken] of [
      [theirs, /its own table users: set/],
      ['create view sessions as select 1 as id', /its own view sessions: set/],
      [
        'create table t (a integer); create index users_imported on t (a)',
        /its own index users_imported: set/,
      ],
      [
        'create table events (id text); create table clients (id text); create table throttle (id text); create table identities (id text)',
        /its own table clients, table events, table identities and 1 more: set/,
      ],
    ] as const) {
      test(`is told in a sentence, and nothing is made: ${statement.slice(0, 30)}`, async () => {
        const address = await create()
        await run(address, statement)
        const before = await run(address, listing)
        const seen = await obstacle(address)
        assert.match(seen ?? '', taken)
        assert.match(seen ?? '', /set DATABASE_(SCHEMA or DATABASE_)?TABLE_PREFIX .*tablePrefix/)
        await assert.rejects(
          createAuth({ store: store(address), keyEncryptionKey: Buffer.alloc(32, 1) }),
          (error) => {
            assert.ok(error instanceof ConfigError)
            assert.deepEqual(error.problems, [seen])
            return true
          },
        )
        assert.deepEqual(await run(address, listing), before)

        assert.equal(await obstacle(address, 'auth_'), null)
        const prefixed = store(address, 'auth_')
        await prefixed.open()
        await prefixed.close()
      })
    }

    test('is told for a step of a newer version, too', async () => {
      const address = await create()
      const first = store(address)
      await first.open()
      await first.close()
      assert.equal(await obstacle(address), null)
      await run(address, "delete from portcullis_migration where name = '0011_peppered_hashes'")
      assert.match((await obstacle(address)) ?? '', /its own index users_peppered: set/)
      await assert.rejects(store(address).open(), ConfigError)
      await run(address, 'drop index users_peppered')
      const last = store(address)
      await last.open()
      await last.close()
    })
  })
}

test('two installations in one SQLite file stay apart', async () => {
  const path = newPath()
  const [one, two] = [await onSqlite(path), await onSqlite(path, { tablePrefix: 'two_' })]
  const { user, session } = await add(one, 'alice')
  const other = await add(two, 'alice')
  assert.equal((await one.findSubject(user.id, session.id))?.user.id, user.id)
  await one.revokeAll('stamp', 1)
  assert.equal((await one.users.findById(user.id))?.securityStamp, 'stamp')
  assert.equal((await two.users.findById(other.user.id))?.securityStamp, other.user.securityStamp)
  assert.equal(await two.users.findById(user.id), null)
  await one.close()
  await two.close()
})

test('every name in an SQLite file begins with the prefix, and events are kept by its triggers', async () => {
  const path = newPath()
  const store = await onSqlite(path, { tablePrefix: longestPrefix })
  await store.close()
  const rows = await sqliteDatabase(path).run(
    "select name from sqlite_schema where name not like 'sqlite_%'",
  )
  assert.ok(rows.length > 20)
  for (const { name } of rows) assert.ok(String(name).startsWith(longestPrefix), String(name))
  const database = new DatabaseSync(path)
  const events = `${longestPrefix}events`
  database.exec(`insert into ${events} (at, id, type) values (4e9, 'x', 'sys_startup')`)
  assert.throws(() => database.exec(`update ${events} set id = 'y'`), /only appended/)
  assert.throws(() => database.exec(`delete from ${events}`), /cannot be deleted/)
  database.close()
})

test('names that a database would not take are refused, with everything else that is wrong', () => {
  for (const tablePrefix of ['', '1_', 'Auth_', 'a-b', 'sqlite_x', 'ä', 'a".', 'x'.repeat(21)]) {
    assert.throws(() => sqlite('app.db', { tablePrefix }), /tablePrefix must have 1 to 20/)
  }
  for (const schema of ['', '1', 'pg_x', 'PG_x', 'information_schema', 'a b', 'x'.repeat(64)]) {
    assert.throws(
      () =>
        postgres('postgres://app@127.0.0.1/app', { schema, tablePrefix: '-', maxConnections: 0 }),
      (error) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.problems.length, 3)
        assert.match(
          error.problems.join('\n'),
          /^maxConnections.*\nschema must be a name.*\ntablePrefix /,
        )
        return true
      },
    )
  }
})
