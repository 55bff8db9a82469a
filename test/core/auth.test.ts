import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as jose from 'jose'
import { createAuth } from '../../src/core/auth.ts'
import { type AuthOptions, accessTokenMaxLifetime } from '../../src/core/auth-options.ts'
import { firstPartyClientId } from '../../src/core/clients/registration.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { ConfigError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import type { SigningAlgorithm } from '../../src/core/keys/signing-key.ts'
import type { Store } from '../../src/core/store.ts'
import { tokenStampOf } from '../../src/core/users/security-stamp.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import {
  authenticate,
  cheapHashing,
  createTestAuth,
  createTestClock,
  goodPassword,
} from '../fixtures.ts'

const secretKey = randomBytes(32).toString('hex')

/** A memory store that writes down when it is opened and closed. */
function createWatchedStore(changes: Partial<Store> = {}): Store & { readonly log: string[] } {
  const log: string[] = []
  return {
    ...memory(),
    open: async () => {
      log.push('open')
    },
    close: async () => {
      log.push('close')
    },
    ...changes,
    log,
  }
}

async function problemsOf(options: Partial<AuthOptions>): Promise<readonly string[]> {
  const store = createWatchedStore()
  try {
    await createTestAuth({ store, ...options })
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    assert.deepEqual(store.log, [])
    return error.problems
  }
}

// Defaults.

test('with a store alone, everything else has a default', async () => {
  const auth = await createAuth({ store: memory() })
  assert.equal(auth.issuer, 'http://localhost')
  assert.equal(auth.audience, 'http://localhost')
  assert.deepEqual(auth.roles.names, ['admin', 'member'])
  assert.equal(auth.accessTokens.lifetime, 900)
  assert.equal(auth.passwordPolicy.minLength, 15)
  assert.equal(auth[internals].keys.current.algorithm, 'ES256')
  assert.equal(auth[internals].keys.publicJwks.keys.length, 1)
  assert.deepEqual(auth.permissions.describe(), {})
  assert.match(await auth.passwords.hash('x'), /\$m=19456,t=2,p=1\$/)
  const machine = Math.floor(Date.now() / 1000)
  assert.ok(Number.isSafeInteger(auth.clock()) && Math.abs(auth.clock() - machine) <= 60)
  await auth.close()
})

test('the audience is the issuer, unless it is said', async () => {
  const issuer = 'https://auth.example'
  assert.equal((await createTestAuth({ issuer })).audience, issuer)
  assert.equal((await createTestAuth({ issuer, audience: 'a' })).audience, 'a')
  assert.equal((await createTestAuth({ audience: 'a' })).issuer, 'http://localhost')
})

test('the default role is member, or else the last one, or the one that is said', async () => {
  const roleOfNew = async (options: Partial<AuthOptions>): Promise<string> => {
    const { users } = await createTestAuth(options)
    return (await users.create({ username: 'alice', password: null })).role
  }
  assert.equal(await roleOfNew({}), 'member')
  assert.equal(await roleOfNew({ roles: { admin: ['*'], member: [], guest: [] } }), 'member')
  assert.equal(await roleOfNew({ roles: { admin: ['*'], editor: [], reader: [] } }), 'reader')
  assert.equal(await roleOfNew({ defaultRole: 'admin' }), 'admin')
})

test('permissions are known from the descriptions and from the roles', async () => {
  const { permissions } = await createTestAuth({
    roles: { admin: ['*'], member: ['items:read'] },
    permissions: { 'items:write': 'Write items' },
  })
  assert.deepEqual(permissions.describe(), { 'items:write': 'Write items', 'items:read': '' })
})

// Keys.

test('a secret key signs with HS256, and is never published (KM-09)', async () => {
  const auth = await createTestAuth({ secretKey })
  assert.equal(auth[internals].keys.current.algorithm, 'HS256')
  assert.deepEqual(auth[internals].keys.publicJwks, { keys: [] })
  assert.deepEqual((await auth[internals].store.signingKeys.read()).keys, [])
})

