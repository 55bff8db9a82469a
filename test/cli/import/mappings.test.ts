// What each named source writes, field by field.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText } from '../../../src/cli/import/decode-text.ts'
import { firebaseColumns } from '../../../src/cli/import/firebase.ts'
import { createMapper, type Source } from '../../../src/cli/import/mappings.ts'
import { readEntries } from '../../../src/cli/import/read-file.ts'
import { readHash } from '../../../src/core/passwords/formats/read-hash.ts'
import type { ImportedUser } from '../../../src/core/users/imported-record.ts'
import type { ImportEntry } from '../../../src/core/users/user-import.ts'

const map = (record: Record<string, unknown>, from?: Source): ImportEntry =>
  createMapper(from, undefined).map({ line: 1, record })

function userOf(record: Record<string, unknown>, from?: Source): ImportedUser {
  const { user, problem } = map(record, from)
  assert.ok(user, String(problem))
  return user
}

async function verifies(user: ImportedUser, password: string): Promise<boolean> {
  return await readHash(String(user.passwordHash)).verify(password)
}

/** A vector of Supabase's own tests, of a user who came to it from Firebase. */
const fbscrypt =
  '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw=='

test("Supabase's hash of a user who came from Firebase verifies", async () => {
  const user = userOf({ email: 'a@example.com', encrypted_password: fbscrypt })
  assert.equal(await verifies(user, 'mytestpassword'), true)
  assert.equal(await verifies(user, 'mytestpassword1'), false)
  for (const [part, other] of [
    ['v=1', 'v=2'],
    ['p=1', 'p=2'],
    ['$fbscrypt$', '$fbscrypt$x'],
  ] as const) {
    const hash = fbscrypt.replace(part, other)
    const { passwordHash } = userOf({ email: 'a@example.com', encrypted_password: hash })
    assert.equal(passwordHash, hash, 'another kind, which is refused as one that nobody knows')
  }
})

test("Supabase's users who are banned, for a time or for ever, or deleted are inactive", () => {
  const activeOf = (fields: Record<string, string>): unknown =>
    userOf({ email: 'a@example.com', encrypted_password: '', ...fields }).active
  assert.equal(activeOf({}), true)
  assert.equal(activeOf({ banned_until: '2020-01-01 00:00:00+00' }), true)
  assert.equal(activeOf({ banned_until: '2999-01-01 00:00:00.123456+00' }), false)
  assert.equal(activeOf({ banned_until: 'infinity' }), false)
  assert.equal(activeOf({ deleted_at: '2020-01-01 00:00:00+00' }), false)
  const { createdAt } = userOf({
    encrypted_password: '',
    phone: '491',
    created_at: '2024-03-14 07:11:49.123+00',
  })
  assert.equal(createdAt, Date.UTC(2024, 2, 14, 7, 11, 49) / 1000)
})

test("Keycloak's older form of a credential verifies, with either digest", async () => {
  const hashed =
    'KqABIiReBuRWbP4pBct3W067pNvYzeN7ILBV+8vT8nuF5cgYs2fdl2QikJT/7bGTW/PBXg6CYLwJQFYrBK9MWg=='
  const credential = {
    type: 'password',
    hashedSaltedValue: hashed,
    salt: 'EPgscX9CQz7UnuZDNZxtMw==',
    hashIterations: 27500,
    counter: 0,
    algorithm: 'pbkdf2-sha256',
    digits: 0,
    createdDate: 1740654221121,
    config: {},
  }
  const user = userOf({ username: 'alice', enabled: true, credentials: [credential] })
  assert.equal(await verifies(user, 'alice-password'), true)
  assert.equal(await verifies(user, 'alice-passwore'), false)
  const sha1 = userOf({ username: 'a', credentials: [{ ...credential, algorithm: 'pbkdf2' }] })
  assert.match(String(sha1.passwordHash), /^\$pbkdf2-sha1\$i=27500,l=64\$/)
})

