import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ConfigError } from '../../../src/core/errors.ts'
import { readConfig } from '../../../src/server/settings/config.ts'
import { readEnvironment } from '../../../src/server/settings/environment.ts'
import { settingNames, settings } from '../../../src/server/settings/settings.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-config-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const goodSecret = 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d'
const otherSecret = 'a8d7c6b5f4e3d2c1b0a99887f6e5d4c3'
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
    host: 'localhost',
    allowInsecureIssuer: false,
    port: 8000,
    workers: 1,
    dataDirectory: './data',
    databaseUrl: undefined,
    databaseSchema: undefined,
    databaseTablePrefix: undefined,
    databasePoolSize: 10,
    cacheUsers: 10_000,
    databaseStatementTimeout: 5,
    issuer: 'http://localhost:8000',
    audience: 'http://localhost:8000',
    trustedProxies: { addresses: [], hops: 1 },
    corsOrigins: [],
    secretKey: undefined,
    previousSecretKeys: [],
    pepper: undefined,
    previousPeppers: [],
    signingAlgorithm: 'ES256',
    keyEncryptionKey: undefined,
    previousKeyEncryptionKeys: [],
    keyRotationInterval: 7776000,
    accessTokenLifetime: 900,
    allowLongAccessTokens: false,
    sessions: {
      ...{ idleLifetime: 14 * 86400, lifetime: 90 * 86400 },
      ...{ refreshGrace: 10, refreshRetryWindow: 14 * 86400 },
    },
    eventRetention: 7776000,
    ...{ factors: 'off', factorRoles: [], factorRolesFrom: 0 },
    ...{ passkeys: false, passkeyRpId: undefined, passkeyOrigins: [] },
    ...{ hostedLogin: false, staySignedIn: 1_209_600, backchannelHosts: [], siteCss: undefined },
    passwordMinLength: 15,
    breachedPasswords: undefined,
    argon2: { memory: 19456, time: 2, parallelism: 1 },
    threads: 4,
    roles: { admin: ['*'], member: [] },
    defaultRole: undefined,
    apiKeys: false,
    clients: [],
    issuers: undefined,
    docs: true,
    logLevel: undefined,
    metricsPort: undefined,
    metricsHost: '127.0.0.1',
    ...{ smtpUrl: undefined, mailFrom: undefined, mailLocale: 'en', registration: 'closed' },
    ...{ passwordReset: undefined, emailChange: undefined, notices: undefined },
    ...{ deletion: undefined, deletionDelay: 14 * 86400, accountLinks: undefined },
    ...{ siteName: undefined, siteLogo: undefined, siteAccent: undefined, siteCss: undefined },
    ...{ hostedLogin: false, staySignedIn: 14 * 86400, backchannelHosts: [] },
  })
})

test('there are as many workers as is said, or as there are cores', () => {
  assert.equal(readConfig({ WORKERS: '3' }).workers, 3)
  assert.equal(readConfig({ WORKERS: 'auto' }).workers, availableParallelism())
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
  assert.deepEqual(settings.map(({ name }) => name).sort(), Object.keys(mistakes).sort())
})

test('only secrets may come from a file', () => {
  const files = settingNames().filter((name) => name.endsWith('_FILE'))
  assert.deepEqual(files, [
    'DATABASE_URL_FILE',
    'KEY_ENCRYPTION_KEY_FILE',
    'KEY_ENCRYPTION_KEY_PREVIOUS_FILE',
    'SECRET_KEY_PREVIOUS_FILE',
    'SECRET_KEY_FILE',
    'PASSWORD_PEPPER_FILE',
    'PASSWORD_PEPPER_PREVIOUS_FILE',
    'CLIENTS_FILE',
    'SMTP_URL_FILE',
    'ISSUERS_FILE',
  ])
})

