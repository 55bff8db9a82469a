import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createInstallation, type Finished, run, serve, start } from './process.ts'

/** FastAPI's tutorial prints it; it is the hash of "secret". */
const bcrypt = '$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW'
const passlibScrypt = {
  salt: 'wlhLyXmP8b53bm1NKYVQqg',
  hash: 'mTpvG8lzuuDk+DWz8HZIB6Vum6erDuUm0As5yU+VxWA',
}
/** The vector of github.com/firebase/scrypt, and its parameters as the console shows them. */
const firebaseConfig = `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}`

interface Export {
  readonly file: string
  readonly content: string
  readonly options?: readonly string[]
  /** Who logs in afterwards, and with what. */
  readonly logins: Readonly<Record<string, string>>
}

const exports: Readonly<Record<string, Export>> = {
  'JSON lines': {
    file: 'users.jsonl',
    content: [
      { username: 'Ann', passwordHash: bcrypt, createdAt: 1700000000 },
      { username: 'ann.fastapi', hashed_password: bcrypt, disabled: false },
    ]
      .map((user) => JSON.stringify(user))
      .join('\n'),
    logins: { ann: 'secret', 'ann.fastapi': 'secret' },
  },
  CSV: {
    file: 'users.csv',
    content: `username,password_hash,active,E-Mail,Email Verified\r\n"bob",${bcrypt},true,Bob@example.com,t\r\n`,
    logins: { bob: 'secret' },
  },
  'Werkzeug hashes': {
    file: 'flask.csv',
    content:
      'email,password_hash\nflask@example.com,pbkdf2:sha1:1000$WfErpcqmWCMhvzuN$292f74737f7e2a359d1cba772c7c7888e0d1301a\n',
    logins: { 'flask@example.com': 'lètmein' },
  },
  "Django's table": {
    file: 'auth_user.csv',
    content:
      'id,password,last_login,is_superuser,username,email,is_active,date_joined\n' +
      '1,pbkdf2_sha256$30000$seasalt$VrX+V8drCGo68wlvy6rfu8i1d1pfkdeXA4LJkRGJodY=,,t,django,d@example.com,t,2024-03-14 07:11:49.123456+00\n',
    logins: { django: 'lètmein' },
  },
  "Django's dumpdata": {
    file: 'dump.json',
    content: JSON.stringify(
      [
        {
          model: 'auth.user',
          pk: 1,
          fields: {
            username: 'dumped',
            password: 'pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I=',
            is_active: true,
            date_joined: '2024-03-14T07:11:49.123Z',
          },
        },
      ],
      null,
      2,
    ),
    logins: { dumped: 'not a password' },
  },
  Auth0: {
    // As it comes: JSON lines in a file that is called .json.
    file: 'auth0.json',
    content: [
      {
        _id: { $oid: '60425da93519d90068f82966' },
        email_verified: false,
        email: 'test@contoso.com',
        passwordHash: bcrypt,
        password_set_date: { $date: '2021-03-05T16:34:49.502Z' },
        tenant: 'tenant',
        connection: 'Username-Password-Authentication',
        _tmp_is_unique: true,
      },
      {
        email: 'custom@contoso.com',
        email_verified: true,
        custom_password_hash: {
          algorithm: 'scrypt',
          hash: { value: passlibScrypt.hash, encoding: 'base64' },
          salt: { value: passlibScrypt.salt, encoding: 'base64' },
          keylen: 32,
          cost: 256,
          blockSize: 8,
          parallelization: 1,
        },
      },
    ]
      .map((user) => JSON.stringify(user))
      .join('\n'),
    logins: { 'test@contoso.com': 'secret', 'custom@contoso.com': 'test' },
  },
  Firebase: {
    file: 'firebase.json',
    content: JSON.stringify({
      users: [
        {
          localId: 'U1',
          email: 'fire@example.com',
          emailVerified: true,
          passwordHash:
            'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
          salt: '42xEC+ixf3L2lw==',
          createdAt: '1489531989000',
          disabled: false,
          providerUserInfo: [],
        },
      ],
    }),
    options: ['--firebase-hash-config', 'firebase.txt'],
    logins: { 'fire@example.com': 'user1password' },
  },
  Supabase: {
    file: 'auth_users.csv',
    content:
      'instance_id,id,aud,role,email,encrypted_password,email_confirmed_at,created_at,banned_until,deleted_at\n' +
      `00000000-0000-0000-0000-000000000000,2cd2dd7b-98ff-4b2c-bdd8-e2eb0a6ed6f4,authenticated,authenticated,supa@example.com,${bcrypt.replace('$2b$', '$2a$')},2024-03-14 07:12:00+00,2024-03-14 07:11:49.123+00,,\n`,
    logins: { 'supa@example.com': 'secret' },
  },
  Keycloak: {
    file: 'realm.json',
    content: JSON.stringify({
      realm: 'acme',
      users: [
        {
          id: 'a7f1b2b8-6a0f-4f0b-8e7c-1e2d3c4b5a69',
          createdTimestamp: 1740654221121,
          username: 'alice',
          enabled: true,
          credentials: [
            {
              type: 'password',
              secretData:
                '{"value":"KqABIiReBuRWbP4pBct3W067pNvYzeN7ILBV+8vT8nuF5cgYs2fdl2QikJT/7bGTW/PBXg6CYLwJQFYrBK9MWg==","salt":"EPgscX9CQz7UnuZDNZxtMw=="}',
              credentialData: '{"hashIterations":27500,"algorithm":"pbkdf2-sha256"}',
            },
          ],
          realmRoles: ['admin'],
        },
        {
          username: 'jane.doe',
          email: 'Jane@Bücher.example',
          emailVerified: true,
          enabled: true,
          credentials: [
            {
              type: 'password',
              secretData:
                '{"value":"xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80=","salt":"LRScGShC7shkdoU5B1UgUQ==","additionalParameters":{}}',
              credentialData:
                '{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}',
            },
          ],
        },
      ],
    }),
    logins: { alice: 'alice-password', 'jane.doe': 'secret' },
  },
}