test('tokens are for one audience, so that no two share a secret (KM-09)', async () => {
  const audience = ['https://api.example', 'https://billing.example'] as unknown as string
  for (const options of [{ audience }, { audience, secretKey }]) {
    assert.match(
      (await problemsOf(options)).join('\n'),
      /audience of createAuth must be one text, not several/,
    )
  }
})

test('two applications with one secret key read the tokens of each other', async () => {
  const [one, other] = [await createTestAuth({ secretKey }), await createTestAuth({ secretKey })]
  const { id } = await one.users.create({ username: 'alice', password: null })
  assert.ok(await other.accessTokens.verify((await createAccessToken(one, id)) ?? ''))
})

test('managed keys are of the algorithm that is asked for, and are found again', async () => {
  const store = memory()
  const one = await createTestAuth({ store, signingAlgorithm: 'EdDSA' })
  const other = await createTestAuth({ store, signingAlgorithm: 'EdDSA' })
  assert.equal(one[internals].keys.current.algorithm, 'EdDSA')
  assert.equal(other[internals].keys.current.id, one[internals].keys.current.id)
})

test('a key-encryption key that is given is the one that is used', async () => {
  const store = memory()
  const keyEncryptionKey = randomBytes(32)
  await createTestAuth({ store, keyEncryptionKey })
  await createTestAuth({ store, keyEncryptionKey })
  await assert.rejects(createTestAuth({ store }), ConfigError)
})

test('a store that has no place for a key needs one, and is closed without', async () => {
  const { keyEncryptionKey: _, ...rest } = memory()
  const store = createWatchedStore()
  const bare: Store = { ...rest, open: store.open, close: store.close }
  await assert.rejects(
    createTestAuth({ store: bare }),
    (error) => error instanceof ConfigError && /keyEncryptionKey/.test(error.message),
  )
  assert.deepEqual(store.log, ['open', 'close'])
  await createTestAuth({ store: bare, keyEncryptionKey: randomBytes(32) })
  await createTestAuth({ store: bare, secretKey })
})

test('a changed secret key logs nobody out, as long as the old one is known', async () => {
  const store = memory()
  const newKey = randomBytes(32).toString('hex')
  const before = await createTestAuth({ store, secretKey })
  const { id } = await before.users.create({ username: 'alice', password: null })
  const user = await store.users.findById(id)
  assert.ok(user)
  const opened = await before.sessions.open(user, { clientId: 'c', scopes: [] })
  const accessToken = (await createAccessToken(before, id)) ?? ''
  assert.ok(opened)

  const after = await createTestAuth({ store, secretKey: newKey, previousSecretKeys: [secretKey] })
  assert.ok(await after.accessTokens.verify(accessToken))
  const refreshed = await after.sessions.refresh(opened.refreshToken, 'c')
  const newToken = (await createAccessToken(after, id)) ?? ''

  const later = await createTestAuth({ store, secretKey: newKey })
  assert.equal(await later.accessTokens.verify(accessToken), null)
  assert.ok(await later.accessTokens.verify(newToken), 'new tokens are of the new key')
  await assert.rejects(later.sessions.refresh(opened.refreshToken, 'c'), { code: 'invalid_grant' })
  assert.ok(await later.sessions.refresh(refreshed.refreshToken, 'c'))
})

test('from a secret key to managed keys nobody is logged out either', async () => {
  const store = memory()
  const before = await createTestAuth({ store, secretKey })
  const { id } = await before.users.create({ username: 'alice', password: null })
  const user = await store.users.findById(id)
  assert.ok(user)
  const opened = await before.sessions.open(user, { clientId: 'c', scopes: [] })
  const accessToken = (await createAccessToken(before, id)) ?? ''

  const after = await createTestAuth({ store, previousSecretKeys: [secretKey] })
  assert.equal(after[internals].keys.current.algorithm, 'ES256')
  assert.ok(await after.accessTokens.verify(accessToken))
  assert.ok(await after.sessions.refresh(opened?.refreshToken ?? '', 'c'))
  assert.deepEqual(
    after[internals].keys.publicJwks.keys.map(({ alg }) => alg),
    ['ES256'],
  )
})

