import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Finding, Status } from '../../src/cli/doctor/finding.ts'
import { createPasswordHasher } from '../../src/core/passwords/password-hash.ts'
import { samplePasswords } from '../../src/core/passwords/sample-passwords.ts'
import { statementsUpTo } from '../stores/first-version.ts'
import { createDirectory, createInstallation, type Finished, run, serve } from './process.ts'

const password = 'seven quiet otters juggle'

interface Report {
  readonly status: Status
  readonly findings: readonly Finding[]
}

interface Examined extends Report, Finished {
  /** What one check found: its worst status, and all it said. */
  of(name: string): { readonly status: Status; readonly said: string }
}

async function examine(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
  ...words: readonly string[]
): Promise<Examined> {
  const finished = await run(directory, ['doctor', '--json', ...words], { environment })
  assert.equal(finished.stderr, '')
  const report: Report = JSON.parse(finished.stdout)
  return {
    ...finished,
    ...report,
    of(name) {
      const found = report.findings.filter((each) => each.name === name)
      assert.notEqual(found.length, 0, `nothing was said of ${name}`)
      const status = (['problem', 'warning', 'ok'] as const).find((each) =>
        found.some((finding) => finding.status === each),
      )
      const said = found.map(({ finding, advice }) => `${finding} ${advice ?? ''}`).join('\n')
      return { status: status ?? 'ok', said }
    },
  }
}

/** Every file below a directory, with its mode and what is in it. */
function stateOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(directory, name)
      const { mode, mtimeMs } = statSync(path)
      const isFile = statSync(path).isFile()
      const digest = isFile ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
      return [name, mode.toString(8), mtimeMs, digest].join(' ')
    })
}

/** A directory in which a server has run, with one administrator. */
async function createUsed(): Promise<string> {
  const directory = createInstallation()
  const words = ['user', 'add', 'alice', '--role', 'admin']
  assert.equal((await run(directory, words, { input: password })).code, 0)
  return directory
}

test('in an empty directory doctor says what serve would make, and makes nothing', async () => {
  const directory = createDirectory()
  const examined = await examine(directory)
  assert.equal(examined.code, 0, examined.stdout)
  assert.match(examined.of('data-directory').said, /does not exist yet: `serve` makes it/)
  assert.match(examined.of('database').said, /There is no database yet: `serve` makes it/)
  assert.match(examined.of('key-encryption-key').said, /does not exist yet: `serve` makes it/)
  assert.deepEqual(readdirSync(directory), [])
})

test('doctor finds nothing wrong where a server has run, and leaves every byte as it was', async () => {
  const used = await createUsed()
  const earlier = stateOf(used)
  const examined = await examine(used)
  assert.equal(examined.status, 'ok', examined.stdout)
  assert.equal(examined.code, 0)
  assert.match(examined.of('database').said, /^SQLite 3\.\d+\.\d+ answers in \d/)
  assert.match(examined.of('signing-keys').said, /ES256 key .* the next takes its place in 90 days/)
  assert.match(examined.of('key-encryption-key').said, /opens every signing key/)
  assert.match(examined.of('administrators').said, /1 user, 1 active/)
  assert.deepEqual(stateOf(used), earlier)
})

test('a user whose password the documents print is a problem, whatever the name (PW-10)', async () => {
  const used = await createUsed()
  assert.match((await examine(used)).of('sample-passwords').said, /No password of the documents/)
  // Set by an earlier version, say, or imported.
  const { hash } = await createPasswordHasher()
  for (const [username, sample] of [
    ['carol', samplePasswords.alice],
    ['bob', samplePasswords.bob],
  ] as const) {
    const line = JSON.stringify({ username, passwordHash: await hash(sample) })
    assert.equal((await run(used, ['user', 'import', '-'], { input: line })).code, 0)
  }
  const examined = await examine(used)
  assert.equal(examined.code, 1)
  const { status, said } = examined.of('sample-passwords')
  assert.equal(status, 'problem')
  assert.match(said, /The password of carol is printed/)
  assert.match(said, /The password of bob is printed/)
  assert.doesNotMatch(said, /alice|tractors/)
})

test('doctor works beside a server that runs, and sees what it has just written', async () => {
  const directory = createDirectory()
  const server = await serve(directory)
  try {
    assert.match((await examine(directory)).of('administrators').said, /There are no users yet/)
    await run(directory, ['user', 'add', 'alice', '--role', 'admin'], { input: password })
    assert.match((await examine(directory)).of('administrators').said, /1 user, 1 active/)
  } finally {
    assert.equal(await server.stop(), 0)
  }
})

