import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { createDirectory, run } from './process.ts'

const { server, skip } = await startPostgresOrSkip({ flags: ['-c', 'max_connections=40'] })

describe('doctor on PostgreSQL', { skip }, () => {
  let url: string
  before(async () => {
    url = (await server?.createDatabase('application')) ?? ''
  })
  after(() => server?.remove())

  async function examine(environment: Readonly<Record<string, string>> = {}) {
    const given = { DATABASE_URL: url, KEY_ENCRYPTION_KEY: '3f'.repeat(32), ...environment }
    const { stdout, stderr } = await run(createDirectory(), ['doctor', '--json'], {
      environment: given,
    })
    assert.equal(stderr, '')
    const { findings }: { findings: readonly Finding[] } = JSON.parse(stdout)
    return (name: string): string =>
      findings
        .filter((each) => each.name === name)
        .map(({ status, finding, advice }) => `${status}: ${finding} ${advice ?? ''}`)
        .join('\n')
  }

  async function tables(): Promise<readonly string[]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    )
    await client.end()
    return rows.map(({ name }) => name)
  }

  test('an empty database is told what serve would make, and stays empty', async () => {
    const of = await examine()
    assert.match(of('database'), /^ok: PostgreSQL 18\.\S+.* answers in \d/)
    assert.match(of('database'), /14 connections, of PostgreSQL's 40/)
    assert.match(of('migrations'), /^ok: Missing steps: 0001_users_and_keys, .*`serve` does it/)
    assert.match(of('clock'), /agrees with that of the database/)
    assert.match(of('secrets'), /^problem: The password in DATABASE_URL/)
    assert.deepEqual(await tables(), [])
  })

  test('what a server has made there is looked at', async () => {
    const environment = { DATABASE_URL: url, KEY_ENCRYPTION_KEY: '3f'.repeat(32) }
    const words = ['user', 'add', 'alice', '--role', 'admin']
    const input = 'seven quiet otters juggle'
    const directory = createDirectory()
    assert.equal((await run(directory, ['migrate'], { environment })).code, 0)
    assert.equal((await run(directory, words, { input, environment })).code, 0)
    const of = await examine({ DATABASE_POOL_SIZE: '50' })
    assert.match(of('administrators'), /^ok: 1 user, 1 active/)
    assert.match(of('signing-keys'), /^ok: ES256 key/)
    assert.match(of('key-encryption-key'), /^ok: KEY_ENCRYPTION_KEY opens every signing key/)
    assert.match(of('database'), /^problem: .*54 connections; PostgreSQL has 40 in all/m)
  })

  test('a server that does not let us in, and one that is not there, are problems', async () => {
    const wrong = await examine({ DATABASE_URL: url.replace(':postgres@', ':not-this-one@') })
    assert.match(wrong('database'), /^problem: .*refuses the user or the password/)
    assert.ok(!wrong('database').includes('not-this-one'))
    const gone = await examine({ DATABASE_URL: 'postgres://app@127.0.0.1:1/app' })
    assert.match(gone('database'), /^problem: .*refuses connections/)
  })
})