test('the secret keys differ from one another', async () => {
  for (const previousSecretKeys of [[secretKey], [`${secretKey}x`, `${secretKey}x`]]) {
    assert.deepEqual(await problemsOf({ secretKey, previousSecretKeys }), [
      'The secret key, the pepper and each previous one must differ from one another.',
    ])
  }
})

// The store.

test('the store is opened once, and closed with the application', async () => {
  const store = createWatchedStore()
  const auth = await createTestAuth({ store })
  assert.deepEqual(store.log, ['open'])
  await auth.close()
  assert.deepEqual(store.log, ['open', 'close'])
})

test('a store that cannot be opened is the error of the start', async () => {
  const store = createWatchedStore({
    open: async () => {
      throw new Error('no such database')
    },
  })
  await assert.rejects(createTestAuth({ store }), /no such database/)
})

// Problems.

test('every problem of the options is told at once, before the store is opened', async () => {
  const problems = await problemsOf({
    secretKey: 'short',
    previousSecretKeys: ['also short'],
    keyRotationInterval: 3600,
    signingAlgorithm: 'none' as SigningAlgorithm,
    keyEncryptionKey: randomBytes(16),
    accessTokenLifetime: 0,
    issuer: '',
    audience: '',
    roles: { '1a': ['a b'] },
    passwordPolicy: { minLength: 1 },
    passwordHash: { argon2: { memory: 8 } },
    sessions: { idleLifetime: 0, refreshGrace: -1 },
  })
  const expected = [
    /The secret key must have at least 32 bytes/,
    /The secret key repeats too few characters/,
    /A previous secret key must have at least 32 bytes/,
    /A previous secret key repeats too few characters/,
    /key rotation interval must be 0, or a whole number of seconds, at least 86400/,
    /signing algorithm must be one of: ES256, RS256, PS256, EdDSA/,
    /key-encryption key must have exactly 32 bytes/,
    /access token lifetime must be a whole number/,
    /issuer must not be empty/,
    /audience must not be empty/,
    /Role "1a"/,
    /Permission "a b"/,
    /minimum password length/,
    /below OWASP's minimum/,
    /session idle lifetime/,
    /refresh grace/,
  ]
  assert.equal(problems.length, expected.length, problems.join('\n'))
  for (const pattern of expected) {
    assert.equal(problems.filter((problem) => pattern.test(problem)).length, 1, `${pattern}`)
  }
})

test('every problem is a sentence, and none repeats a secret', async () => {
  const short = 'zq8-short-secret'
  const problems = await problemsOf({
    secretKey: short,
    accessTokenLifetime: 1e9,
    issuer: '',
    audience: 'api',
  })
  assert.equal(problems.length, 3)
  for (const problem of problems) {
    assert.match(problem, /^[A-Z].*\.$/)
    assert.equal(problem.includes(short), false)
  }
})

test('a default role that is not configured is refused, and the message says which there are', async () => {
  const roles = { admin: ['*'], reader: [] }
  for (const defaultRole of ['member', '', 'Admin', '__proto__']) {
    const problems = await problemsOf({ roles, defaultRole })
    assert.deepEqual(problems, ['The default role must be one of: admin, reader.'])
  }
})

test('an algorithm that managed keys cannot have is refused', async () => {
  for (const algorithm of ['none', 'HS256', 'RS512', 'es256', '__proto__']) {
    const problems = await problemsOf({ signingAlgorithm: algorithm as SigningAlgorithm })
    assert.match(problems.join(), /signing algorithm/)
  }
})

test('a key-encryption key has exactly 32 bytes', async () => {
  for (const length of [0, 16, 31, 33, 64]) {
    const problems = await problemsOf({ keyEncryptionKey: randomBytes(length) })
    assert.match(problems.join(), /exactly 32 bytes/)
  }
})

