// The example with a store of its own: the contract suite on it, and its application on a table that was there.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { hash } from '@node-rs/bcrypt'
import { createDirectory } from '../cli/process.ts'
import { goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { fromBuild } from '../prepared.ts'
import { logIn, requestToken, startExample, statusOf } from './process.ts'

const example = join(root, 'examples/own-store')

/** Runs a program of Node.js, and returns what it said and how it ended. */
async function run(...words: readonly string[]) {
  // This process is a test, too: without that the program would report to it in another form.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return await promisify(execFile)(process.execPath, words, { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  )
}

const reasons = [
  'the store has no place for one',
  'the store has no oneTimeTokens',
  'the store has no outbox',
  'the store has no authorizationCodes',
  'the store has no consents',
  'the store has no logoutNotices',
  'the store has no apiKeys',
  'the store has no factors',
  'the store counts by one key after another',
]

test('own store: the store keeps the whole contract', async () => {
  const hook = join(root, 'examples/from-source.ts')
  const { code, stdout } = await run(
    ...['--import', hook, ...fromBuild, '--test', '--test-reporter=tap'],
    join(example, 'store.test.ts'),
  )
  assert.equal(code, 0, stdout)
  assert.match(stdout, /the store of members keeps the contract of a store/)
  const [, passed = 0] = /^# pass (\d+)$/m.exec(stdout) ?? []
  assert.ok(Number(passed) > 80, stdout)
  // The key-encryption key, for which SQLite has a file and the example no place; and what it leaves out.
  const skipped = [...stdout.matchAll(/# SKIP (.+)$/gm)].map(([, reason]) => reason)
  assert.deepEqual(new Set(skipped), new Set(reasons))
})

test('own store: it is written with the types of the ports', async () => {
  const directory = createDirectory()
  const settings = {
    extends: join(root, 'tsconfig.json'),
    // Drizzle tells the types of the tables from the tables.
    compilerOptions: {
      declaration: false,
      isolatedDeclarations: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [],
    files: globSync('*.ts', { cwd: example }).map((file) => join(example, file)),
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(settings))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = await run(compiler, '-p', directory)
  assert.equal(stdout, '')
})

/** A member of the application before it had Portcullis. */
const ann = {
  id: randomUUID(),
  login: 'ann',
  created: Date.UTC(2020, 1, 1),
  email: 'ann@example.com',
  displayName: 'Ann B.',
}

/** The database as it was then. */
async function createOldDatabase(path: string): Promise<void> {
  const database = new DatabaseSync(path)
  database.exec(`create table members (
    id text primary key, login text not null unique, pw_hash text, role text not null,
    is_active integer not null, created integer not null, email text,
    display_name text not null default '')`)
  const { id, login, created, email, displayName } = ann
  database
    .prepare("insert into members values (?, ?, ?, 'user', 1, ?, ?, ?)")
    .run(id, login, await hash(goodPassword, 4), created, email, displayName)
  database.close()
}

test('own store: a member logs in with the earlier password, and keeps the row', async (t) => {
  const directory = createDirectory()
  const path = join(directory, 'app.db')
  await createOldDatabase(path)
  const { url } = await startExample(t, 'own-store/app.ts', {}, { directory })
  const headers = { ...(await logIn(url, 'ann')), 'content-type': 'application/json' }
  const me = async () => (await fetch(`${url}/me`, { headers })).json()
  const { login, email, displayName } = ann
  assert.deepEqual(await me(), { login, email, displayName })
  const change = { method: 'PUT', headers, body: JSON.stringify({ displayName: 'Ann C.' }) }
  assert.equal((await fetch(`${url}/me/display-name`, change)).status, 204)
  assert.deepEqual(await me(), { login, email, displayName: 'Ann C.' })
  assert.deepEqual(await statusOf(`${url}/me`), [401, 'Bearer'])
  assert.equal((await fetch(`${url}/admin/stats`, { headers })).status, 403)
  // There are members, so the first administrator is not made.
  assert.equal((await requestToken(url, 'alice')).status, 401)

  const database = new DatabaseSync(path)
  t.after(() => database.close())
  const row = database.prepare('select * from members').get()
  assert.match(String(row?.pw_hash), /^\$argon2id\$/, 'the old hash was replaced at the login')
  assert.match(String(row?.stamp), /^[\da-f]{32}$/)
  assert.deepEqual([row?.id, row?.created, row?.email], [ann.id, ann.created, email])
  // The application's own change counts at the next request.
  database.prepare('update members set is_active = 0').run()
  assert.deepEqual(await statusOf(`${url}/me`, { headers }), [403, null])
})

test('own store: while another process keeps the lock, a login may be tried again', async (t) => {
  const { url, directory } = await startExample(t, 'own-store/app.ts')
  const database = new DatabaseSync(join(directory, 'app.db'))
  t.after(() => database.close())
  database.exec('begin immediate')
  const refused = await requestToken(url, 'alice')
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '2'])
  database.exec('rollback')
  assert.equal((await requestToken(url, 'alice')).status, 200)
})

test('own store: on an empty database, alice is the first administrator', async (t) => {
  const { url } = await startExample(t, 'own-store/app.ts')
  const headers = await logIn(url, 'alice')
  const stats = await fetch(`${url}/admin/stats`, { headers })
  assert.deepEqual(await stats.json(), { total: 1, active: 1, byRole: { admin: 1 } })
})
