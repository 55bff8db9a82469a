import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, mock, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { UnavailableError } from '../../../src/core/errors.ts'
import { storeContract } from '../../../src/stores/contract/contract.ts'
import { aSession, aUser } from '../../../src/stores/contract/records.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { StoreError, type StoreErrorCode } from '../../../src/stores/store-error.ts'
import { fromBuild } from '../../prepared.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-sqlite-'))
after(() => rmSync(directory, { recursive: true, force: true }))

let files = 0
const newPath = (): string => join(directory, `${++files}.db`)

async function open(path: string) {
  const store = sqlite(path)
  await store.open()
  return store
}

storeContract('SQLite', async () => {
  const path = newPath()
  return [await open(path), await open(path)]
})

test('a store that was opened and closed has all of it in the one file', async () => {
  const path = newPath()
  await (await open(path)).close()
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith(basename(path))),
    [basename(path)],
  )
})

/** A database with a user in it, closed. */
async function existing(): Promise<{ path: string; username: string }> {
  const path = newPath()
  const store = await open(path)
  const user = aUser()
  await store.users.create(user)
  await store.keyEncryptionKey?.()
  await store.close()
  return { path, username: user.username }
}

async function assertRefused(path: string, code: StoreErrorCode, says: RegExp): Promise<void> {
  await assert.rejects(sqlite(path).open(), (error) => {
    assert.ok(error instanceof StoreError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, says)
    return true
  })
}

test('the files are for their owner alone (KM-07)', async () => {
  const { path } = await existing()
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(`${path}.key`).mode & 0o777, 0o600)
})

test('a second opening finds what the first wrote, and the same key', async () => {
  const { path, username } = await existing()
  const key = readFileSync(`${path}.key`, 'utf8')
  const store = await open(path)
  assert.ok(await store.users.findByUsername(username))
  assert.equal(
    Buffer.from((await store.keyEncryptionKey?.()) ?? []).toString('base64url'),
    key.trim(),
  )
  await store.close()
})

test('a subject is read once for as long as nobody has written, of whatever process (JW-21)', async () => {
  const path = newPath()
  const [store, other] = [await open(path), await open(path)]
  const user = aUser()
  const session = aSession(user)
  await store.users.create(user)
  await store.sessions.create(session)
  const find = () => store.findSubject(user.id, session.id)
  const counts = () => store.statistics?.().subjects

  const first = await find()
  assert.equal(first?.user.role, user.role)
  assert.equal(await find(), await find(), 'the answer was read again')
  assert.deepEqual(counts(), { hits: 2, misses: 1, users: 1 })

  // By this process, on its connection for writes.
  await store.users.update(user.id, { role: 'admin' })
  assert.equal((await find())?.user.role, 'admin')
  // By one that this one knows nothing of.
  await other.sessions.revoke(session.id, session.createdAt)
  assert.equal((await find())?.sessionStamp, null)
  await other.users.remove(user.id)
  assert.equal(await find(), null)
  assert.deepEqual(counts(), { hits: 2, misses: 4, users: 1 })
  await store.close()
  await other.close()
})

test('the log is written ahead, and nothing of it is left after closing (DD-02)', async () => {
  const { path } = await existing()
  const database = new DatabaseSync(path)
  assert.deepEqual({ ...database.prepare('pragma journal_mode').get() }, { journal_mode: 'wal' })
  database.close()
})

test('what refers to a user goes with the user, and the log is written ahead (DD-02)', async () => {
  const connections = new Set<DatabaseSync>()
  const { exec } = DatabaseSync.prototype
  const spy = mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql) {
    connections.add(this)
    return exec.call(this, sql)
  } as typeof exec)
  const store = await open(newPath()).finally(() => spy.mock.restore())
  assert.equal(connections.size, 1)
  for (const writer of connections) {
    const pragma = (name: string): unknown =>
      Object.values(writer.prepare(`pragma ${name}`).get() ?? {})
    // The log is put on the disk before the file, and by us before the answer; see below.
    assert.deepEqual(pragma('synchronous'), [1], 'normal')
    assert.deepEqual(pragma('journal_mode'), ['wal'])
    assert.deepEqual(pragma('foreign_keys'), [1])
  }
  await store.close()
})

test('the log beside the database is for its owner alone too (KM-07)', async () => {
  const path = newPath()
  const store = await open(path)
  await store.users.create(aUser())
  const beside = readdirSync(directory).filter((name) => name.startsWith(`${basename(path)}-`))
  assert.deepEqual(beside.sort(), [`${basename(path)}-shm`, `${basename(path)}-wal`])
  for (const name of beside) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600)
  await store.close()
})

