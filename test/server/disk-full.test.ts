// A disk that takes no more: what would be written is refused, what is only read goes on.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, type TestContext, test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { internals } from '../../src/core/internals.ts'
import { buildApp } from '../../src/server/app.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { assertProblem, login, sendForm } from './fixtures.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-full-'))
const mounted: string[] = []
after(() => {
  for (const path of mounted) execFileSync('umount', ['--lazy', path])
  rmSync(directory, { recursive: true, force: true })
})

/** A place for a database, and what makes it impossible to write there, and possible again. */
interface Place {
  readonly path: string
  block(writer: DatabaseSync): void
  unblock(writer: DatabaseSync): void
}

/** SQLite itself allows no more pages. What fits into those that there are can be written. */
const noMorePages: Place = {
  path: join(directory, 'pages.db'),
  block(writer) {
    const { page_count } = writer.prepare('pragma page_count').get() as { page_count: number }
    writer.exec(`pragma max_page_count = ${page_count}`)
  },
  unblock: (writer) => writer.exec('pragma max_page_count = 1000000'),
}

const readOnly: Place = {
  path: join(directory, 'read-only.db'),
  block: (writer) => writer.exec('pragma query_only = on'),
  unblock: (writer) => writer.exec('pragma query_only = off'),
}

/** A file system of 4 MiB, which a file fills. */
function smallDisk(): Place | string {
  const disk = mkdtempSync(join(directory, 'disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', disk], { stdio: 'pipe' })
  } catch (error) {
    return `not checked: no file system can be mounted here (${error})`
  }
  mounted.push(disk)
  const filler = join(disk, 'filler')
  return {
    path: join(disk, 'small.db'),
    block() {
      const file = openSync(filler, 'w')
      try {
        for (;;) writeSync(file, Buffer.alloc(4096))
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
      } finally {
        closeSync(file)
      }
    },
    unblock: () => rmSync(filler),
  }
}

/** A limit on the size of files, at which the system refuses a write as it does on a broken disk. */
function limitedFiles(): Place | string {
  const limit = (bytes: number | string) =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`], { stdio: 'pipe' })
  const path = join(directory, 'limited.db')
  try {
    limit('unlimited')
  } catch (error) {
    return `not checked: file sizes cannot be limited here (${error})`
  }
  return {
    path,
    // Whatever is written next is appended to the log.
    block: () => limit(statSync(`${path}-wal`).size),
    unblock: () => limit('unlimited'),
  }
}

for (const [name, place, takesSome] of [
  ['a database that may not grow', noMorePages, true],
  ['a database that became read-only', readOnly, false],
  ['a disk that is full', smallDisk(), false],
  ['a disk that fails', limitedFiles(), false],
] as const) {
  const skip = typeof place === 'string' ? place : false
  test(`${name}: nothing is granted that is not stored, reads go on, and so do writes when there is room (DD-03)`, {
    skip,
  }, async (t) => {
    if (typeof place !== 'string') await examine(t, place, takesSome)
  })
}

async function examine(t: TestContext, place: Place, takesSome: boolean): Promise<void> {
  const writers = spyOnWriters(t)
  const auth = await createTestAuth({ store: sqlite(place.path) })
  const app = await buildApp({ auth })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  const [writer] = writers
  assert.ok(writer)
  await auth.users.create({ username: 'ann', password: goodPassword, role: 'admin' })
  const first = (await login(app, 'ann')).json()
  const ended = (await login(app, 'ann')).json()
  const me = (token: string) =>
    app.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } })
  const refresh = (refresh_token: string) =>
    sendForm(app, '/auth/token', { grant_type: 'refresh_token', refresh_token })

  place.block(writer)
  const granted: string[] = [first.access_token]
  /** True if it was done; it may have been, where there was room for it. */
  function wasDone(answer: LightMyRequestResponse, status: number): boolean {
    if (takesSome && answer.statusCode === status) return true
    assert.equal(answer.statusCode, 503, answer.body)
    assert.match(String(answer.headers['retry-after']), /^\d+$/)
    assert.doesNotMatch(answer.body, /access_token|prt_/)
    return false
  }
  for (;;) {
    const answer = await login(app, 'ann')
    if (answer.statusCode !== 200) {
      assert.equal(wasDone(answer, 200), false)
      break
    }
    granted.push(answer.json().access_token)
  }
  const headers = { authorization: `Bearer ${first.access_token}` }
  for (let index = 0; ; index++) {
    const payload = { username: `user${index}`, password: goodPassword }
    const answer = await app.inject({ method: 'POST', url: '/admin/users', headers, payload })
    if (takesSome && answer.statusCode === 201) continue
    assertProblem(answer, 503)
    assert.equal(await auth[internals].store.users.findByUsername(payload.username), null)
    break
  }
  const refreshed = await refresh(first.refresh_token)
  const newest = wasDone(refreshed, 200) ? refreshed.json().refresh_token : first.refresh_token
  const revoked = await sendForm(app, '/auth/revoke', { token: ended.refresh_token })
  const hasEnded = wasDone(revoked, 200)

  assert.equal((await app.inject('/health/live')).statusCode, 200)
  // Where some writes can be done still, it tries one that can.
  if (!takesSome) assertProblem(await app.inject('/health/ready'), 503)
  for (const token of granted) assert.equal((await me(token)).statusCode, 200)
  assert.equal((await me(ended.access_token)).statusCode, hasEnded ? 401 : 200)
  for (const path of ['jwks.json', 'oauth-authorization-server']) {
    assert.equal((await app.inject(`/.well-known/${path}`)).statusCode, 200)
  }

  place.unblock(writer)
  assert.equal((await app.inject('/health/ready')).statusCode, 200)
  assert.equal((await refresh(newest)).statusCode, 200, 'no refresh token was used up')
  assert.equal((await login(app, 'ann')).statusCode, 200)
  assert.equal(
    (await sendForm(app, '/auth/revoke', { token: ended.refresh_token })).statusCode,
    200,
  )
  assert.equal((await me(ended.access_token)).statusCode, 401)
  const { integrity_check } = writer.prepare('pragma integrity_check').get() as object as Record<
    string,
    unknown
  >
  assert.equal(integrity_check, 'ok')
}

/** The connections that stores opened to write: those that are told how to write to the disk. */
function spyOnWriters(t: TestContext): readonly DatabaseSync[] {
  const { exec } = DatabaseSync.prototype
  const writers = new Set<DatabaseSync>()
  const found: DatabaseSync[] = []
  DatabaseSync.prototype.exec = function (statement) {
    if (statement === 'pragma synchronous = full' && !writers.has(this)) {
      writers.add(this)
      found.push(this)
    }
    return exec.call(this, statement)
  }
  t.after(() => {
    DatabaseSync.prototype.exec = exec
  })
  return found
}