test('what is no ConfigError is not counted among the problems', async () => {
  const roles = new Proxy({}, { ownKeys: () => assert.fail('broken') })
  await assert.rejects(
    createTestAuth({ roles }),
    (error) => !(error instanceof ConfigError) && /broken/.test(`${error}`),
  )
})

// Lifetimes.

test('a token lives an hour at most, unless long lifetimes are allowed', async () => {
  assert.equal(accessTokenMaxLifetime, 3600)
  assert.deepEqual(await problemsOf({ accessTokenLifetime: 3600 }), [])
  assert.match(
    (await problemsOf({ accessTokenLifetime: 3601 })).join(),
    /at most 3600 seconds, or allowLongAccessTokens/,
  )
  assert.match(
    (await problemsOf({ accessTokenLifetime: 3601, allowLongAccessTokens: false })).join(),
    /allowLongAccessTokens/,
  )
  const auth = await createTestAuth({ accessTokenLifetime: 86400, allowLongAccessTokens: true })
  assert.equal(auth.accessTokens.lifetime, 86400)
})

test('a lifetime is a whole number of seconds, also when long ones are allowed', async () => {
  for (const accessTokenLifetime of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    const problems = await problemsOf({ accessTokenLifetime, allowLongAccessTokens: true })
    assert.match(problems.join(), /whole number of seconds/)
  }
  assert.deepEqual(await problemsOf({ accessTokenLifetime: 1 }), [])
})

test('the host of an issuer is a word that passwords are judged by, and a plain name has none', async () => {
  const problemsBy = async (issuer: string): Promise<number> => {
    const { passwordPolicy } = await createTestAuth({ issuer })
    return (await passwordPolicy.problemsOf('zorblatt-1234567', 'bob')).length
  }
  assert.equal(await problemsBy('https://zorblatt.example'), 1)
  assert.equal(await problemsBy('https://auth.example'), 0)
  assert.equal(await problemsBy('our login'), 0)
})

// Access tokens without a login.

test('a token for a user delegates what the role grants, and ends with the stamp', async () => {
  const clock = createTestClock()
  const roles = { admin: ['*'], member: ['items:read', 'items:write'] }
  const auth = await createTestAuth({
    clock,
    roles,
    issuer: 'https://auth.example',
    audience: 'api',
  })
  const { id } = await auth.users.create({ username: 'alice', password: goodPassword })
  const token = await createAccessToken(auth, id)
  const verified = await auth.accessTokens.verify(token ?? '')
  const stamp = (await auth[internals].store.users.findById(id))?.securityStamp
  const { jti, ...claims } = verified?.claims ?? { jti: '' }
  assert.deepEqual(claims, {
    iss: 'https://auth.example',
    sub: id,
    aud: 'api',
    exp: clock() + 900,
    iat: clock(),
    client_id: firstPartyClientId,
    scope: 'items:read items:write',
    roles: ['member'],
    stamp: tokenStampOf(stamp ?? ''),
  })
  assert.deepEqual(verified?.scopes, ['items:read', 'items:write'])
})

test('a token for a user may delegate other scopes, or none', async () => {
  const auth = await createTestAuth()
  const { id } = await auth.users.create({ username: 'alice', password: null, role: 'admin' })
  const scopeOf = async (scopes?: readonly string[]): Promise<unknown> =>
    jose.decodeJwt((await createAccessToken(auth, id, scopes)) ?? '').scope
  assert.equal(await scopeOf(), '*')
  assert.equal(await scopeOf(['items:read']), 'items:read')
  assert.equal(await scopeOf([]), '')
})

test('there is no token for a user who does not exist', async () => {
  const auth = await createTestAuth()
  for (const id of ['', 'unknown', '__proto__']) {
    assert.equal(await createAccessToken(auth, id), null)
  }
})

test('an application is a login with a password, from end to end', async () => {
  const auth = await createAuth({ store: memory(), secretKey, passwordHash: cheapHashing })
  await auth.users.create({ username: 'Alice', password: goodPassword })
  const user = await authenticate(auth, 'ALICE', goodPassword)
  assert.ok(user)
  const token = await createAccessToken(auth, user.id)
  const verified = await auth.accessTokens.verify(token ?? '')
  assert.equal(verified?.claims.sub, user.id)
  await auth.close()
})