test('a file that is no database is refused', async () => {
  const path = newPath()
  writeFileSync(path, 'This is not a database.'.repeat(100), { mode: 0o600 })
  await assertRefused(path, 'corrupt', /not a usable SQLite database: restore it/)
  assert.match(readFileSync(path, 'utf8'), /^This is not/, 'and left as it was')
})

test('a database whose pages were overwritten is refused, or answers that it cannot be used', async () => {
  const { path } = await existing()
  const bytes = readFileSync(path)
  bytes.fill(0xff, 100, bytes.length)
  writeFileSync(path, bytes)
  await assertRefused(path, 'corrupt', /not a usable SQLite database/)
})

test('a read-only file is refused, to root too', async () => {
  const { path } = await existing()
  chmodSync(path, 0o444)
  await assertRefused(path, 'read_only', /make the file and its directory writable/)
})

test('a read-only file is refused to a user who is not root in the same words', async (t) => {
  const { getuid, seteuid } = process
  if (getuid?.() !== 0 || seteuid === undefined) return t.skip('not root: said by the test above')
  const nobody = 65534
  const home = join(directory, 'home-of-nobody')
  mkdirSync(home)
  const path = join(home, 'a.db')
  await (await open(path)).close()
  chmodSync(path, 0o444)
  for (const each of [directory, home, path]) chownSync(each, nobody, nobody)
  seteuid(nobody)
  try {
    await assertRefused(path, 'read_only', /make the file and its directory writable/)
  } finally {
    seteuid(0)
  }
})

test('a directory that is not there is named', async () => {
  await assertRefused(join(directory, 'absent', 'a.db'), 'unreadable', /check that its directory/)
})

test('a database of a newer version is refused, and left as it was (DD-09)', async () => {
  const { path, username } = await existing()
  const database = new DatabaseSync(path)
  database.exec("insert into portcullis_migration values ('9999_later', '2030-01-01')")
  database.close()
  await assertRefused(path, 'newer_version', /newer version of Portcullis.*9999_later/)
  const again = new DatabaseSync(path)
  assert.ok(again.prepare('select 1 from users where username = ?').get(username))
  again.close()
})

test('a key that others may read is closed to them (KM-07)', async () => {
  const { path } = await existing()
  for (const mode of [0o640, 0o644]) {
    chmodSync(`${path}.key`, mode)
    const store = await open(path)
    assert.equal((await store.keyEncryptionKey?.())?.length, 32)
    assert.equal(statSync(`${path}.key`).mode & 0o777, 0o600)
    await store.close()
  }
})

test('a key is made even if a process of the same number was killed while making one', async () => {
  const path = newPath()
  const store = await open(path)
  // In a container every process may be number 1.
  writeFileSync(`${path}.key.${process.pid}`, 'half a k', { mode: 0o600 })
  assert.equal((await store.keyEncryptionKey?.())?.length, 32)
  await store.close()
})

test('a key file that holds no key of 32 bytes is refused', async () => {
  for (const content of ['', 'half a k', Buffer.alloc(31).toString('base64url')]) {
    const path = newPath()
    const store = await open(path)
    writeFileSync(`${path}.key`, content, { mode: 0o600 })
    await assert.rejects(
      async () => store.keyEncryptionKey?.(),
      (error) => error instanceof StoreError && error.code === 'corrupt',
    )
    assert.equal(readFileSync(`${path}.key`, 'utf8'), content, 'and left as it was')
    await store.close()
  }
})

test('a store is used between its opening and its closing only', async () => {
  const store = sqlite(newPath())
  assert.throws(() => store.users, TypeError)
  await store.open()
  await store.users.create(aUser())
  await store.close()
  assert.throws(() => store.users, TypeError)
  assert.throws(() => store.findSubject('x', null), TypeError)
  await assert.rejects(store.check(), TypeError)
  await store.close()
})

test('only a file is a database', () => {
  for (const path of ['', ':memory:']) assert.throws(() => sqlite(path), TypeError)
})

test('a write that another process holds up is not now; afterwards it succeeds (DD-06)', async () => {
  const path = newPath()
  const store = await open(path)
  const blocker = new DatabaseSync(path)
  blocker.exec('begin immediate')
  const user = aUser()
  await assert.rejects(store.users.create(user), UnavailableError)
  assert.equal(await store.users.findById(user.id), null, 'reads go on')
  blocker.exec('rollback')
  await store.users.create(user)
  assert.ok(await store.users.findById(user.id))
  blocker.close()
  await store.close()
})

test('four processes that open a new file at once all succeed (DD-09)', async () => {
  const path = newPath()
  const opener = fileURLToPath(new URL('../open-sqlite.ts', import.meta.url))
  const codes = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const [code] = await once(
        spawn(process.execPath, [...fromBuild, opener, path], {
          stdio: ['ignore', 'ignore', 'inherit'],
        }),
        'close',
      )
      return code
    }),
  )
  assert.deepEqual(codes, [0, 0, 0, 0])
})
