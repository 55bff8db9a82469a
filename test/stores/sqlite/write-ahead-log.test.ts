import assert from 'node:assert/strict'
import fs, { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, mock, type TestContext, test } from 'node:test'
import { CompiledQuery, Kysely } from 'kysely'
import { UnavailableError } from '../../../src/core/errors.ts'
import { aSession, aUser } from '../../../src/stores/contract/records.ts'
import { nodeSqliteDialect } from '../../../src/stores/sqlite/driver.ts'
import { createMutex } from '../../../src/stores/sqlite/mutex.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { openWriteAheadLog } from '../../../src/stores/sqlite/write-ahead-log.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-log-'))
after(() => rmSync(directory, { recursive: true, force: true }))

let files = 0

/** A store on a disk that is written to when the test says so. */
async function openOnSlowDisk(t: TestContext) {
  const path = join(directory, `${++files}.db`)
  const store = sqlite(path)
  await store.open()
  const waiting: ((error?: Error | null) => void)[] = []
  const disk = mock.method(
    fs,
    'fdatasync',
    (_file: number, done: (error?: Error | null) => void) => void waiting.push(done),
  )
  t.after(async () => {
    disk.mock.restore()
    for (const done of waiting.splice(0)) done(null)
    await store.close()
  })
  return { store, path, disk, waiting }
}

/** Until whatever waits for the disk alone does so. */
async function turnsOfTheLoop(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

test('a change is acknowledged when it is on the disk, and not before (DD-02)', async (t) => {
  const { store, waiting } = await openOnSlowDisk(t)
  let acknowledged = false
  const creation = store.users.create(aUser()).then(() => {
    acknowledged = true
  })
  await turnsOfTheLoop()
  assert.equal(waiting.length, 1)
  assert.equal(acknowledged, false)
  waiting.pop()?.(null)
  await creation
})

test('each kind of change waits for the disk: rows, transactions, changes on a condition (DD-02)', async (t) => {
  const { store, waiting, disk } = await openOnSlowDisk(t)
  const settle = async <T>(change: Promise<T>): Promise<T> => {
    const before = disk.mock.callCount()
    await turnsOfTheLoop()
    assert.equal(disk.mock.callCount(), before + 1)
    waiting.pop()?.(null)
    return await change
  }
  const user = aUser()
  const session = aSession(user)
  await settle(store.users.create(user))
  await settle(store.sessions.create(session))
  const { id, generation, clientId, createdAt } = session
  const rotation = { id, generation, clientId, now: createdAt, idleSince: 0 }
  assert.ok(await settle(store.sessions.rotate(rotation)))
  assert.equal(await settle(store.sessions.revoke(id, createdAt)), true)
  await settle(store.revokeAll('a new stamp', createdAt))
})

test('those who write while others wait for the disk share the next wait', async (t) => {
  const { store, waiting, disk } = await openOnSlowDisk(t)
  const first = store.users.create(aUser())
  await turnsOfTheLoop()
  const others = Array.from({ length: 20 }, () => store.users.create(aUser()))
  await turnsOfTheLoop()
  assert.equal(disk.mock.callCount(), 1)
  waiting.pop()?.(null)
  await first
  await turnsOfTheLoop()
  assert.equal(disk.mock.callCount(), 2)
  waiting.pop()?.(null)
  await Promise.all(others)
})

test('who reads, who changes nothing, and whose counts may be lost wait for no disk', async (t) => {
  const { store, disk } = await openOnSlowDisk(t)
  assert.equal(await store.users.findByUsername('nobody'), null)
  assert.equal(await store.sessions.revoke('none', 1), false)
  await store.throttle.takeBack('nobody')
  await store.throttle.succeed({ account: 'somebody', knownKey: 'from here', now: 1, ends: [] })
  assert.equal(disk.mock.callCount(), 0)
})

test('who waits for a turn at a database that is closed meanwhile is refused, and does not wait for ever', async () => {
  const database = new DatabaseSync(':memory:')
  const db = new Kysely({ dialect: nodeSqliteDialect(database) })
  const closing = db.connection().execute(async () => database.close())
  const waiting = [1, 2].map(() => db.executeQuery(CompiledQuery.raw('select 1')))
  const outcomes = await Promise.allSettled([closing, ...waiting])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
})

test('a disk that hangs is waited for as long as a wait may be, and is not asked a second time meanwhile', async (t) => {
  const { store, waiting, disk } = await openOnSlowDisk(t)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const users = [aUser(), aUser(), aUser()] as const
  const isBusy = { name: 'UnavailableError', message: 'The disk of the database does not answer' }
  for (const user of users.slice(0, 2)) {
    const creation = assert.rejects(store.users.create(user), isBusy)
    await turnsOfTheLoop()
    t.mock.timers.tick(10_000)
    await creation
  }
  assert.equal(disk.mock.callCount(), 1)
  // It has answered: what waits is written, and acknowledged.
  const creation = store.users.create(users[2])
  await turnsOfTheLoop()
  waiting.shift()?.(null)
  await turnsOfTheLoop()
  waiting.shift()?.(null)
  await creation
  assert.equal(disk.mock.callCount(), 2)
  for (const { id } of users) assert.ok(await store.users.findById(id))
})

test('a turn at the database that does not come is waited for no longer than a wait may be', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const mutex = createMutex()
  const unlock = await mutex.lock()
  const late = assert.rejects(mutex.lock(), {
    name: 'UnavailableError',
    message: 'The database is busy',
  })
  t.mock.timers.tick(5000)
  await late
  // The caller that gave up passes its turn on.
  const next = mutex.lock()
  unlock()
  const unlockNext = await next
  unlockNext()
  const last = await mutex.lock()
  last()
})

test('after the disk has failed nothing is acknowledged until a restart', async (t) => {
  const { store, path, waiting, disk } = await openOnSlowDisk(t)
  const creation = assert.rejects(store.users.create(aUser()), UnavailableError)
  await turnsOfTheLoop()
  waiting.pop()?.(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
  await creation
  // A system forgets what it could not write, and says the next time that all is well.
  disk.mock.restore()
  await assert.rejects(store.users.create(aUser()), UnavailableError)
  await assert.rejects(store.check(), UnavailableError)
  const restarted = sqlite(path)
  await restarted.open()
  await restarted.users.create(aUser())
  await restarted.check()
  await restarted.close()
})

test('a log is closed when what was committed is on the disk, and also when the disk has failed', async (t) => {
  const path = join(directory, `${++files}.db`)
  fs.writeFileSync(`${path}-wal`, '')
  const waiting: ((error: Error | null) => void)[] = []
  const wait = (_file: number, done: (error: Error | null) => void): void => void waiting.push(done)
  const disk = mock.method(fs, 'fdatasync', wait)
  const closing = mock.method(fs, 'closeSync')
  t.after(() => mock.restoreAll())
  for (const outcome of [null, new Error('The disk is gone')]) {
    const calls = closing.mock.callCount()
    const closed = openWriteAheadLog(path).close()
    await turnsOfTheLoop()
    assert.equal(closing.mock.callCount(), calls, 'not before the disk has answered')
    waiting.pop()?.(outcome)
    await closed
    assert.equal(closing.mock.callCount(), calls + 1)
  }
  assert.equal(disk.mock.callCount(), 2)
})