test("Keycloak's users are refused with the reason that is true", () => {
  const problemOf = (credential: object): unknown =>
    map({ username: 'a', credentials: [{ type: 'password', ...credential }] }, 'keycloak').problem
  assert.match(String(problemOf({ value: 'three green tractors sing' })), /password itself/)
  assert.match(String(problemOf({})), /no hash and salt/)
  assert.match(String(problemOf({ secretData: '{', credentialData: '{}' })), /is not JSON/)
  assert.match(
    String(problemOf({ hashedSaltedValue: 'aa', salt: 'aa', algorithm: 'bcrypt' })),
    /argon2 or pbkdf2/,
  )
  assert.match(
    String(map({ username: 'a', serviceAccountClientId: 'c', credentials: [] }).problem),
    /service account/,
  )
})

test("Auth0's dates are read as text and as MongoDB's JSON", () => {
  const expected = 1614962089
  for (const created_at of [
    '2021-03-05T16:34:49.502Z',
    { $date: '2021-03-05T16:34:49.502Z' },
    { $date: { $numberLong: '1614962089502' } },
    { $date: 1614962089502 },
  ]) {
    assert.equal(
      userOf({ _id: { $oid: '1' }, email: 'a@example.com', created_at }).createdAt,
      expected,
    )
  }
  assert.equal(userOf({ user_id: '1', email: 'a@example.com' }).createdAt, undefined)
  assert.equal(userOf({ user_id: '1', email: 'a@example.com', blocked: true }).active, false)
})

test("Firebase's CSV has no line that names its columns, and fields of later versions", async () => {
  async function* lines(): AsyncGenerator<Uint8Array> {
    const middle = `true,,,"Last, First",${','.repeat(16)}`
    yield Buffer.from(`U1,a@example.com,${middle},1489531989000,,,true\n`)
    yield Buffer.from(`U2,b@example.com,${middle},1489531989000,1,+491,false,"{""a"":1}",\n`)
  }
  const { map } = createMapper('firebase', undefined)
  const users: ImportEntry[] = []
  for await (const entry of readEntries(decodeText(lines()), 'csv', firebaseColumns)) {
    users.push(map(entry))
  }
  const [one, two] = users.map(({ user }) => user)
  assert.equal(one?.username, 'a@example.com')
  assert.equal(one?.createdAt, 1489531989)
  assert.deepEqual([one?.active, two?.active], [false, true])
})

test('times are seconds, whole or not, and ISO 8601, and nothing else', () => {
  const createdAt = (value: unknown): unknown =>
    map({ username: 'a', createdAt: value }).user?.createdAt
  assert.equal(createdAt(1700000000), 1700000000)
  assert.equal(createdAt(1700000000.9), 1700000000)
  assert.equal(createdAt('1700000000.9'), 1700000000)
  assert.equal(createdAt('2024-03-14T07:11:49.999+01'), Date.UTC(2024, 2, 14, 6, 11, 49) / 1000)
  assert.match(String(map({ username: 'a', createdAt: 1700000000000 }).problem), /no instant/)
})

test('a hash in a field that is not read is refused, and other unread fields are told once', () => {
  const mapper = createMapper(undefined, undefined)
  const problemOf = (record: Record<string, unknown>): unknown =>
    mapper.map({ line: 2, record }).problem
  for (const hash of [
    '$2b$12$abc',
    '$argon2id$v=19$',
    'pbkdf2_sha256$1$',
    'scrypt:32768:8:1$a',
    'pbkdf2:sha256:1$',
  ]) {
    assert.equal(
      problemOf({ username: 'a', pwhash: hash }),
      'The field "pwhash" holds a hash: call it passwordHash.',
    )
  }
  assert.equal(
    problemOf({ username: 'a', passwordHash: 'x', old: '$2b$12$abc', shoe: '7' }),
    undefined,
  )
  assert.equal(problemOf({ username: 'b', shoe: '8' }), undefined)
  assert.deepEqual(mapper.unreadFields(), ['"pwhash"', '"old"', '"shoe"'])
  const other = createMapper('django', undefined)
  other.map({ line: 1, record: { username: 'a', last_login: '' } })
  assert.deepEqual(other.unreadFields(), [], 'another system has fields of its own')
})
