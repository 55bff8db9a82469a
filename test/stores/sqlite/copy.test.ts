import assert from 'node:assert/strict'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { aUser } from '../../../src/stores/contract/records.ts'
import { copyDatabase, openReadOnly } from '../../../src/stores/sqlite/copy.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'

let directory: string
let path: string
let target: string
let store: ReturnType<typeof sqlite>

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-copy-'))
  path = join(directory, 'app.db')
  target = join(directory, 'copy.db')
  store = sqlite(path)
  await store.open()
  await store.users.create(aUser({ username: 'alice' }))
})
afterEach(async () => {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

/** The usernames in a database, as it is read from outside. */
function usernamesIn(file: string): readonly unknown[] {
  const database = openReadOnly(file)
  try {
    return database
      .prepare('select username from users')
      .all()
      .map(({ username }) => username)
  } finally {
    database.close()
  }
}

const files = () => readdirSync(directory).sort()
const isThere = { code: 'file_exists', message: /is there already: choose another name/ }

describe('a copy', () => {
  test('is of what was committed, for its owner alone, and the only file that is made', async () => {
    const before = files()
    await copyDatabase(path, target)
    assert.deepEqual(usernamesIn(target), ['alice'])
    assert.equal(statSync(target).mode & 0o777, 0o600)
    assert.deepEqual(files(), [...before, 'copy.db'].sort())
  })

  test('takes the place of no file, nor of what comes there meanwhile, unless it is to', async () => {
    writeFileSync(target, 'precious')
    const before = files()
    await assert.rejects(copyDatabase(path, target), isThere)
    assert.equal(readFileSync(target, 'utf8'), 'precious')
    assert.deepEqual(files(), before)
    await copyDatabase(path, target, true)
    assert.deepEqual(usernamesIn(target), ['alice'])
    // It is not seen beforehand, and in the way at the end.
    const hidden = join(directory, 'hidden.db')
    symlinkSync(join(directory, 'nowhere'), hidden)
    await assert.rejects(copyDatabase(path, hidden), isThere)
    assert.deepEqual(files(), [...before, 'hidden.db'].sort())
  })

  test('of what is no database is refused, and leaves nothing behind', async () => {
    const text = join(directory, 'text.db')
    writeFileSync(text, 'no database at all, and long enough to be looked at')
    const before = files()
    await assert.rejects(copyDatabase(text, target), { name: 'StoreError' })
    await assert.rejects(copyDatabase(path, join(directory, 'none', 'copy.db')), {
      code: 'unreadable',
      message: /cannot be written: check that its directory exists/,
    })
    assert.deepEqual(files(), before)
  })
})

describe('a database that is opened to be read', () => {
  test('shows what is in the log of a process that has it open, and cannot be written', () => {
    assert.ok(files().includes('app.db-wal'))
    assert.deepEqual(usernamesIn(path), ['alice'])
    const database = openReadOnly(path)
    assert.throws(() => database.exec('delete from users'), /readonly/)
    database.close()
  })

  test('that nobody has open gets no file beside it', async () => {
    await store.close()
    const before = files()
    assert.ok(!before.includes('app.db-wal'))
    const database = openReadOnly(path)
    assert.equal(database.prepare('select * from users').all().length, 1)
    assert.deepEqual(files(), before)
    database.close()
    assert.deepEqual(files(), before)
  })
})