test('every mistake of the configuration is told at once, and no secret with it [SC-01, LA-04]', async () => {
  const secret = 'changeme-4f3c7b7e151628aed2a6abf7158809cf'
  const environment = { SECRET_KEY: secret, PORT: 'http', ROLES: '{', DATABASE_URL: secret }
  const examined = await examine(createDirectory(), environment)
  assert.equal(examined.code, 1)
  const { said } = examined.of('configuration')
  for (const name of Object.keys(environment)) assert.match(said, new RegExp(`^${name} `, 'm'))
  assert.ok(!examined.stdout.includes(secret))
})

test('an origin that is none, and an http issuer, are problems that say what would be right (HH-05, HH-09)', async () => {
  for (const wrong of ['*', 'null', 'https://*.example.com', 'https://app.example.com/']) {
    const { code, of } = await examine(createDirectory(), { CORS_ORIGINS: wrong })
    assert.equal(code, 1)
    const { said } = of('configuration')
    assert.match(said, /^CORS_ORIGINS must list origins as browsers write them, such as https:/)
  }
  const { of } = await examine(createDirectory(), { ISSUER: 'http://auth.example.com' })
  assert.match(of('configuration').said, /^ISSUER must be https: .*Put a proxy with TLS in front/)
})

test('a file .env that cannot be read is a problem', async () => {
  const directory = createDirectory()
  mkdirSync(join(directory, '.env'))
  const examined = await examine(directory)
  assert.equal(examined.code, 1)
  assert.match(examined.of('configuration').said, /^\.env cannot be read/)
})

test('a file of secrets that others can read is a warning, with which --strict fails', async () => {
  const directory = createDirectory()
  writeFileSync(join(directory, '.env'), 'LOG_LEVEL=info\n')
  chmodSync(join(directory, '.env'), 0o644)
  const examined = await examine(directory)
  assert.equal(examined.of('secret-files').status, 'warning')
  assert.equal(examined.code, 0)
  assert.equal((await examine(directory, {}, '--strict')).code, 1)
  chmodSync(join(directory, '.env'), 0o600)
  assert.equal((await examine(directory, {}, '--strict')).code, 0)
})

test('a secret key is judged by its length, and never shown', async () => {
  const secret = 'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56'
  const environment = { SECRET_KEY: secret, SECRET_KEY_PREVIOUS: [...secret].reverse().join('') }
  const examined = await examine(createDirectory(), environment)
  assert.equal(examined.of('signing-keys').status, 'warning')
  assert.match(
    examined.of('signing-keys').said,
    /SECRET_KEY has 48 bytes[\s\S]*SECRET_KEY_PREVIOUS/,
  )
  assert.ok(!examined.stdout.includes(secret))
})

test('a key-encryption key that is lost, readable by others, or another one is a problem', async () => {
  const directory = await createUsed()
  const path = join(directory, 'data', 'portcullis.db.key')
  chmodSync(path, 0o644)
  assert.match((await examine(directory)).of('key-encryption-key').said, /read by other users/)
  chmodSync(path, 0o600)
  const environment = { KEY_ENCRYPTION_KEY: 'ab'.repeat(32) }
  const other = await examine(directory, environment)
  assert.match(other.of('key-encryption-key').said, /sealed under another key-encryption key/)
  assert.ok(!other.stdout.includes(environment.KEY_ENCRYPTION_KEY))
  rmSync(path)
  const lost = await examine(directory)
  assert.equal(lost.of('key-encryption-key').status, 'problem')
  assert.match(lost.of('key-encryption-key').said, /is missing/)
  assert.equal(lost.code, 1)
})

test('a data directory that is open to others is told, with the command that closes it', async () => {
  const directory = await createUsed()
  const data = join(directory, 'data')
  chmodSync(data, 0o755)
  assert.equal((await examine(directory)).of('data-directory').status, 'warning')
  chmodSync(join(data, 'portcullis.db'), 0o644)
  const { status, said } = (await examine(directory)).of('data-directory')
  assert.equal(status, 'problem')
  assert.match(said, /chmod 700 \.\/data and chmod 600 data\/portcullis\.db/)
})

test('nobody who can administer users, and a role that is not configured, are told', async () => {
  const directory = await createUsed()
  const database = new DatabaseSync(join(directory, 'data', 'portcullis.db'))
  database.exec("update users set role = 'clerk'")
  database.close()
  const { status, said } = (await examine(directory)).of('administrators')
  assert.equal(status, 'problem')
  assert.match(said, /No active user can administer users/)
  assert.match(said, /\(clerk\)/)
})

