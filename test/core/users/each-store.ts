// Puts a suite on every store: in memory, on SQLite, and on PostgreSQL where one starts.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import type { Auth } from '../../../src/core/auth.ts'
import type { Store } from '../../../src/core/store.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock, type TestClock } from '../../fixtures.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'

/** What the tests of a suite share: one application on one store. */
export interface OnStore {
  readonly auth: Auth
  readonly clock: TestClock
  /** The reads and writes of the store since it was asked last, by name. */
  readonly statements: () => readonly string[]
}

/** Runs the suite on each store. The tests of one share it, so each makes names of its own. */
export function onEachStore(suite: (on: () => OnStore) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-users-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  run('in memory', () => memory())
  run('on SQLite', () => sqlite(join(directory, 'users.db')))
  describe('on PostgreSQL', async () => {
    const { server, skip } = await startPostgresOrSkip()
    after(() => server?.remove())
    run('one server', async () => postgres((await server?.createDatabase('users')) ?? ''), skip)
  })

  function run(name: string, create: () => Store | Promise<Store>, skip: string | false = false) {
    describe(name, { skip }, () => {
      let on: OnStore
      before(async () => {
        const clock = createTestClock()
        const { store, statements } = counting(await create())
        on = { auth: await createTestAuth({ store, clock }), clock, statements }
      })
      after(() => on.auth.close())
      suite(() => on)
    })
  }
}

/** The same store, which remembers what of it was called. */
function counting(store: Store): { store: Store; statements: OnStore['statements'] } {
  let called: string[] = []
  const remember = <Part extends object>(part: Part, prefix: string): Part =>
    new Proxy(part, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          called.push(`${prefix}.${String(name)}`)
          return value.apply(target, given)
        }
      },
    })
  const key = randomBytes(32)
  const parts: readonly unknown[] = ['users', 'throttle', 'events', 'sessions']
  return {
    store: new Proxy(store, {
      get(target, name) {
        if (name === 'keyEncryptionKey') return async () => key
        const value: unknown = Reflect.get(target, name, target)
        if (parts.includes(name)) return remember(Object(value), String(name))
        return typeof value === 'function' ? value.bind(target) : value
      },
    }),
    statements() {
      const before = called
      called = []
      return before
    },
  }
}
