import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { watchDataVersion } from '../../../src/stores/sqlite/subjects.ts'
import { openWalIndex } from '../../../src/stores/sqlite/wal-index.ts'
import { openedTimes } from './opened-times.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-'))
after(() => rmSync(directory, { recursive: true }))
const options = { skip: process.platform !== 'linux' && 'only Linux reads it' }
let files = 0

function open(path = join(directory, `${++files}.db`)) {
  const connect = (): DatabaseSync => new DatabaseSync(path)
  const writer = connect()
  writer.exec('pragma journal_mode = wal; create table if not exists t (a)')
  const reader = new DatabaseSync(path, { readOnly: true })
  reader.prepare('select * from t').all()
  const index = openWalIndex(path)
  assert.ok(index)
  return { path, connect, writer, reader, index }
}

/** What is done to a database, by whom: 0 and 1 are connections here, 2 is another process. */
const steps = {
  insert: 'insert into t values (1)',
  'change nothing': 'update t set a = 2 where a = 99',
  'roll back': 'begin; insert into t values (3); rollback',
  'write twice': 'begin; insert into t values (4); delete from t; commit',
  'move the log into the file': 'pragma wal_checkpoint(passive)',
  'begin the log again': 'pragma wal_checkpoint(truncate)',
  compact: 'vacuum',
  'change the schema': 'create table if not exists u (b); drop table u',
  ask: '',
} as const

test(
  'it has changed whenever SQLite says so, whatever was done and by whom (JW-21)',
  options,
  async () => {
    const step = fc.tuple(
      fc.constantFrom(...(Object.keys(steps) as (keyof typeof steps)[])),
      fc.constantFrom(0, 0, 0, 1, 1, 1, 2),
    )
    const counts = { both: 0, one: 0, none: 0 }
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (done) => {
        const { path, connect, writer, reader, index } = open()
        const other = connect()
        const bySqlite = watchDataVersion(reader)
        index.hasChanged()
        bySqlite()
        for (const [name, who] of done) {
          if (who < 2) [writer, other][who]?.exec(steps[name])
          else {
            const program = `new (require('node:sqlite').DatabaseSync)(process.argv[1]).exec(process.argv[2])`
            execFileSync(process.execPath, ['-e', program, path, steps[name]])
          }
          const says = [index.hasChanged(), bySqlite()]
          assert.ok(says[0] || !says[1], `${name} by ${who}`)
          counts[says[1] ? 'both' : says[0] ? 'one' : 'none']++
        }
        for (const each of [reader, other, writer]) each.close()
        index.close()
      }),
      { numRuns: 60 },
    )
    assert.ok(counts.both > 0 && counts.none > counts.one, JSON.stringify(counts))
  },
)

test(
  'it has changed at first, for each that asks, and while a commit is writing it',
  options,
  () => {
    const { path, writer, reader, index } = open()
    assert.deepEqual([index.hasChanged(), index.hasChanged()], [true, false])
    const again = openWalIndex(path)
    assert.deepEqual([again?.hasChanged(), again?.hasChanged()], [true, false])
    writer.exec('insert into t values (1)')
    const both = [index.hasChanged(), again?.hasChanged(), index.hasChanged()]
    assert.deepEqual(both, [true, true, false])
    for (const each of [reader, writer]) each.close()
    index.close()

    const written = join(directory, 'written.db')
    const write = (first: number, second: number): void =>
      writeFileSync(`${written}-shm`, headerOf(first, second))
    write(1, 1)
    const header = openWalIndex(written)
    assert.deepEqual([header?.hasChanged(), header?.hasChanged()], [true, false])
    write(1, 2)
    assert.deepEqual([header?.hasChanged(), header?.hasChanged()], [true, true])
    write(2, 2)
    assert.deepEqual([header?.hasChanged(), header?.hasChanged()], [true, false])
  },
)

/** A header whose two copies have these counters of commits. */
function headerOf(first: number, second: number, version = 3007000): Uint32Array {
  const copyOf = (count: number): number[] => [version, 0, count, ...Array<number>(9).fill(0)]
  return Uint32Array.from([...copyOf(first), ...copyOf(second)])
}

test('closing it takes no lock from a connection that stays open', options, () => {
  const { path, connect, writer, reader, index } = open()
  const stays = connect()
  stays.prepare('select * from t').all()
  const { ino } = statSync(`${path}-shm`)
  const locks = (): number =>
    readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `)).length
  const before = locks()
  for (const each of [reader, writer]) each.close()
  index.close()
  assert.ok(before > 0)
  assert.equal(locks(), before)

  // The next one to the same file has it, and the last one of all closes it.
  const next = openWalIndex(path)
  assert.equal(next?.hasChanged(), true)
  stays.close()
  next?.close()
  assert.equal(openedTimes(path), 0)
})

test('a file that is not there, or of another version, is not read', options, () => {
  assert.equal(openWalIndex(join(directory, 'none.db')), null)
  const later = join(directory, 'later.db')
  writeFileSync(`${later}-shm`, headerOf(1, 1, 4000000))
  assert.equal(openWalIndex(later), null)
})