test('a key that should have been replaced is told, and one that never is', async () => {
  const directory = await createUsed()
  const database = new DatabaseSync(join(directory, 'data', 'portcullis.db'))
  database.exec('update signing_keys set signs_from = signs_from - 40000000')
  database.close()
  assert.match(
    (await examine(directory)).of('signing-keys').said,
    /463 days old and should have been replaced after 90 days/,
  )
  const never = await examine(directory, { KEY_ROTATION_INTERVAL: '0' })
  assert.equal(never.of('signing-keys').status, 'warning')
  assert.match(never.of('signing-keys').said, /run `portcullis key rotate` now/)
})

test('a key that was published and does not sign yet is the next, whatever the age of the one that signs', async () => {
  const directory = await createUsed()
  const database = new DatabaseSync(join(directory, 'data', 'portcullis.db'))
  database.exec('update signing_keys set signs_from = signs_from - 40000000')
  database.close()
  const algorithm = { SIGNING_ALGORITHM: 'EdDSA' }
  const rotated = await run(directory, ['key', 'rotate'], { environment: algorithm })
  assert.equal(rotated.code, 0, rotated.stderr)
  for (const more of [{}, { KEY_ROTATION_INTERVAL: '0' }]) {
    const { said } = (await examine(directory, { ...algorithm, ...more })).of('signing-keys')
    assert.match(
      said,
      /ES256 key .*; the next takes its place in (1 hour|60 minutes); 1 more verif/,
    )
    assert.doesNotMatch(said, /key rotate/)
  }
  const due = await examine(directory, algorithm)
  assert.equal(due.of('signing-keys').status, 'ok')
})

test('a database of an older version is told what is to be made, and not changed', async () => {
  const directory = createDirectory()
  mkdirSync(join(directory, 'data'), { mode: 0o700 })
  const path = join(directory, 'data', 'portcullis.db')
  const database = new DatabaseSync(path)
  database.exec(statementsUpTo('0001_users_and_keys'))
  database.close()
  chmodSync(path, 0o600)
  const earlier = stateOf(directory)
  const { status, said } = (await examine(directory)).of('migrations')
  assert.equal(status, 'warning')
  assert.match(said, /Missing steps: 0002_sessions, .*run `portcullis migrate`/)
  assert.deepEqual(stateOf(directory), earlier)
})

test('a database of a newer version is a problem', async () => {
  const directory = await createUsed()
  const database = new DatabaseSync(join(directory, 'data', 'portcullis.db'))
  database.exec("insert into portcullis_migration values ('9999_future', '2099-01-01')")
  database.close()
  const { status, said } = (await examine(directory)).of('migrations')
  assert.equal(status, 'problem')
  assert.match(said, /newer version .*9999_future/)
})

test('a damaged database is a problem', async () => {
  const directory = await createUsed()
  const path = join(directory, 'data', 'portcullis.db')
  truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096)
  const torn = await examine(directory)
  assert.equal(torn.of('database').status, 'problem', torn.stdout)
  writeFileSync(path, 'no database at all, but long enough to be looked at'.repeat(100))
  const { status, said } = (await examine(directory)).of('database')
  assert.equal(status, 'problem')
  assert.match(said, /not a usable SQLite database/)
})

test('the cost of a password hash is measured, and parameters are suggested for a time', async () => {
  const examined = await examine(createDirectory(), {}, '--target-time', '120')
  assert.match(
    examined.of('password-hash').said,
    /m=19456 KiB, t=2, p=1 takes \d+ ms here; .* logins a second\. For 120 ms set ARGON2_MEMORY=\d+, ARGON2_TIME=\d+|as near to 120 ms/,
  )
  for (const time of ['0', 'soon', '99999']) {
    const refused = await run(createDirectory(), ['doctor', '--target-time', time])
    assert.equal(refused.code, 64)
  }
})

test('the report for people has marks and advice, and colours only where they are wanted', async () => {
  const directory = createDirectory()
  const environment = { LOG_LEVEL: 'silent' }
  const plain = await run(directory, ['doctor'], { environment })
  assert.match(plain.stdout, /^✓ configuration {2,}2 variables|^✓ configuration {2,}\d variables/)
  assert.match(plain.stdout, /^! log {2,}LOG_LEVEL is silent.*\n {2,}→ Set it to info/m)
  assert.match(plain.stdout, /\n\n0 problems, 1 warning\.\n$/)
  assert.ok(!plain.stdout.includes('\u001b'))
  const coloured = await run(directory, ['doctor'], {
    environment: { ...environment, FORCE_COLOR: '1' },
  })
  assert.ok(coloured.stdout.includes('\u001b[32m✓'))
})