describe('a good value is taken', () => {
  const rows = [
    [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
    [{ PORT: '0' }, { port: 0 }],
    [{ DATA_DIR: '/srv/portcullis' }, { dataDirectory: '/srv/portcullis' }],
    [{ DATABASE_URL: 'postgres://u@h/d' }, { databaseUrl: 'postgres://u@h/d' }],
    [{ DATABASE_URL: 'postgresql://u:p@h/d' }, { databaseUrl: 'postgresql://u:p@h/d' }],
    [
      { DATABASE_URL: 'postgres://u@h/d', DATABASE_SCHEMA: 'Auth' },
      { databaseUrl: 'postgres://u@h/d', databaseSchema: 'Auth' },
    ],
    [{ DATABASE_TABLE_PREFIX: 'auth_' }, { databaseTablePrefix: 'auth_' }],
    [
      { DATABASE_POOL_SIZE: '40', DATABASE_STATEMENT_TIMEOUT: '60' },
      { databasePoolSize: 40, databaseStatementTimeout: 60 },
    ],
    [{ CACHE_USERS: '250000' }, { cacheUsers: 250_000 }],
    [{ PORT: '65535' }, { port: 65535, issuer: 'http://localhost:65535' }],
    [{ HOST: '::1' }, { host: '::1' }],
    [
      { ISSUER: 'https://auth.example.com/a' },
      { issuer: 'https://auth.example.com/a', audience: 'https://auth.example.com/a' },
    ],
    [{ AUDIENCE: 'my api' }, { audience: 'my api' }],
    [{ SECRET_KEY: goodSecret }, { secretKey: goodSecret }],
    [{ SECRET_KEY_PREVIOUS: goodSecret }, { previousSecretKeys: [goodSecret] }],
    [
      { SECRET_KEY_PREVIOUS: `${goodSecret}\r\n${otherSecret}\n` },
      { previousSecretKeys: [goodSecret, otherSecret] },
    ],
    [{ PASSWORD_PEPPER: goodSecret }, { pepper: goodSecret }],
    [
      { PASSWORD_PEPPER_PREVIOUS: `${goodSecret}\r\n${otherSecret}\n` },
      { previousPeppers: [goodSecret, otherSecret] },
    ],
    [{ KEY_ROTATION_INTERVAL: '0' }, { keyRotationInterval: 0 }],
    [{ KEY_ROTATION_INTERVAL: '86400' }, { keyRotationInterval: 86400 }],
    [{ SIGNING_ALGORITHM: 'ES256' }, { signingAlgorithm: 'ES256' }],
    [{ SIGNING_ALGORITHM: 'RS256' }, { signingAlgorithm: 'RS256' }],
    [{ SIGNING_ALGORITHM: 'PS256' }, { signingAlgorithm: 'PS256' }],
    [{ SIGNING_ALGORITHM: 'EdDSA' }, { signingAlgorithm: 'EdDSA' }],
    [
      { KEY_ENCRYPTION_KEY_PREVIOUS: `${'ab'.repeat(32)}\r\n${'cd'.repeat(32)}\n` },
      {
        previousKeyEncryptionKeys: ['ab', 'cd'].map((each) => Buffer.from(each.repeat(32), 'hex')),
      },
    ],
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
    [
      { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 0xfb).toString('base64url') },
      { keyEncryptionKey: Buffer.alloc(32, 0xfb) },
    ],
    [{ ACCESS_TOKEN_LIFETIME: '1' }, { accessTokenLifetime: 1 }],
    [{ ACCESS_TOKEN_LIFETIME: '3600' }, { accessTokenLifetime: 3600 }],
    [{ ALLOW_LONG_ACCESS_TOKENS: 'false' }, { allowLongAccessTokens: false }],
    [
      { SESSION_IDLE_LIFETIME: '60', SESSION_LIFETIME: '120', REFRESH_GRACE: '0' },
      { sessions: { idleLifetime: 60, lifetime: 120, refreshGrace: 0, refreshRetryWindow: 0 } },
    ],
    [
      { SESSION_IDLE_LIFETIME: '60' },
      { sessions: { ...readConfig({}).sessions, idleLifetime: 60, refreshRetryWindow: 60 } },
    ],
    [
      { REFRESH_RETRY_WINDOW: '0' },
      { sessions: { ...readConfig({}).sessions, refreshRetryWindow: 0 } },
    ],
    [{ REFRESH_GRACE: '300' }, { sessions: { ...readConfig({}).sessions, refreshGrace: 300 } }],
    [{ BREACHED_PASSWORDS: 'off' }, { breachedPasswords: undefined }],
    [{ BREACHED_PASSWORDS: 'online' }, { breachedPasswords: 'online' }],
    ...['./pwned.txt', 'pwned.txt', '/srv/pwned', 'D:\\pwned'].map(
      (file) => [{ BREACHED_PASSWORDS: file }, { breachedPasswords: { file } }] as const,
    ),
    [{ PASSWORD_MIN_LENGTH: '8' }, { passwordMinLength: 8 }],
    [{ PASSWORD_MIN_LENGTH: '64' }, { passwordMinLength: 64 }],
    [
      { ARGON2_PARALLELISM: '4', ARGON2_TIME: '3', ARGON2_MEMORY: '65536' },
      { argon2: { memory: 65536, time: 3, parallelism: 4 } },
    ],
    [
      { ARGON2_MEMORY: '47104', ARGON2_TIME: '1' },
      { argon2: { memory: 47104, time: 1, parallelism: 1 } },
    ],
    [
      { ROLES: '{"root":["*"],"guest":["a:b"]}', DEFAULT_ROLE: 'guest' },
      { roles: { root: ['*'], guest: ['a:b'] }, defaultRole: 'guest' },
    ],
    [
      { CLIENTS: `[{"id":"app","secret":"${goodSecret}","scopes":[]},{"id":"spa"}]` },
      { clients: [{ id: 'app', secret: goodSecret, scopes: [] }, { id: 'spa' }] },
    ],
    [{ DOCS: 'false' }, { docs: false }],
    [{ DOCS: 'true' }, { docs: true }],
    [{ LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
    [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
  ] as const
  for (const [environment, expected] of rows) {
    const title = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    test(title.join(' '), () => {
      const config = readConfig(environment as Record<string, string>)
      assert.partialDeepStrictEqual(config, expected)
    })
  }
})

describe('a mistake names its variable, and what would be right', () => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['HOST', 'http://x/', /an address or a name/],
    ['HOST', '127.0.0.1 ::1', /an address or a name/],
    ['PORT', '65536', /from 0 to 65535/],
    ['PORT', '80a', /from 0 to 65535/],
    ['PORT', '-1', /from 0 to 65535/],
    ['PORT', '1e3', /from 0 to 65535/],
    ['PORT', '0x50', /from 0 to 65535/],
    ['PORT', ' 80', /from 0 to 65535/],
    ['PORT', '80.5', /from 0 to 65535/],
    ['DATABASE_URL', 'mysql://u:canary@h/d', /postgres:\/\/ URL/],
    ['DATABASE_URL', 'postgres://u:can%ary@h/d', /percent-encoded/],
    ['DATABASE_URL', 'postgres://u:p@h/d?sslmode=canary', /one of disable, require/],
    ['DATABASE_URL', 'postgres://u:p@h/d?sslrootcert=/canary', /cannot be read/],
    ['DATABASE_SCHEMA', 'auth', /is for PostgreSQL: set DATABASE_URL too/],
    ['DATABASE_SCHEMA', 'pg_auth', /must be a name such as auth/],
    ['DATABASE_TABLE_PREFIX', 'sqlite_', /must have 1 to 20 small letters/],
    ['DATABASE_POOL_SIZE', '0', /from 1 to 1000/],
    ['CACHE_USERS', '0', /from 1 to 10000000/],
    ['DATABASE_STATEMENT_TIMEOUT', '0', /from 1 to 3600/],
    ['DATABASE_STATEMENT_TIMEOUT', '5s', /from 1 to 3600/],
    ['ISSUER', 'example.com', /http or https URL/],
    ['ISSUER', 'https://u:p@example.com', /http or https URL/],
    ['ISSUER', 'https://example.com/?a=b', /http or https URL/],
    ['ISSUER', 'https://example.com/#a', /http or https URL/],
    ['ISSUER', 'ftp://example.com', /http or https URL/],
    ['ISSUER', 'urn:example', /http or https URL/],
    ['ISSUER', 'https://example.com/:a', /http or https URL/],
    ['ISSUER', 'http://example.com', /must be https/],
    ['ALLOW_INSECURE_ISSUER', 'yes', /one of: true, false/],
    ['SECRET_KEY', 'canary', /at least 32 bytes; make one with: openssl rand -hex 32/],
    ['SECRET_KEY', 'change-me-canary-change-me-canary', /sample value/],
    ['SECRET_KEY', fastApiSample, /sample value/],
    ['SECRET_KEY', 'canary'.repeat(10), /too few characters/],
    ['SECRET_KEY', '-----BEGIN PRIVATE KEY-----canary', /not a PEM/],
    ['SECRET_KEY_PREVIOUS', 'canary', /at least 32 bytes/],
    ['SECRET_KEY_PREVIOUS', `${goodSecret}\ncanary`, /at least 32 bytes/],
    ['PASSWORD_PEPPER', 'canary', /at least 32 bytes; make one with: openssl rand -hex 32/],
    ['PASSWORD_PEPPER', 'canary'.repeat(10), /too few characters/],
    ['PASSWORD_PEPPER_PREVIOUS', `${goodSecret}\ncanary`, /at least 32 bytes/],
    ['KEY_ROTATION_INTERVAL', '86399', /0, or at least 86400/],
    ['KEY_ROTATION_INTERVAL', '-1', /from 0 to/],
    ['SIGNING_ALGORITHM', 'HS256', /one of: ES256, RS256, PS256, EdDSA/],
    ['SIGNING_ALGORITHM', 'none', /one of: ES256, RS256, PS256, EdDSA/],
    ['KEY_ENCRYPTION_KEY_PREVIOUS', 'canary', /32 bytes in base64 or hex, or several/],
    ['KEY_ENCRYPTION_KEY_PREVIOUS', `${'ab'.repeat(32)}\ncanary`, /32 bytes in base64 or hex/],
    ['KEY_ENCRYPTION_KEY', 'canary', /32 bytes in base64 or hex/],
    ['KEY_ENCRYPTION_KEY', 'ab'.repeat(31), /32 bytes in base64 or hex/],
    ['KEY_ENCRYPTION_KEY', 'ab'.repeat(33), /32 bytes in base64 or hex/],
    ['KEY_ENCRYPTION_KEY', Buffer.alloc(33).toString('base64'), /32 bytes in base64 or hex/],
    ['ACCESS_TOKEN_LIFETIME', '3601', /from 1 to 3600/],
    ['ACCESS_TOKEN_LIFETIME', '0', /from 1 to 3600/],
    ['ACCESS_TOKEN_LIFETIME', '15m', /from 1 to 3600/],
    ['ALLOW_LONG_ACCESS_TOKENS', 'yes', /one of: true, false/],
    ['ALLOW_LONG_ACCESS_TOKENS', 'TRUE', /one of: true, false/],
    ['SESSION_LIFETIME', '0', /from 1/],
    ['SESSION_IDLE_LIFETIME', 'a', /from 1/],
    ['REFRESH_GRACE', '301', /from 0 to 300/],
    ['REFRESH_GRACE', '-1', /from 0 to 300/],
    ['REFRESH_RETRY_WINDOW', '-1', /from 0 to/],
    ['BREACHED_PASSWORDS', 'onlin', /must be off, online or the path of a file/],
    ['BREACHED_PASSWORDS', 'true', /must be off, online or/],
    ['BREACHED_PASSWORDS', 'https://pwned.example/range/', /must be off, online or/],
    ['PASSWORD_MIN_LENGTH', '7', /from 8 to 64/],
    ['PASSWORD_MIN_LENGTH', '65', /from 8 to 64/],
    ['ARGON2_MEMORY', '1024', /below OWASP's minimum/],
    ['ARGON2_MEMORY', '262145', /from 8 to 262144/],
    ['ARGON2_TIME', '17', /from 1 to 16/],
    ['ARGON2_PARALLELISM', '0', /from 1 to 8/],
    ['ARGON2_PARALLELISM', '9', /from 1 to 8/],
    ['ROLES', 'admin', /a JSON object/],
    ['ROLES', '{"admin":["*"]', /a JSON object/],
    ['ROLES', 'null', /a JSON object/],
    ['ROLES', '[]', /a JSON object/],
    ['ROLES', '{}', /At least one role/],
    ['ROLES', '{"admin":"*"}', /a list of permissions/],
    ['ROLES', '{"admin":["*"],"b":[1]}', /printable ASCII/],
    ['ROLES', '{"member":[]}', /must grant "\*"/],
    ['ROLES', '{"admin":["*"],"2":["a b"]}', /start with a letter/],
    ['ROLES', '{"__proto__":["*"]}', /start with a letter/],
    ['TRUSTED_PROXIES', '10.0.0.0/33', /addresses or CIDR blocks/],
    ['TRUSTED_PROXIES', '10.0.0.1, proxy.local', /addresses or CIDR blocks/],
    ['TRUSTED_PROXIES', 'true', /addresses or CIDR blocks/],
    ['TRUSTED_PROXY_HOPS', '0', /from 1 to 16/],
    ['CORS_ORIGINS', '*', /no \*/],
    ['DEFAULT_ROLE', 'king', /one of: admin, member/],
    ['DEFAULT_ROLE', 'constructor', /one of: admin, member/],
    ['CLIENTS', 'canary', /a JSON list/],
    ['CLIENTS', '[{"id":"app","secret":"canary', /a JSON list/],
    ['CLIENTS', '{"id":"app"}', /must be a list/],
    ['CLIENTS', '[{"id":"app","secret":"canary"}]', /"app" must have at least 32 bytes/],
    ['CLIENTS', '[{"id":"a"},{"id":"a"}]', /"a" is there twice/],
    ['DOCS', '1', /one of: true, false/],
    ['WORKERS', '0', /whole number from 1 to 256, or auto/],
    ['WORKERS', '257', /whole number from 1 to 256, or auto/],
    ['WORKERS', 'all', /whole number from 1 to 256, or auto/],
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

test('an issuer that is not https is refused, unless it is this machine or allowed (HH-09)', () => {
  const others = [
    'http://auth.example.com',
    'http://10.0.0.1:8000/a',
    'http://[fe80::1]',
    'http://a',
  ]
  const issuerOf = (ISSUER: string, more = {}) => readConfig({ ISSUER, ...more }).issuer
  for (const issuer of others) {
    assert.match(problemsOf({ ISSUER: issuer }).join('\n'), /^ISSUER must be https: .*ALLOW_INSEC/)
    assert.equal(issuerOf(issuer, { ALLOW_INSECURE_ISSUER: 'true' }), issuer)
    assert.throws(() => issuerOf(issuer, { ALLOW_INSECURE_ISSUER: 'false' }), ConfigError)
  }
  for (const issuer of [
    'http://localhost:8000',
    'http://[::1]',
    'http://localhost:1',
    'https://a.example',
  ]) {
    assert.equal(issuerOf(issuer), issuer)
  }
})

const mistakes: Readonly<Record<string, string>> = {
  HOST: 'a b',
  SMTP_URL: 'canary',
  MAIL_FROM: 'canary',
  MAIL_LOCALE: 'x',
  REGISTRATION: 'x',
  PASSWORD_RESET: 'x',
  EMAIL_CHANGE: 'x',
  NOTICES: 'x',
  ACCOUNT_DELETION: 'x',
  ACCOUNT_DELETION_DELAY: 'x',
  ACCOUNT_LINKS: 'x',
  SITE_NAME: 'x',
  SITE_LOGO: 'canary',
  SITE_ACCENT: 'x',
  SITE_CSS: '/nowhere/at/all.css',
  HOSTED_LOGIN: 'yes',
  STAY_SIGNED_IN: '-1',
  BACKCHANNEL_LOGOUT_HOSTS: 'a host',
  PORT: 'canary',
  WORKERS: '0',
  DATA_DIR: '',
  DATABASE_URL: 'canary',
  DATABASE_SCHEMA: 'a b',
  DATABASE_TABLE_PREFIX: 'A_',
  DATABASE_POOL_SIZE: 'canary',
  CACHE_USERS: 'canary',
  DATABASE_STATEMENT_TIMEOUT: 'canary',
  ISSUER: 'x',
  ALLOW_INSECURE_ISSUER: 'x',
  TRUSTED_PROXIES: 'x',
  TRUSTED_PROXY_HOPS: 'x',
  CORS_ORIGINS: 'x',
  AUDIENCE: '',
  SECRET_KEY: 'canary',
  SECRET_KEY_PREVIOUS: 'canary',
  SIGNING_ALGORITHM: 'x',
  KEY_ENCRYPTION_KEY: 'canary',
  KEY_ENCRYPTION_KEY_PREVIOUS: 'canary',
  PASSWORD_PEPPER: 'canary',
  PASSWORD_PEPPER_PREVIOUS: 'canary',
  KEY_ROTATION_INTERVAL: 'x',
  ACCESS_TOKEN_LIFETIME: 'x',
  ALLOW_LONG_ACCESS_TOKENS: 'x',
  SESSION_IDLE_LIFETIME: 'x',
  SESSION_LIFETIME: 'x',
  EVENT_RETENTION: '86400',
  FACTORS: 'x',
  FACTOR_ROLES: ',',
  FACTOR_ROLES_FROM: 'x',
  PASSKEYS: 'x',
  PASSKEY_RP_ID: 'X y',
  PASSKEY_ORIGINS: 'x',
  REFRESH_GRACE: 'x',
  REFRESH_RETRY_WINDOW: 'x',
  PASSWORD_MIN_LENGTH: 'x',
  BREACHED_PASSWORDS: 'x',
  ARGON2_MEMORY: 'x',
  ARGON2_TIME: 'x',
  ARGON2_PARALLELISM: 'x',
  UV_THREADPOOL_SIZE: 'x',
  ROLES: 'x',
  DEFAULT_ROLE: 'x',
  API_KEYS: 'x',
  CLIENTS: 'canary',
  ISSUERS: 'canary',
  DOCS: 'x',
  LOG_LEVEL: 'x',
  METRICS_PORT: 'x',
  METRICS_HOST: 'a b',
}

test('a permission with the name of a scope of OpenID Connect is a mistake with HOSTED_LOGIN (OP-39)', () => {
  const scopes = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']
  for (const scope of scopes) {
    const ROLES = JSON.stringify({ admin: ['*'], member: [scope] })
    assert.deepEqual(problemsOf({ HOSTED_LOGIN: 'true', ROLES }), [
      `HOSTED_LOGIN needs the name ${scope} for a scope of OpenID Connect: rename that permission in ROLES and CLIENTS.`,
    ])
    assert.deepEqual(problemsOf({ ROLES }), [])
  }
})

test('a key that is named for two purposes is a mistake (KM-10, PW-11)', () => {
  const key = 'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef'
  const rows = [
    { SECRET_KEY: key, SECRET_KEY_PREVIOUS: key },
    { SECRET_KEY: key, KEY_ENCRYPTION_KEY: key },
    { SECRET_KEY_PREVIOUS: `${goodSecret}\n${key}`, KEY_ENCRYPTION_KEY: key },
    { SECRET_KEY_PREVIOUS: `${key}\n${key}` },
    { SECRET_KEY: key, PASSWORD_PEPPER: key },
    { PASSWORD_PEPPER: key, PASSWORD_PEPPER_PREVIOUS: `${goodSecret}\n${key}` },
    { KEY_ENCRYPTION_KEY: key, PASSWORD_PEPPER_PREVIOUS: key },
    {
      KEY_ENCRYPTION_KEY: key,
      KEY_ENCRYPTION_KEY_PREVIOUS: Buffer.from(key, 'hex').toString('base64'),
    },
    { KEY_ENCRYPTION_KEY_PREVIOUS: `${key}\n${key}` },
    { SECRET_KEY: key, KEY_ENCRYPTION_KEY_PREVIOUS: key },
    // The same bytes, written otherwise.
    { SECRET_KEY: key, KEY_ENCRYPTION_KEY: Buffer.from(key, 'hex').toString('base64') },
  ]
  for (const environment of rows) {
    assert.deepEqual(problemsOf(environment), [
      'SECRET_KEY, KEY_ENCRYPTION_KEY, PASSWORD_PEPPER and the previous ones must all differ: set another one.',
    ])
  }
})

test('every mistake is reported at once, each under the name of its variable (SC-01)', () => {
  const problems = problemsOf(mistakes)
  const named = problems.map((problem) => problem.match(/^[A-Z0-9_]+/)?.[0])
  // Any text is a directory, an audience, and the name of a site.
  const free = ['DATA_DIR', 'AUDIENCE', 'SITE_NAME']
  const expected = Object.keys(mistakes).filter((name) => !free.includes(name))
  assert.deepEqual([...new Set(named)].sort(), expected.sort())
  assert.doesNotMatch(problems.join('\n'), /canary/)
})

describe('a secret in a file', () => {
  const rows = [
    ['SECRET_KEY', 'secretKey', goodSecret],
    ['KEY_ENCRYPTION_KEY', 'keyEncryptionKey', 'ab'.repeat(32)],
    ['DATABASE_URL', 'databaseUrl', 'postgres://u:p@h/d'],
    ['CLIENTS', 'clients', '[{"id":"app"}]'],
  ] as const

  for (const [name, key, value] of rows) {
    test(`${name}_FILE is read without the end of its line`, () => {
      const expected = readConfig({ [name]: value })[key]
      for (const [index, end] of ['', '\n', '\r\n'].entries()) {
        const path = write(`${name}-${index}`, value + end)
        assert.deepEqual(readConfig({ [`${name}_FILE`]: path })[key], expected)
      }
    })

    test(`${name} and ${name}_FILE together are a mistake, even if they agree`, () => {
      const path = write(`${name}-both`, value)
      const problems = problemsOf({ [name]: value, [`${name}_FILE`]: path })
      assert.deepEqual(problems, [`${name} and ${name}_FILE are both set: set one of them.`])
    })

    test(`${name}_FILE that cannot be read is a mistake`, () => {
      for (const path of [join(directory, 'absent'), directory]) {
        const problems = problemsOf({ [`${name}_FILE`]: path })
        assert.equal(problems.length, 1)
        assert.match(problems.join(), new RegExp(`^${name}_FILE names a file that cannot be read`))
      }
    })

    test(`${name}_FILE with a bad value, or none, is a mistake that does not show it`, () => {
      for (const text of ['canary\n', '']) {
        const problems = problemsOf({ [`${name}_FILE`]: write(`${name}-bad`, text) })
        assert.ok(problems.length > 0)
        for (const problem of problems) assert.match(problem, new RegExp(`^${name} `))
        assert.doesNotMatch(problems.join(), /canary/)
      }
    })
  }

  test('loses one end of line, no more: the rest belongs to it', () => {
    const SECRET_KEY_FILE = write('two-lines', `${goodSecret}\n\n`)
    assert.equal(readConfig({ SECRET_KEY_FILE }).secretKey, `${goodSecret}\n`)
  })
})

test('a .env file lies beneath the environment of the process', () => {
  const file = write('env', 'PORTCULLIS_TEST_A=file\nPATH=file\n# comment\nQUOTED="a b"\n')
  const environment = readEnvironment(file)
  assert.equal(environment.PORTCULLIS_TEST_A, 'file')
  assert.equal(environment.QUOTED, 'a b')
  assert.equal(environment.PATH, process.env.PATH)
  assert.deepEqual(readEnvironment(join(directory, 'absent')), { ...process.env })
})

test('the size of the thread pool is not read from a .env file, where Node.js does not see it', () => {
  const file = write('threads', 'UV_THREADPOOL_SIZE=64\n')
  assert.equal(readEnvironment(file).UV_THREADPOOL_SIZE, process.env.UV_THREADPOOL_SIZE)
})

test('an issuer for any free port does not name port 0, and stays the same', () => {
  const { issuer, audience } = readConfig({ PORT: '0' })
  assert.deepEqual([issuer, audience], ['http://localhost', 'http://localhost'])
})

test('an empty variable of the process hides that of a .env file', () => {
  const file = write('hidden', 'PORTCULLIS_TEST_EMPTY=file\n')
  process.env.PORTCULLIS_TEST_EMPTY = ''
  try {
    assert.equal(readEnvironment(file).PORTCULLIS_TEST_EMPTY, '')
  } finally {
    delete process.env.PORTCULLIS_TEST_EMPTY
  }
})

test('a misspelt variable is a mistake that names the nearest setting', () => {
  for (const [variable, meant] of [
    ['ACCESS_TOKEN_LIFETME', 'ACCESS_TOKEN_LIFETIME'],
    ['ACCES_TOKEN_LIFTIME', 'ACCESS_TOKEN_LIFETIME'],
    ['access_token_lifetime', 'ACCESS_TOKEN_LIFETIME'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE-URL', 'DATABASE_URL'],
    ['SECRET_KEY_FIEL', 'SECRET_KEY_FILE'],
    ['ISUSER', 'ISSUER'],
    ['TRUSTED_PROXY', 'TRUSTED_PROXIES'],
    ['TRUST_PROXY', 'TRUSTED_PROXIES'],
    ['TRUST_PROXIES', 'TRUSTED_PROXIES'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ] as const) {
    assert.deepEqual(problemsOf({ [variable]: 'x' }), [
      `${variable} is no setting: ${meant} is meant, or unset it if it is another program's.`,
    ])
  }
})

test("other programs' variables are no mistakes", () => {
  const others = { PATH: '/bin', POST: '1', HOSTS: 'a', HOSTNAME: 'box', DATA_DIRS: '', LANG: 'C' }
  assert.deepEqual(problemsOf(others), [])
  // The setting itself is there, so the other one is not meant to be it.
  assert.deepEqual(problemsOf({ ISSUER: 'https://a.example', ISSUE: 'x', DEFAULT_ROLES: '' }), [])
})

test('a .env file may begin with a byte order mark', () => {
  const file = write('mark.env', '\uFEFFPORTCULLIS_TEST_MARK=1\r\nSECOND=2\r\n')
  const environment = readEnvironment(file)
  assert.deepEqual([environment.PORTCULLIS_TEST_MARK, environment.SECOND], ['1', '2'])
})

test('a file of a secret may begin with a byte order mark', () => {
  const SECRET_KEY_FILE = write('mark.key', `\uFEFF${goodSecret}\n`)
  assert.equal(readConfig({ SECRET_KEY_FILE }).secretKey, goodSecret)
  // Anywhere else it is a sign as others are.
  const marked = `${goodSecret.slice(0, 20)}\uFEFF${goodSecret.slice(20)}`
  const inside = write('inside.key', marked)
  assert.equal(readConfig({ SECRET_KEY_FILE: inside }).secretKey, marked)
})

test('a .env file in UTF-16, or in an older encoding, is a mistake', () => {
  for (const bytes of [
    Buffer.from('\uFEFFPORT=1\n', 'utf16le'),
    Buffer.from('PORT=1\n', 'utf16le'),
    Buffer.from('DATA_DIR=/srv/\xe9\n', 'latin1'),
  ]) {
    const file = join(directory, 'utf16.env')
    writeFileSync(file, bytes)
    assert.throws(() => readEnvironment(file), /is not text in UTF-8: save it as UTF-8/)
  }
})

test('a value of a .env file is never cut at a # without a word', () => {
  for (const line of [
    `SECRET_KEY=${goodSecret}#tail`,
    `export SECRET_KEY = ${goodSecret} #tail`,
    `PASSWORD_PEPPER=${goodSecret}#`,
    'DATABASE_URL=postgres://u:p#w@h/d',
    'ISSUER=https://a.example#x',
  ]) {
    const file = write('cut.env', `PORT=1\n${line}\n`)
    const [, name = ''] = /(\w+) ?=/.exec(line) ?? []
    assert.throws(
      () => readEnvironment(file),
      (error) =>
        error instanceof ConfigError &&
        error.problems.length === 1 &&
        error.message.includes(`${name} in ${file} has a #`) &&
        !error.message.includes('tail'),
    )
  }
})

test('a # in quotes belongs to the value, and a comment stands after a space', () => {
  const file = write(
    'uncut.env',
    `# SECRET_KEY=a#b\nSECRET_KEY='${goodSecret}#tail'\nPORT=8001 # the second server\nOTHER=a#b\n`,
  )
  const environment = readEnvironment(file)
  assert.equal(environment.SECRET_KEY, `${goodSecret}#tail`)
  assert.equal(environment.PORT, '8001')
})

test('a .env that is there and cannot be read is a mistake, not a start with defaults', () => {
  assert.throws(
    () => readEnvironment(directory),
    (error) => error instanceof ConfigError && error.problems.length === 1,
  )
})
