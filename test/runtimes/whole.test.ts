// The whole library in Bun and Deno, with its databases, and the ready server.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { createAuth } from '../../src/core/auth.ts'
import type { Store } from '../../src/core/store.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { logIn, requestToken, statusOf } from '../examples/process.ts'
import { goodPassword } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { commandOf, findRuntime, installBeside, skipWithout, startProgram } from './runtimes.ts'

/** What private keys are sealed under. */
const key = randomBytes(32)
const execute = promisify(execFile)
const runtimes = ['bun', 'deno'] as const
const isAnyHere = runtimes.some((name) => findRuntime(name) !== undefined)
const { server, skip } = isAnyHere
  ? await startPostgresOrSkip()
  : { server: undefined, skip: 'not checked: there is no runtime here' }
after(() => server?.remove())

let directory: string
before(async () => {
  if (isAnyHere) directory = await installBeside(join(import.meta.dirname, 'apps'))
})

interface Database {
  readonly skip: string | false
  /** An empty one. */
  make(name: string): Promise<string>
  open(place: string): Store
}

const databases: Readonly<Record<string, Database>> = {
  SQLite: {
    skip: false,
    make: async (name) => join(directory, `${name}.db`),
    open: (place) => sqlite(place),
  },
  PostgreSQL: {
    skip,
    make: async (name) => (await server?.createDatabase(name)) ?? '',
    open: (place) => postgres(place),
  },
}

/** Runs the contract by the runner of the runtime, and returns how many tests and suites have passed. */
async function runContract(name: 'bun' | 'deno', place: string): Promise<number> {
  const words = { bun: ['test'], deno: ['test', '--allow-all', '--no-check', '--no-prompt'] }
  const { PATH = '', HOME = '' } = process.env
  const { stdout, stderr } = await execute(
    findRuntime(name) ?? '',
    [...words[name], './contract.ts'],
    { cwd: directory, env: { PATH, HOME, PLACE: place }, maxBuffer: 2 ** 26 },
  )
  const [, passed] = /(\d+) (?:pass\n|steps\))/.exec(stdout + stderr) ?? []
  return Number(passed)
}

for (const name of runtimes) {
  for (const [engine, database] of Object.entries(databases)) {
    const skipped = skipWithout(name) || database.skip
    describe(`${name} with ${engine}`, { skip: skipped, timeout: 300_000 }, () => {
      test('a login opens a guarded route, until a log-out in another process', async (t) => {
        const place = await database.make(`${name}_login`)
        const environment = { PLACE: place, PASSWORD: goodPassword, KEY: key.toString('hex') }
        const command = commandOf(name, 'whole-server.ts')
        const url = await startProgram(command, directory, environment)
        const auth = await createAuth({ store: database.open(place), keyEncryptionKey: key })
        t.after(() => auth.close())

        assert.equal((await requestToken(url, 'alice', 'another password')).status, 401)
        const [first, second] = [await logIn(url, 'alice'), await logIn(url, 'alice')]
        const me = await fetch(`${url}/me`, { headers: first })
        assert.deepEqual(await me.json(), { username: 'alice', role: 'admin' })
        const [, token = ''] = first.authorization.split(' ')
        const body = new URLSearchParams({ token })
        const revoked = await fetch(`${url}/auth/revoke`, { method: 'POST', body })
        assert.equal(revoked.status, 200)
        const refusal = [401, 'Bearer error="invalid_token"']
        assert.deepEqual(await statusOf(`${url}/me`, { headers: first }), refusal)
        assert.deepEqual(await statusOf(`${url}/me`, { headers: second }), [200, null])

        const alice = await auth.users.findByUsername('alice')
        for (const { id } of await auth.sessions.list(alice?.id ?? '')) await auth.sessions.end(id)
        assert.deepEqual(await statusOf(`${url}/me`, { headers: second }), refusal)
      })

      test('the store keeps the contract', async () => {
        const passed = await runContract(name, await database.make(`${name}_contract`))
        assert.ok(passed > 250, `${passed} have passed`)
      })
    })
  }

  test(`${name}: the ready server answers a login`, { skip: skipWithout(name) }, async () => {
    const main = 'node_modules/portcullis/dist/cli/main.js'
    const command = [...commandOf(name, main), 'serve', '--dev']
    const url = await startProgram(command, directory, { PORT: '0' })
    const alice = await logIn(url, 'alice', 'three green tractors sing')
    const me = await fetch(`${url}/me`, { headers: alice })
    assert.equal((await me.json()).username, 'alice')
  })
}
