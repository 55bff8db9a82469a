import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ConfigError } from '../../src/core/errors.ts'
import { readConfig, readEnvironment, settingNames } from '../../src/server/config.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-config-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const goodSecret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'
const fastApiSample = '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'

function write(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

test('without any variable the server has its defaults', () => {
  assert.deepEqual(readConfig({}), {
    host: '127.0.0.1',
    port: 8000,
    dataDirectory: './data',
    databaseUrl: undefined,
    issuer: 'http://127.0.0.1:8000',
    audience: 'http://127.0.0.1:8000',
    secretKey: undefined,
    signingAlgorithm: 'ES256',
    keyEncryptionKey: undefined,
    accessTokenLifetime: 900,
    allowLongAccessTokens: false,
    sessions: { idleLifetime: 14 * 86400, lifetime: 90 * 86400, refreshGrace: 10 },
    passwordMinLength: 15,
    argon2: { memory: 19456, time: 2, parallelism: 1 },
    roles: { admin: ['*'], member: [] },
    defaultRole: undefined,
    docs: true,
    logLevel: undefined,
  })
})

test('an empty variable counts as not set', () => {
  const empty = Object.fromEntries(settingNames().map((name) => [name, '']))
  assert.deepEqual(readConfig(empty), readConfig({}))
})

test('the variables that are read are those that are documented, and no others', () => {
  const read = new Set<string>()
  readConfig(
    new Proxy({} as Record<string, string>, {
      get(_target, name) {
        read.add(String(name))
        return undefined
      },
    }),
  )
  assert.deepEqual([...read].sort(), [...settingNames()].sort())
})

describe('a good value is taken', () => {
  const rows = [
    [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
    [{ PORT: '0' }, { port: 0 }],
    [{ DATA_DIR: '/srv/portcullis' }, { dataDirectory: '/srv/portcullis' }],
    [{ DATABASE_URL: 'postgres://u@h/d' }, { databaseUrl: 'postgres://u@h/d' }],
    [
      { ISSUER: 'https://auth.example.com/a' },
      { issuer: 'https://auth.example.com/a', audience: 'https://auth.example.com/a' },
    ],
    [{ AUDIENCE: 'my api' }, { audience: 'my api' }],
    [{ SECRET_KEY: goodSecret }, { secretKey: goodSecret }],
    [{ SIGNING_ALGORITHM: 'EdDSA' }, { signingAlgorithm: 'EdDSA' }],
    [
      { KEY_ENCRYPTION_KEY: 'ab'.repeat(32) },
      { keyEncryptionKey: Buffer.from('ab'.repeat(32), 'hex') },
    ],
    [
      { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') },
      { keyEncryptionKey: Buffer.alloc(32, 7) },
    ],
    [
      { ALLOW_LONG_ACCESS_TOKENS: 'true', ACCESS_TOKEN_LIFETIME: '7200' },
      { allowLongAccessTokens: true, accessTokenLifetime: 7200 },
    ],
    [{ PASSWORD_MIN_LENGTH: '8' }, { passwordMinLength: 8 }],
    [
      { ARGON2_MEMORY: '47104', ARGON2_TIME: '1' },
      { argon2: { memory: 47104, time: 1, parallelism: 1 } },
    ],
    [
      { ROLES: '{"root":["*"],"guest":["a:b"]}', DEFAULT_ROLE: 'guest' },
      { roles: { root: ['*'], guest: ['a:b'] }, defaultRole: 'guest' },
    ],
    [{ DOCS: 'false' }, { docs: false }],
    [{ LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
  ] as const
  for (const [environment, expected] of rows) {
    test(JSON.stringify(Object.keys(environment)), () => {
      const config = readConfig(environment as Record<string, string>)
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(Object.entries(config).find(([key]) => key === name)?.[1], value)
      }
    })
  }
})

describe('a mistake names its variable, and what would be right', () => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['HOST', 'http://x/', /an address or a name/],
    ['PORT', '65536', /from 0 to 65535/],
    ['PORT', '80a', /from 0 to 65535/],
    ['PORT', '-1', /from 0 to 65535/],
    ['PORT', '1e3', /from 0 to 65535/],
    ['DATABASE_URL', 'mysql://u:canary@h/d', /postgres:\/\/ URL/],
    ['ISSUER', 'example.com', /http or https URL/],
    ['ISSUER', 'https://u:p@example.com', /http or https URL/],
    ['ISSUER', 'https://example.com/?a=b', /http or https URL/],
    ['ISSUER', 'https://example.com/:a', /http or https URL/],
    ['SECRET_KEY', 'canary', /at least 32 bytes; make one with: openssl rand -hex 32/],
    ['SECRET_KEY', 'change-me-canary-change-me-canary', /sample value/],
    ['SECRET_KEY', fastApiSample, /sample value/],
    ['SECRET_KEY', 'canary'.repeat(10), /too few characters/],
    ['SECRET_KEY', '-----BEGIN PRIVATE KEY-----canary', /not a PEM/],
    ['SIGNING_ALGORITHM', 'HS256', /one of: ES256, RS256, PS256, EdDSA/],
    ['KEY_ENCRYPTION_KEY', 'canary', /32 bytes in base64 or hex/],
    ['ACCESS_TOKEN_LIFETIME', '3601', /from 1 to 3600/],
    ['ACCESS_TOKEN_LIFETIME', '0', /from 1 to 3600/],
    ['ALLOW_LONG_ACCESS_TOKENS', 'yes', /one of: true, false/],
    ['SESSION_LIFETIME', '0', /from 1/],
    ['SESSION_IDLE_LIFETIME', 'a', /from 1/],
    ['REFRESH_GRACE', '301', /from 0 to 300/],
    ['PASSWORD_MIN_LENGTH', '7', /from 8 to 64/],
    ['ARGON2_MEMORY', '1024', /below OWASP's minimum/],
    ['ARGON2_TIME', '17', /from 1 to 16/],
    ['ROLES', 'admin', /a JSON object/],
    ['ROLES', '[]', /a JSON object/],
    ['ROLES', '{"member":[]}', /must grant "\*"/],
    ['ROLES', '{"admin":["*"],"2":["a b"]}', /start with a letter/],
    ['DEFAULT_ROLE', 'king', /one of: admin, member/],
    ['DOCS', '1', /one of: true, false/],
    ['LOG_LEVEL', 'loud', /one of: fatal/],
  ]
  for (const [name, value, expected] of rows) {
    test(`${name}=${value.slice(0, 20)}`, () => {
      const problems = problemsOf({ [name]: value })
      assert.ok(problems.length > 0)
      for (const problem of problems) assert.match(problem, new RegExp(`^${name}`))
      assert.match(problems.join('\n'), expected)
      assert.doesNotMatch(problems.join('\n'), /canary|09d25e/)
    })
  }
})

test('every mistake is reported at once', () => {
  const problems = problemsOf({ PORT: 'x', DOCS: 'x', LOG_LEVEL: 'x', SECRET_KEY: 'x' })
  const names = problems.map((problem) => problem.split(/\W/, 1)[0])
  assert.deepEqual([...new Set(names)].sort(), ['DOCS', 'LOG_LEVEL', 'PORT', 'SECRET_KEY'])
})

test('a secret may come from a file, without the end of its line', () => {
  const SECRET_KEY_FILE = write('secret', `${goodSecret}\n`)
  assert.equal(readConfig({ SECRET_KEY_FILE }).secretKey, goodSecret)
})

test('a secret in a variable and in a file is a mistake', () => {
  const SECRET_KEY_FILE = write('both', goodSecret)
  const problems = problemsOf({ SECRET_KEY_FILE, SECRET_KEY: goodSecret })
  assert.deepEqual(problems, ['SECRET_KEY and SECRET_KEY_FILE are both set: set one of them.'])
})

test('a file that cannot be read is a mistake', () => {
  const problems = problemsOf({ KEY_ENCRYPTION_KEY_FILE: join(directory, 'absent') })
  assert.match(problems.join(), /^KEY_ENCRYPTION_KEY_FILE names a file that cannot be read/)
})

test('a .env file lies beneath the environment of the process', () => {
  const file = write('env', 'PORTCULLIS_TEST_A=file\nPATH=file\n# comment\nQUOTED="a b"\n')
  const environment = readEnvironment(file)
  assert.equal(environment.PORTCULLIS_TEST_A, 'file')
  assert.equal(environment.QUOTED, 'a b')
  assert.equal(environment.PATH, process.env.PATH)
  assert.deepEqual(readEnvironment(join(directory, 'absent')), { ...process.env })
})
