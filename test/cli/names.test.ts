// The command line on a database that has a table `users` of its own.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { goodPassword } from '../fixtures.ts'
import { type BareDatabase, postgresDatabase, sqliteDatabase } from '../stores/bare-database.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { createDirectory, run, serve } from './process.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

const theirs = `create table users (id integer primary key, email text);
  insert into users values (1, 'theirs@example.org');`

interface Installation {
  readonly directory: string
  readonly database: BareDatabase
  readonly environment: Readonly<Record<string, string>>
  /** What gives the tables names of their own. */
  readonly names: Readonly<Record<string, string>>
}

async function onSqlite(directory: string): Promise<Installation> {
  mkdirSync(join(directory, 'data'), { mode: 0o700 })
  const file = join(directory, 'data/portcullis.db')
  writeFileSync(file, '', { mode: 0o600 })
  const database = sqliteDatabase(file)
  return { directory, database, environment: {}, names: { DATABASE_TABLE_PREFIX: 'auth_' } }
}

async function onPostgres(directory: string): Promise<Installation> {
  const url = (await server?.createDatabase('application')) ?? ''
  return {
    directory,
    database: postgresDatabase(url),
    environment: { DATABASE_URL: url, KEY_ENCRYPTION_KEY: '3f'.repeat(32) },
    names: { DATABASE_SCHEMA: 'auth' },
  }
}

for (const [engine, skipped, create] of [
  ['SQLite', false, onSqlite],
  ['PostgreSQL', skip, onPostgres],
] as const) {
  describe(`a database on ${engine} that has a table of users of its own`, {
    skip: skipped,
  }, () => {
    const directory = createDirectory()
    let installation: Installation
    before(async () => {
      installation = await create(directory)
      await installation.database.run(theirs)
    })
    const command = async (words: readonly string[], own = true, input = '') => {
      const { environment, names } = installation
      const given = own ? { ...environment, ...names } : environment
      return await run(directory, words, { environment: given, input })
    }

    test('is refused in a sentence that names the table and the setting, and left as it was', async () => {
      const before = await installation.database.schema()
      const told =
        /The configuration is not usable:\n {2}Portcullis cannot make its tables, .* table users: set DATABASE_.*\n$/
      for (const words of [['migrate', '--check'], ['migrate'], ['serve']]) {
        const refused = await command(words, false)
        assert.equal(refused.code, 78, words.join(' '))
        assert.match(refused.stderr, told)
      }
      const doctor = await command(['doctor', '--json'], false)
      assert.equal(doctor.code, 1)
      const { findings }: { findings: readonly Finding[] } = JSON.parse(doctor.stdout)
      const found = findings.filter(({ name }) => name === 'migrations')
      assert.deepEqual(
        found.map(({ status }) => status),
        ['problem'],
      )
      assert.match(found[0]?.finding ?? '', /its own table users: set DATABASE_/)
      const add = await command(['user', 'add', 'alice'], false, goodPassword)
      assert.equal(add.code, 66)
      assert.match(add.stderr, /There are no tables of Portcullis in the database/)
      assert.deepEqual(await installation.database.schema(), before)
    })

    test('serves with names of its own: migrate, user add, a login', async () => {
      const migrated = await command(['migrate'])
      assert.equal(migrated.code, 0, migrated.stderr)
      assert.match(migrated.stdout, /^Made: 0001_users_and_keys, /)
      assert.equal((await command(['migrate', '--check'])).code, 0)
      const added = await command(['user', 'add', 'alice', '--role', 'admin'], true, goodPassword)
      assert.equal(added.code, 0, added.stderr)

      const { environment, names, database } = installation
      const { url, stop } = await serve(directory, { ...environment, ...names })
      const body = new URLSearchParams({ username: 'alice', password: goodPassword })
      const login = await fetch(`${url}/auth/token`, { method: 'POST', body })
      assert.equal(login.status, 200)
      const { access_token } = (await login.json()) as { access_token: string }
      const me = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${access_token}` } })
      assert.equal(((await me.json()) as { username: string }).username, 'alice')
      assert.equal(await stop(), 0)

      assert.deepEqual(
        (await database.run('select id, email from users')).map(({ id, email }) => [id, email]),
        [[1, 'theirs@example.org']],
      )
      // A command without the names makes no second installation.
      const forgotten = await command(['user', 'list', '--json'], false)
      assert.equal(forgotten.code, 66)
      assert.match(forgotten.stderr, /set DATABASE_SCHEMA and DATABASE_TABLE_PREFIX as the server/)
    })
  })
}

test('a backup of a shared file is restored with its tables, but not with a trigger on them', async () => {
  const directory = createDirectory()
  const { database, names: environment } = await onSqlite(directory)
  await database.run(theirs)
  assert.equal((await run(directory, ['migrate'], { environment })).code, 0)
  await database.run('create index by_email on users (email)')
  const add = ['user', 'add', 'alice', '--role', 'admin']
  assert.equal((await run(directory, add, { environment, input: goodPassword })).code, 0)
  assert.equal((await run(directory, ['backup', 'copy.db'], { environment })).code, 0)
  await database.run('delete from users')
  const restored = await run(directory, ['restore', 'copy.db'], { environment })
  assert.equal(restored.code, 0, restored.stderr)
  assert.match(restored.stdout, /^Users: 1\./m)
  assert.equal((await database.run('select id from users')).length, 1)

  const trigger = `create trigger promote after insert on users begin update auth_users set role = 'admin'; end`
  await sqliteDatabase(join(directory, 'copy.db')).run(trigger)
  const refused = await run(directory, ['restore', 'copy.db'], { environment })
  assert.equal(refused.code, 74)
  assert.match(refused.stderr, /"trigger promote"/)
  const unnamed = await run(directory, ['restore', 'copy.db'])
  assert.match(unnamed.stderr, /is not a backup of Portcullis/)
})

test('names that no database takes are told with all other mistakes', async () => {
  const environment = { DATABASE_SCHEMA: '1', DATABASE_TABLE_PREFIX: 'a b', PORT: 'x' }
  const { code, stderr } = await run(createDirectory(), ['migrate'], { environment })
  assert.equal(code, 78)
  for (const each of [
    /DATABASE_SCHEMA must be a name/,
    /DATABASE_TABLE_PREFIX must have/,
    /PORT/,
  ]) {
    assert.match(stderr, each)
  }
  const schema = { DATABASE_SCHEMA: 'auth' }
  const alone = await run(createDirectory(), ['migrate'], { environment: schema })
  assert.equal(alone.code, 78)
  assert.match(alone.stderr, /DATABASE_SCHEMA is for PostgreSQL: set DATABASE_URL too/)
})
