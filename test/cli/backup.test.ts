import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { goodPassword } from '../fixtures.ts'
import { createDirectory, createInstallation, run, serve } from './process.ts'

const add = (directory: string, username: string) =>
  run(directory, ['user', 'add', username, '--role', 'admin'], { input: `${goodPassword}\n` })

const usersIn = (path: string): readonly unknown[] => {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return database
      .prepare('select username from users order by username')
      .all()
      .map(({ username }) => username)
  } finally {
    database.close()
  }
}

test('a backup is made while a server runs, is for its owner alone, and overwrites nothing', async () => {
  const directory = createInstallation()
  await add(directory, 'alice')
  const server = await serve(directory)
  const made = await run(directory, ['backup', 'copy.db'])
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /Its key is not/)
  const copy = join(directory, 'copy.db')
  assert.deepEqual(readdirSync(directory).sort(), ['copy.db', 'data'])
  assert.equal(statSync(copy).mode & 0o777, 0o600)
  assert.deepEqual(usersIn(copy), ['alice'])

  await add(directory, 'bob')
  const again = await run(directory, ['backup', 'copy.db'])
  assert.equal(again.code, 74)
  assert.match(again.stderr, /copy\.db is there already/)
  assert.deepEqual(usersIn(copy), ['alice'])
  assert.equal((await run(directory, ['backup', 'copy.db', '--force'])).code, 0)
  assert.deepEqual(usersIn(copy), ['alice', 'bob'])
  assert.equal(await server.stop(), 0)
})

test('a restore is refused while a server runs, and keeps what was there (DD-08)', async () => {
  const directory = createInstallation()
  await add(directory, 'alice')
  await run(directory, ['backup', 'copy.db'])
  await add(directory, 'bob')
  const path = join(directory, 'data/portcullis.db')
  const files = readdirSync(join(directory, 'data'))

  const server = await serve(directory)
  const refused = await run(directory, ['restore', 'copy.db'])
  assert.equal(refused.code, 74)
  assert.match(refused.stderr, /locked by another process/)
  assert.equal(await server.stop(), 0)
  assert.deepEqual(readdirSync(join(directory, 'data')), files)
  assert.deepEqual(usersIn(path), ['alice', 'bob'])

  const restored = await run(directory, ['restore', 'copy.db'])
  assert.equal(restored.code, 0, restored.stderr)
  assert.match(restored.stdout, /Users: 1\. Every session is revoked, and every token with it\./)
  assert.deepEqual(usersIn(path), ['alice'])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const former = restored.stdout.match(/is kept as (\S+)\./)?.[1] ?? ''
  assert.deepEqual(usersIn(join(directory, former)), ['alice', 'bob'])
})

test('a database that is damaged can be restored, and what is no backup cannot', async () => {
  const directory = createInstallation()
  await add(directory, 'alice')
  await run(directory, ['backup', 'copy.db'])
  const path = join(directory, 'data/portcullis.db')
  const damaged = 'not a database, and long enough to be one'.repeat(100)
  writeFileSync(path, damaged)
  writeFileSync(`${path}-wal`, damaged)

  const empty = new DatabaseSync(join(directory, 'other.db'))
  empty.exec('create table users (id)')
  empty.close()
  writeFileSync(join(directory, 'text.txt'), damaged)
  for (const [file, message] of [
    ['other.db', /other\.db is not a backup of Portcullis/],
    ['text.txt', /text\.txt is not a usable SQLite database/],
    ['missing.db', /There is no file missing\.db/],
  ] as const) {
    const refused = await run(directory, ['restore', file])
    assert.equal(refused.code, 74, refused.stderr)
    assert.match(refused.stderr, message)
  }

  const restored = await run(directory, ['restore', 'copy.db'])
  assert.equal(restored.code, 0, restored.stderr)
  assert.deepEqual(usersIn(path), ['alice'])
})

test('a restore without the key file makes a new one, and users can log in', async () => {
  const directory = createInstallation()
  await add(directory, 'alice')
  await run(directory, ['backup', 'copy.db'])
  const elsewhere = createDirectory()
  const restored = await run(elsewhere, ['restore', join(directory, 'copy.db')])
  assert.equal(restored.code, 0, restored.stderr)
  const server = await serve(elsewhere)
  const body = new URLSearchParams({ username: 'alice', password: goodPassword })
  assert.equal((await fetch(`${server.url}/auth/token`, { method: 'POST', body })).status, 200)
  assert.equal(await server.stop(), 0)
})

test('for PostgreSQL its own tools are named', async () => {
  const directory = createDirectory()
  const environment = { DATABASE_URL: 'postgres://db.example.com/app' }
  for (const [word, tool] of [
    ['backup', /pg_dump/],
    ['restore', /pg_restore, and then `portcullis revoke-all`/],
  ] as const) {
    const refused = await run(directory, [word, 'file'], { environment })
    assert.equal(refused.code, 64)
    assert.match(refused.stderr, tool)
  }
})

test('a directory in the place of a file is said in a sentence', async () => {
  const directory = createInstallation()
  mkdirSync(join(directory, 'folder'))
  for (const [words, said] of [
    [['backup', 'folder'], /folder is no file: name one for the copy\./],
    [['backup', '--force', 'folder'], /folder is no file: name one for the copy\./],
    [['restore', 'folder'], /folder is no file/],
    [['user', 'import', 'folder'], /Cannot read folder: it is a directory\./],
    [
      ['user', 'export', '--output', 'none/x'],
      /Cannot write none\/x: its directory is not there\./,
    ],
  ] as const) {
    const { code, stderr } = await run(directory, words)
    assert.match(stderr, said, words.join(' '))
    assert.doesNotMatch(stderr, / at /)
    assert.ok(code === 66 || code === 74, `${words.join(' ')}: ${code}`)
  }
})

test('a data directory that cannot be made is said in a sentence, and not tried for ever', async () => {
  const environment = { DATA_DIR: '/proc/nowhere/data' }
  const { code, stderr } = await run(createDirectory(), ['migrate'], { environment })
  assert.equal(code, 74)
  assert.match(stderr, /The data directory \/proc\/nowhere\/data cannot be made/)
})