test('a misspelt option is refused with the nearest one, together with every other problem', async () => {
  const options = {
    store: memory(),
    isuer: 'https://auth.example.com',
    accessTokenLifetime: 0,
    sessions: { refreshGrace: 10, lifetim: 60 },
    passwordPolicy: { minlength: 12 },
    passwordHash: { peper: 'x', argon2: { memroy: 19456 } },
  }
  await assert.rejects(createAuth(options as unknown as AuthOptions), ({ problems }) => {
    assert.deepEqual(problems, [
      'createAuth has no option "isuer". Did you mean issuer?',
      'The option passwordHash has no option "peper". Did you mean pepper?',
      'The option passwordHash.argon2 has no option "memroy". Did you mean memory?',
      'The option passwordPolicy has no option "minlength". Did you mean minLength?',
      'The option sessions has no option "lifetim". Did you mean lifetime?',
      'The access token lifetime must be a whole number of seconds, at least 1.',
    ])
    return true
  })
})

for (const [name, values] of Object.entries({
  roles: [null, 5, 'admin', [], [['admin']]],
  defaultRole: [null, 5],
  permissions: [null, 5, ['items:read'], { 'items:read': 5 }],
  secretKey: [null, 5, new Uint8Array(32)],
  previousSecretKeys: [null, 'abc', [5], {}],
  signingAlgorithm: [null, '', 'none', 5],
  keyEncryptionKey: [null, 'x'.repeat(32), [1]],
  keyRotationInterval: [null, '5', Number.NaN],
  issuer: [null, 5, '', 'https://', 'https://a/b?c', 'https://a/#b'],
  audience: [null, 5, '', ['a', 'b']],
  accessTokenLifetime: [null, '900', Number.NaN, Number.POSITIVE_INFINITY],
  allowLongAccessTokens: [null, 'yes'],
  passwordHash: [
    null,
    'x',
    { argon2: 'x' },
    { argon2: { memory: '19456' } },
    { pool: 3 },
    { pool: { thread: 3 } },
    { pepper: 5 },
    { previousPeppers: 'x' },
  ],
  passwordPolicy: [null, { minLength: '12' }, { contextWords: 'abc' }, { contextWords: [5] }],
  sessions: [null, { lifetime: '1' }, { idleLifetime: null }],
  eventRetention: [null, '5', Number.NaN],
  clients: [null, 5, 'x', {}, [null], [{}]],
  issuers: [null, 5, 'x', {}, [null], [{}]],
  clock: [null, 5, 'now', Date.now],
})) {
  test(`whatever the option ${name} is, it is taken or refused in words`, async () => {
    for (const value of values) {
      await assert.rejects(
        createAuth({ store: memory(), [name]: value } as unknown as AuthOptions),
        { code: 'config_invalid' },
        JSON.stringify(value),
      )
    }
  })
}

test('without a store, or with parts that are no options, it says in words what is missing', async () => {
  const missing =
    "The option store is missing: pass a store, such as sqlite('app.db') of portcullis/stores/sqlite."
  const cases: readonly (readonly [unknown, readonly string[]])[] = [
    [{}, [missing]],
    [
      { store: {} },
      [
        "The option store of createAuth must be a store, such as sqlite('app.db') of portcullis/stores/sqlite.",
      ],
    ],
    [
      { sessions: null, passwordPolicy: 'long', passwordHash: 3 },
      [
        missing,
        'The option passwordHash of createAuth must be an object.',
        'The option passwordPolicy of createAuth must be an object.',
        'The option sessions of createAuth must be an object.',
      ],
    ],
    [undefined, ["createAuth takes an object of options, such as { store: sqlite('app.db') }."]],
  ]
  for (const [options, expected] of cases) {
    await assert.rejects(createAuth(options as AuthOptions), ({ problems }) => {
      assert.deepEqual(problems, expected)
      return true
    })
  }
})