interface ExportedUser {
  readonly id: string
  readonly username: string
  readonly role: string
  readonly active: boolean
  readonly createdAt: number
  readonly passwordHash: string | null
  readonly email: string | null
  readonly emailVerified: boolean
}

function usersIn(text: string): Map<string, ExportedUser> {
  const users = text.trim().split('\n').filter(Boolean)
  return new Map(users.map((line) => JSON.parse(line)).map((user) => [user.username, user]))
}

interface ListedUser {
  readonly username: string
  readonly role: string
  readonly active: boolean
}

async function usersOf(directory: string): Promise<readonly ListedUser[]> {
  return JSON.parse((await run(directory, ['user', 'list', '--json'])).stdout)
}

test('users of every system log in with their old passwords, and their hashes are replaced (PW-03)', async () => {
  const directory = createInstallation()
  const server = await serve(directory)
  const logIn = async (username: string, password: string): Promise<number> => {
    const body = new URLSearchParams({ username, password })
    return (await fetch(`${server.url}/auth/token`, { method: 'POST', body })).status
  }
  const exportAll = async (): Promise<Map<string, ExportedUser>> =>
    usersIn((await run(directory, ['user', 'export', '--with-hashes'])).stdout)

  try {
    writeFileSync(join(directory, 'firebase.txt'), firebaseConfig)
    for (const [system, { file, content, options = [], logins }] of Object.entries(exports)) {
      writeFileSync(join(directory, file), content)
      const result = await run(directory, ['user', 'import', file, ...options])
      const count = Object.keys(logins).length
      assert.deepEqual(
        result,
        {
          code: 0,
          stdout: `Created ${count} users, skipped 0 whose username is taken, refused 0.\n`,
          stderr: '',
        },
        system,
      )
    }
    const imported = await exportAll()
    for (const [system, { logins }] of Object.entries(exports)) {
      for (const [username, password] of Object.entries(logins)) {
        assert.equal(await logIn(username, `${password}z`), 401, system)
      }
    }
    // A wrong password replaces nothing.
    assert.deepEqual(await exportAll(), imported)
    for (const [system, { logins }] of Object.entries(exports)) {
      for (const [username, password] of Object.entries(logins)) {
        assert.equal(await logIn(username, password), 200, `${system}: ${username}`)
      }
    }
    const replaced = await exportAll()
    for (const [system, { logins }] of Object.entries(exports)) {
      for (const [username, password] of Object.entries(logins)) {
        const { passwordHash } = replaced.get(username) ?? {}
        assert.match(passwordHash ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/, system)
        assert.equal(await logIn(username, password), 200, `${system}: ${username}, again`)
      }
    }
    // Nobody is an administrator because another system says so.
    assert.deepEqual(new Set([...imported.values()].map(({ role }) => role)), new Set(['member']))
    assert.equal(imported.get('alice')?.id, 'a7f1b2b8-6a0f-4f0b-8e7c-1e2d3c4b5a69')
    assert.equal(imported.get('alice')?.createdAt, 1740654221)
    assert.equal(imported.get('ann')?.createdAt, 1700000000)
    assert.equal(imported.get('django')?.createdAt, Date.UTC(2024, 2, 14, 7, 11, 49) / 1000)
    assert.equal(imported.get('supa@example.com')?.id, '2cd2dd7b-98ff-4b2c-bdd8-e2eb0a6ed6f4')
    assert.equal(
      imported.get('supa@example.com')?.createdAt,
      Date.UTC(2024, 2, 14, 7, 11, 49) / 1000,
    )
    assert.equal(imported.get('fire@example.com')?.createdAt, 1489531989)
    // AC-12 Addresses, and whether they are verified, are kept.
    const addresses = [...imported.values()].map((user) => [
      user.username,
      user.email,
      user.emailVerified,
    ])
    assert.deepEqual(
      addresses.filter(([, email]) => email !== null),
      [
        ['bob', 'Bob@example.com', true],
        ['custom@contoso.com', 'custom@contoso.com', true],
        ['django', 'd@example.com', false],
        ['fire@example.com', 'fire@example.com', true],
        ['flask@example.com', 'flask@example.com', false],
        ['jane.doe', 'Jane@xn--bcher-kva.example', true],
        ['supa@example.com', 'supa@example.com', true],
        ['test@contoso.com', 'test@contoso.com', false],
      ],
    )
    assert.equal(await logIn('bob@EXAMPLE.com', 'secret'), 200)
  } finally {
    await server.stop()
  }
})

test('lines that are wrong are told with their numbers, and the others are kept', async () => {
  const directory = createInstallation()
  const lines = [
    JSON.stringify({ username: 'good', passwordHash: bcrypt }),
    '{"username": "cut',
    JSON.stringify({ username: 'two words' }),
    JSON.stringify({ username: 'dear', passwordHash: bcrypt.replace('$12$', '$16$') }),
    JSON.stringify({ username: 'md5', passwordHash: '5ebe2294ecd0e0f08eab7690d2a6ee69' }),
    JSON.stringify({ username: 'king', role: 'king' }),
    JSON.stringify({ username: 'plain', password: 'seven quiet otters juggle' }),
    JSON.stringify({ role: 'member' }),
    JSON.stringify({ username: 'late', createdAt: 'yesterday' }),
    '',
    JSON.stringify({ username: 'GOOD', passwordHash: bcrypt }),
    JSON.stringify({ username: 'also.good', role: 'admin', active: false }),
  ]
  writeFileSync(join(directory, 'users.jsonl'), lines.join('\n'))
  const importing = (...words: string[]): Promise<Finished> =>
    run(directory, ['user', 'import', 'users.jsonl', '--json', ...words])

  const dry = await importing('--dry-run')
  const first = await importing('--errors', 'errors.jsonl')
  const unchanged = { updated: 0, passwordKept: 0 }
  const counts = { created: 2, withoutPassword: 1, ...unchanged, skipped: 1, refused: 8 }
  assert.deepEqual(JSON.parse(dry.stdout), { ...counts, dryRun: true })
  assert.deepEqual(JSON.parse(first.stdout), { ...counts, dryRun: false })
  assert.equal(first.code, 65)
  const told = [
    'Entry 2: This is not JSON.',
    'Entry 3 ("two words"): The username must have',
    'Entry 4 ("dear"): The bcrypt hash must have a cost of 4 to 15.',
    'Entry 5 ("md5"): The password hash is of no known format',
    'Entry 6 ("king"): The role must be one of: admin, member.',
    'Entry 7: There must be a passwordHash and no password',
    'Entry 8: There is no username and no email.',
    'Entry 9: The field createdAt is no instant.',
    '8 entries were refused.',
  ]
  const said = first.stderr.trim().split('\n')
  assert.equal(said.length, told.length)
  for (const [index, line] of told.entries()) assert.equal(said[index]?.slice(0, line.length), line)
  assert.equal(first.stderr.includes('otters'), false, 'no password is repeated')

  const errors = join(directory, 'errors.jsonl')
  const written = readFileSync(errors, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    written.map((entry) => entry.line),
    [2, 3, 4, 5, 6, 7, 8, 9],
  )
  assert.equal(statSync(errors).mode & 0o777, 0o600)

  const again = await importing()
  assert.deepEqual(JSON.parse(again.stdout), {
    ...{ created: 0, withoutPassword: 0, ...unchanged },
    ...{ skipped: 3, refused: 8, dryRun: false },
  })
  assert.deepEqual(
    (await usersOf(directory)).map(({ username, role, active }) => [username, role, active]),
    [
      ['also.good', 'admin', false],
      ['good', 'member', true],
    ],
  )
})

test('what cannot be imported at all says why, and creates nobody', async () => {
  const directory = createInstallation()
  writeFileSync(join(directory, 'broken.json'), '{"users": [')
  writeFileSync(join(directory, 'good.jsonl'), '{"username":"ann"}')
  const importing = (...words: string[]): Promise<Finished> =>
    run(directory, ['user', 'import', ...words])
  const rows = [
    [66, /^Cannot read missing\.jsonl: it is not there\.\n$/, ['missing.jsonl']],
    [65, /^The file is not JSON/, ['broken.json']],
    [1, /^The role must be one of/, ['good.jsonl', '--role', 'king']],
    [64, /choices/, ['good.jsonl', '--from', 'myspace']],
    [64, /must name algorithm SCRYPT/, ['good.jsonl', '--firebase-hash-config', 'broken.json']],
  ] as const
  // At once: none of them writes anything.
  const results = await Promise.all(rows.map(([, , words]) => importing(...words)))
  for (const [index, [code, reason]] of rows.entries()) {
    const result = results[index]
    assert.ok(result)
    assert.match(result.stderr, reason)
    assert.equal(result.code, code)
  }
  assert.deepEqual(await usersOf(directory), [])
})

test('--update changes who is there and says how many, and a dry run says it before', async () => {
  const directory = createInstallation()
  const importing = (users: readonly object[], ...words: string[]): Promise<Finished> => {
    const input = users.map((user) => JSON.stringify(user)).join('\n')
    return run(directory, ['user', 'import', '-', ...words], { input })
  }
  const password = 'seven quiet otters juggle'
  await run(directory, ['user', 'add', 'boss', '--role', 'admin'], { input: password })
  await importing([{ username: 'ann', passwordHash: bcrypt }, { username: 'bob' }])
  const before = await usersOf(directory)
  const later = [
    { username: 'ann', role: 'admin', passwordHash: bcrypt },
    { username: 'bob', disabled: true },
    { username: 'boss', passwordHash: bcrypt },
    { username: 'carol' },
  ]
  const rest = `updated 2, skipped 1 who are as the file says, refused 0.
The passwords of 1 stay: they were set or renewed here.
`
  const dry = await importing(later, '--update', '--dry-run')
  assert.equal(dry.stdout, `Would create 1 users (1 without a password), ${rest}`)
  assert.deepEqual(await usersOf(directory), before)
  const done = await importing(later, '--update')
  assert.equal(done.stdout, `Created 1 users (1 without a password), ${rest}`)
  assert.deepEqual(
    (await usersOf(directory)).map(({ username, role, active }) => [username, role, active]),
    [
      ['ann', 'admin', true],
      ['bob', 'member', false],
      ['boss', 'admin', true],
      ['carol', 'member', true],
    ],
  )
  const events = await run(directory, ['events', 'list', '--type', 'user_updated', '--json'])
  assert.match(events.stdout, /"actor": ?"cli:/)

  const last = await importing(
    [
      { username: 'ann', role: 'member' },
      { username: 'boss', role: 'member' },
    ],
    '--update',
  )
  assert.equal(last.code, 65)
  assert.match(last.stderr, /^Entry 2 \("boss"\): This is the last active administrator/m)
})

test('an import that is interrupted keeps whole batches, and is finished by another', async () => {
  const directory = createInstallation()
  const lines = Array.from({ length: 6000 }, (_, index) => `{"username":"user${index}"}\n`)
  const child = start(directory, ['user', 'import', '-', '--json'])
  let stdout = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const exited = new Promise((resolve) => child.on('close', resolve))
  child.stdin?.on('error', () => {})
  // More than one batch, without an end: it is interrupted while it waits for the rest.
  child.stdin?.write(lines.slice(0, 3000).join(''))
  while ((await usersOf(directory)).length === 0);
  child.kill('SIGINT')
  assert.equal(await exited, 130)
  assert.match(stderr, /^Interrupted: run it again for the rest\.\n$/)
  const created = 2000
  assert.equal(JSON.parse(stdout).created, created)

  const rest = await run(directory, ['user', 'import', '-', '--json'], { input: lines.join('') })
  assert.equal(rest.code, 0)
  const { created: more, skipped } = JSON.parse(rest.stdout)
  assert.deepEqual([more, skipped], [6000 - created, created])
})

test('what is exported is imported as it was, in both formats, into another database', async () => {
  const username = fc.string({
    unit: fc.constantFrom(...'abcxyz019.,"\'=+-@!', 'ü', 'é'),
    minLength: 1,
    maxLength: 12,
  })
  const users = fc.sample(
    fc.record({
      id: fc.uuid(),
      username,
      role: fc.constantFrom('admin', 'member'),
      active: fc.boolean(),
      createdAt: fc.integer({ min: 0, max: 2_000_000_000 }),
      passwordHash: fc.constantFrom(null, bcrypt, `scrypt:2:8:1$a,"b$${'ab'.repeat(64)}`),
      fields: fc.constantFrom({}, { locale: 'de' }, { 'a,"b': [1.5, null, 'ü\n'], c: { d: true } }),
    }),
    1500,
  )
  const first = createInstallation()
  const input = users.map((user) => JSON.stringify(user)).join('\n')
  assert.equal((await run(first, ['user', 'import', '-'], { input })).code, 0)
  const original = await run(first, ['user', 'export', '--with-hashes'])
  assert.match(original.stderr, /^This holds the hashes of passwords: keep it secret/)
  assert.equal(usersIn(original.stdout).size, new Set(users.map((user) => user.username)).size)

  for (const format of ['jsonl', 'csv']) {
    const file = join(first, `all.${format}`)
    const words = ['user', 'export', '--with-hashes', '--format', format, '--output', file]
    assert.equal((await run(first, words)).code, 0)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.match((await run(first, words)).stderr, /Cannot write .*: it is there already/)
    const second = createInstallation()
    assert.equal((await run(second, ['user', 'import', file])).code, 0)
    const copy = await run(second, ['user', 'export', '--with-hashes'])
    assert.equal(copy.stdout, original.stdout)
  }
  const plain = await run(first, ['user', 'export'])
  assert.equal(plain.stderr, '')
  assert.equal(plain.stdout.includes('passwordHash'), false)
})
