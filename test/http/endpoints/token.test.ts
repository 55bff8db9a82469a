import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { decodeJwt } from 'jose'
import type { Auth } from '../../../src/core/auth.ts'
import { UnavailableError } from '../../../src/core/errors.ts'
import { createHashPool, type HashPool } from '../../../src/core/passwords/hash-pool.ts'
import type { TokenEndpoint } from '../../../src/http/endpoints/endpoint.ts'
import { createTokenEndpoint } from '../../../src/http/endpoints/token.ts'
import { createGuards } from '../../../src/http/guards/guards.ts'
import type { TokenAnswer, TokenRequest } from '../../../src/http/token-messages.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { cheapHashing, createTestAuth, createTestClock, goodPassword } from '../../fixtures.ts'

const form = 'application/x-www-form-urlencoded'
const roles = {
  admin: ['*'],
  editor: ['items:read', 'items:write'],
  reader: ['items:read'],
  member: [],
}
const permissions = { 'stats:read': 'Read the statistics' }

/** Runs jobs at once, and counts them. */
function createCountingPool(): HashPool & { hashes: number } {
  return {
    ...createHashPool({ concurrency: 1 }),
    hashes: 0,
    run(job) {
      this.hashes++
      return job()
    },
  }
}

const pool = createCountingPool()
let auth: Auth
let answer: TokenEndpoint

before(async () => {
  auth = await createTestAuth({ roles, permissions, passwordHash: { ...cheapHashing, pool } })
  answer = createTokenEndpoint(auth)
  for (const username of ['admin', 'editor', 'reader', 'member'] as const) {
    await auth.users.create({ username, password: goodPassword, role: username })
  }
  await auth.users.create({ username: 'passwordless', password: null, role: 'admin' })
})

beforeEach(() => {
  pool.hashes = 0
})

type Parameters = Readonly<Record<string, string>>

function asking(parameters: Parameters | string, changes: Partial<TokenRequest> = {}) {
  const text =
    typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString()
  return {
    contentType: form,
    authorization: undefined,
    body: new Uint8Array(Buffer.from(text)),
    ...changes,
  } satisfies TokenRequest
}

function login(username: string, parameters: Parameters = {}) {
  return asking({ grant_type: 'password', username, password: goodPassword, ...parameters })
}

/** The answer without the tokens, which are new each time. */
function withoutToken({ status, headers, body }: TokenAnswer): object {
  assert.ok(body)
  for (const token of ['access_token', 'refresh_token']) {
    assert.equal(token in body, status === 200)
  }
  const others = Object.entries(body).filter(([name]) => !/^(access|refresh)_token$/.test(name))
  return { status, headers, body: Object.fromEntries(others) }
}

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' }

function granted(scope: string): object {
  return {
    status: 200,
    headers: noStore,
    body: { token_type: 'bearer', expires_in: 900, scope },
  }
}

function refused(error: string, description: string, status = 400, headers: object = {}): object {
  return {
    status,
    headers: { ...noStore, ...headers },
    body: { error, error_description: description, detail: description },
  }
}

const wrongPassword = refused('invalid_grant', 'Incorrect username or password', 401, {
  'www-authenticate': 'Bearer',
})
const twice = refused('invalid_request', 'A parameter occurs more than once')
const missing = (name: string) => refused('invalid_request', `The parameter ${name} is missing`)
const notText = (name: string) =>
  refused('invalid_request', `The parameter ${name} must not contain a line break or NUL`)
const notUtf8 = refused('invalid_request', 'The form is not percent-encoded UTF-8')
const notForm = refused(
  'invalid_request',
  'Send the parameters as a form: Content-Type: application/x-www-form-urlencoded',
)
const otherGrant = refused(
  'unsupported_grant_type',
  'The grant type must be one of: password, refresh_token, client_credentials',
)
const scopeMalformed = refused('invalid_scope', 'The scope is malformed')
const scopeUnknown = refused('invalid_scope', 'The scope names a permission that does not exist')
const scopeNotGranted = refused('invalid_scope', 'The role of the user grants nothing of the scope')
const clientMalformed = refused('invalid_client', 'The client credentials are malformed', 401, {
  'www-authenticate': 'Basic realm="token endpoint"',
})
const clientTwice = refused(
  'invalid_request',
  'Send the client credentials in the header or in the form, not in both',
)

const goodForm = `username=reader&password=${encodeURIComponent(goodPassword)}`
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

/** What is asked, what the answer is, and how many hashes it costs. */
interface Row {
  readonly name: string
  readonly request: TokenRequest
  readonly answer: object
  readonly hashes: number
}

function rows(group: string, list: readonly Row[]): void {
  describe(group, () => {
    for (const row of list) {
      test(row.name, async () => {
        assert.deepEqual(withoutToken(await answer(row.request)), row.answer)
        assert.equal(pool.hashes, row.hashes)
      })
    }
  })
}

rows('a good login', [
  {
    name: 'gets a token that may do all that the role grants (PC-09)',
    request: login('editor'),
    answer: granted('items:read items:write'),
    hashes: 1,
  },
  {
    name: 'needs no grant_type, as in FastAPI',
    request: asking({ username: 'reader', password: goodPassword }),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'needs no grant_type that is not empty (PC-03)',
    request: login('reader', { grant_type: '' }),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'is told by the canonical username',
    request: login('ＲＥＡＤＥＲ'),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'may have parameters that nobody knows (PC-03, PC-04)',
    request: login('reader', { zzz: '1', 'a[b]': 'c', __proto__x: 'y', 'username[]': 'admin' }),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'may have a parameter named like what every object has (PC-04)',
    request: asking(`${goodForm}&__proto__=x&constructor[prototype][x]=1&toString=z`),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'may say that the form is UTF-8 (PC-01)',
    request: asking(goodForm, { contentType: `${form};charset=UTF-8` }),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'may have the empty Basic pair of Swagger UI',
    request: asking(goodForm, { authorization: 'Basic Og==' }),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'may name a client, which nothing is made of',
    request: asking(`${goodForm}&client_id=app&client_secret=x`),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'may name a client in the header, which nothing is made of',
    request: asking(goodForm, { authorization: basic('app:x') }),
    answer: granted('items:read'),
    hashes: 1,
  },
])

rows('the scope', [
  {
    name: 'that is asked for is granted, if the role has more',
    request: login('editor', { scope: 'items:read' }),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'is granted in the order it was asked for, each part once',
    request: login('editor', { scope: 'items:write items:read items:write' }),
    answer: granted('items:write items:read'),
    hashes: 1,
  },
  {
    name: 'that is empty counts as not asked for (PC-03)',
    request: login('editor', { scope: '' }),
    answer: granted('items:read items:write'),
    hashes: 1,
  },
  {
    name: 'that is more than the role grants is narrowed, and said (PC-09, AZ-06)',
    request: login('editor', { scope: 'items:read stats:read' }),
    answer: granted('items:read'),
    hashes: 1,
  },
  {
    name: 'of which the role grants nothing is refused (AZ-06)',
    request: login('editor', { scope: 'stats:read' }),
    answer: scopeNotGranted,
    hashes: 1,
  },
  {
    name: 'of which a role without permissions has nothing is refused (AZ-06)',
    request: login('member', { scope: 'items:read stats:read' }),
    answer: scopeNotGranted,
    hashes: 1,
  },
  {
    name: 'of a role without permissions is empty',
    request: login('member'),
    answer: granted(''),
    hashes: 1,
  },
  {
    name: 'of a role that grants everything is *',
    request: login('admin'),
    answer: granted('*'),
    hashes: 1,
  },
  {
    name: 'of a role that grants everything can be narrowed',
    request: login('admin', { scope: 'stats:read' }),
    answer: granted('stats:read'),
    hashes: 1,
  },
  {
    name: 'may be * for all that the role grants, and never for more (AZ-06)',
    request: login('editor', { scope: 'items:read *' }),
    answer: granted('items:read items:write'),
    hashes: 1,
  },
  ...['nope', 'items', 'items:', 'Items:Read', 'items:read:all', 'items:*', 'toString'].map(
    (scope) => ({
      name: `${scope}, which no permission has as its name, is refused (AZ-06)`,
      request: login('admin', { scope }),
      answer: scopeUnknown,
      hashes: 0,
    }),
  ),
  {
    name: 'is refused whole if one part of it does not exist (AZ-06)',
    request: login('admin', { scope: 'items:read nope' }),
    answer: scopeUnknown,
    hashes: 0,
  },
  ...[
    'a"b',
    'a\\b',
    'a\tb',
    'a\nb',
    'a\0b',
    'items:read  items:write',
    ' items:read',
    'items:read ',
    ' ',
    'items:é',
    'items:read\u00a0items:write',
    '\x7f',
  ].map((scope) => ({
    name: `${JSON.stringify(scope)} breaks the grammar (PC-10)`,
    request: login('admin', { scope }),
    answer: scopeMalformed,
    hashes: 0,
  })),
])

rows('wrong credentials', [
  {
    name: 'are answered with 401 and a challenge for a wrong password',
    request: login('editor', { password: 'wrong password' }),
    answer: wrongPassword,
    hashes: 1,
  },
  {
    name: 'cost and say the same for an unknown user',
    request: login('nobody'),
    answer: wrongPassword,
    hashes: 1,
  },
  {
    name: 'cost and say the same for a name that nobody can have',
    request: login('two words'),
    answer: wrongPassword,
    hashes: 1,
  },
  {
    name: 'cost and say the same for a user without a password',
    request: login('passwordless'),
    answer: wrongPassword,
    hashes: 1,
  },
  {
    name: 'say the same for a password longer than any can be, of a user or not',
    request: login('editor', { password: 'x'.repeat(1025) }),
    answer: wrongPassword,
    hashes: 0,
  },
  {
    name: 'cost no hash with an overlong password for an unknown user either',
    request: login('nobody', { password: 'x'.repeat(1025) }),
    answer: wrongPassword,
    hashes: 0,
  },
  {
    name: 'cost a hash for the longest password there can be',
    request: login('editor', { password: 'x'.repeat(1024) }),
    answer: wrongPassword,
    hashes: 1,
  },
  {
    name: 'say the same if the scope is one that the user would not get',
    request: login('member', { password: 'wrong password', scope: 'items:read' }),
    answer: wrongPassword,
    hashes: 1,
  },
])

rows('a malformed request', [
  {
    name: 'has no username (PC-06)',
    request: asking({ grant_type: 'password', password: 'x' }),
    answer: missing('username'),
    hashes: 0,
  },
  {
    name: 'has an empty username (PC-03)',
    request: asking({ username: '', password: 'x' }),
    answer: missing('username'),
    hashes: 0,
  },
  {
    name: 'has no password (PC-06)',
    request: asking({ grant_type: 'password', username: 'editor' }),
    answer: missing('password'),
    hashes: 0,
  },
  {
    name: 'has an empty password (PC-03)',
    request: asking({ username: 'editor', password: '' }),
    answer: missing('password'),
    hashes: 0,
  },
  { name: 'has an empty body', request: asking(''), answer: missing('username'), hashes: 0 },
  {
    name: 'has names with brackets for its parameters (PC-04)',
    request: asking('username[]=editor&password[]=x'),
    answer: missing('username'),
    hashes: 0,
  },
  ...['grant_type', 'username', 'password', 'scope', 'client_id', 'refresh_token', 'foo'].flatMap(
    (name) =>
      ['same', 'other'].map((value) => ({
        name: `has ${name} twice, the second time with the ${value} value (PC-02)`,
        request: asking(
          `username=editor&password=same&grant_type=password`
            .split('&')
            .filter((pair) => !pair.startsWith(`${name}=`))
            .concat(`${name}=same`, `${name}=${value}`)
            .join('&'),
        ),
        answer: twice,
        hashes: 0,
      })),
  ),
  ...['authorization_code', 'Password', 'x"\r\n'].map((grantType) => ({
    name: `asks for the grant ${JSON.stringify(grantType)} (PC-06)`,
    request: login('editor', { grant_type: grantType }),
    answer: otherGrant,
    hashes: 0,
  })),
  ...['application/json', 'multipart/form-data', 'text/plain', undefined].map((contentType) => ({
    name: `is of ${contentType ?? 'no media type'} (PC-01)`,
    request: asking(goodForm, { contentType }),
    answer: notForm,
    hashes: 0,
  })),
  ...['username', 'password'].flatMap((name) =>
    ['%0D%0A', '%0A', '%0D', '%00', 'a%00b', 'a%0D'].map((value) => {
      const other = name === 'username' ? 'password' : 'username'
      return {
        name: `has ${value} in its ${name} (PC-17)`,
        request: asking(`${other}=editor&${name}=${value}`),
        answer: notText(name),
        hashes: 0,
      }
    }),
  ),
  ...['username=%FF&password=x', 'username=editor&password=%FF', `${goodForm}&zzz=%FF`].map(
    (body) => ({
      name: `is not UTF-8 when decoded: ${body.slice(0, 28)} (PC-17)`,
      request: asking(body),
      answer: notUtf8,
      hashes: 0,
    }),
  ),
  {
    name: 'is not UTF-8 as it came (PC-17)',
    request: asking('', { body: Uint8Array.from([...Buffer.from(goodForm), 0xff]) }),
    answer: notUtf8,
    hashes: 0,
  },
])

rows('a client', [
  {
    name: 'that is malformed is refused before the user is looked at (PC-12)',
    request: asking(goodForm, { authorization: 'Basic !!!!' }),
    answer: clientMalformed,
    hashes: 0,
  },
  {
    name: 'that authenticates in both ways is refused (PC-13)',
    request: asking(`${goodForm}&client_secret=x`, { authorization: basic('app:x') }),
    answer: clientTwice,
    hashes: 0,
  },
  {
    name: 'that has two names is refused (PC-13)',
    request: asking(`${goodForm}&client_id=other`, { authorization: basic('app:x') }),
    answer: clientTwice,
    hashes: 0,
  },
])

describe('the token', () => {
  async function tokenOf(request: TokenRequest): Promise<string> {
    const { body } = await answer(request)
    assert.ok(body && 'access_token' in body, JSON.stringify(body))
    return body.access_token
  }

  test('is for the user, the scope and the time that the answer says (PC-09)', async () => {
    const { body } = await answer(login('editor', { scope: 'items:read' }))
    assert.ok(body && 'access_token' in body)
    const claims = decodeJwt(body.access_token)
    const editor = await auth.users.findByUsername('editor')
    assert.equal(claims.sub, editor?.id)
    assert.equal(claims.scope, body.scope)
    assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), body.expires_in)
    assert.deepEqual(Object.keys(body), [
      'access_token',
      'token_type',
      'expires_in',
      'refresh_token',
      'scope',
    ])
  })

  test('passes the guards', async () => {
    const guards = createGuards(auth)
    const authorization = `Bearer ${await tokenOf(login('editor'))}`
    const user = await guards.requirePermission('items:write')({ headers: { authorization } })
    assert.equal(user.username, 'editor')
  })

  test('of an inactive user is given, and every guard answers it with 403', async () => {
    const user = await auth.users.create({ username: 'left', password: goodPassword })
    await auth.users.deactivate(user.id)
    const { status, body } = await answer(login('left'))
    assert.equal(status, 200)
    assert.ok(body && 'access_token' in body)
    assert.equal(body.refresh_token, undefined)
    const [event] = await auth.events.list({ userId: user.id, limit: 1 })
    assert.deepEqual([event?.type, event?.reason], ['authn_login_fail', 'the user is inactive'])
    const authorization = `Bearer ${await tokenOf(login('left'))}`
    await assert.rejects(createGuards(auth).activeUser({ headers: { authorization } }), {
      statusCode: 403,
      message: 'Inactive user',
    })
  })

  test('is another one at each login', async () => {
    assert.notEqual(await tokenOf(login('editor')), await tokenOf(login('editor')))
  })

  test('is given for a scope that was made known later', async () => {
    const scope = 'known:late'
    assert.deepEqual(withoutToken(await answer(login('admin', { scope }))), scopeUnknown)
    auth.permissions.add(scope)
    assert.deepEqual(withoutToken(await answer(login('admin', { scope }))), granted(scope))
  })
})

test('all wrong credentials are answered alike to the byte', async () => {
  const inactive = await auth.users.create({ username: 'gone', password: goodPassword })
  await auth.users.deactivate(inactive.id)
  const answers = await Promise.all(
    [
      login('editor', { password: 'wrong password' }),
      login('gone', { password: 'wrong password' }),
      login('nobody'),
      login('not a name'),
      login('\u202eeditor'),
      login('x'.repeat(5000)),
      login('passwordless'),
      login('editor', { password: 'x'.repeat(1025) }),
      login('nobody', { password: 'x'.repeat(1025) }),
      login('editor', { password: 'é'.repeat(513) }),
      login('editor', { password: goodPassword.toUpperCase() }),
      login('editor', { password: `${goodPassword} ` }),
    ].map(async (request) => JSON.stringify(await answer(request))),
  )
  assert.equal(new Set(answers).size, 1)
})

describe('an overloaded server', () => {
  test('answers 503 and says when to come again, then serves again', async () => {
    const full = createHashPool({ concurrency: 1, maxWaiting: 0, maxWait: 3 })
    const busy = await createTestAuth({ roles, passwordHash: { ...cheapHashing, pool: full } })
    await busy.users.create({ username: 'reader', password: goodPassword, role: 'reader' })
    const answerBusy = createTokenEndpoint(busy)

    const { promise, resolve } = Promise.withResolvers<void>()
    const blocking = full.run(() => promise)
    for (const username of ['reader', 'nobody']) {
      const expected = refused(
        'temporarily_unavailable',
        'Too many logins at once, try again in a few seconds',
        503,
        { 'retry-after': '3' },
      )
      assert.deepEqual(withoutToken(await answerBusy(login(username))), expected)
    }
    resolve()
    await blocking
    assert.deepEqual(withoutToken(await answerBusy(login('reader'))), granted('items:read'))
  })

  async function withStore(error: Error): Promise<TokenEndpoint> {
    const healthy = memory()
    const findByUsername = () => Promise.reject(error)
    const store = { ...healthy, users: { ...healthy.users, findByUsername } }
    return createTokenEndpoint(await createTestAuth({ store }))
  }

  test('answers 503 when its database cannot be used now', async () => {
    const answerBusy = await withStore(new UnavailableError('The database is busy', 1))
    const { status, headers } = await answerBusy(login('reader'))
    assert.equal(status, 503)
    assert.deepEqual(headers, { ...noStore, 'retry-after': '1' })
  })

  test('does not answer for a mistake of its own: it rejects, so that it is logged', async () => {
    const mistake = new Error('private')
    const answerBroken = await withStore(mistake)
    await assert.rejects(answerBroken(login('reader')), (error) => error === mistake)
  })
})

describe('any request', () => {
  // RFC 6749 §5.2.
  const errorGrammar = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/
  // No text of ours has it, so that its absence shows that nothing was repeated.
  const marker = 'zqxjk'
  const hostile = fc
    .tuple(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('"', '\\', '\r\n', '\0', '\t', '🔑', '<script>', '%', '&', '=', ' ', ''),
    )
    .map(([text, sign]) => `${sign}${marker}${text}${sign}`)

  function assertWellFormed({ status, body }: TokenAnswer): void {
    assert.ok(body)
    assert.ok([400, 401].includes(status), String(status))
    assert.ok('error' in body)
    assert.deepEqual(Object.keys(body), ['error', 'error_description', 'detail'])
    assert.match(body.error, errorGrammar)
    assert.match(body.error_description, errorGrammar)
    assert.equal(body.detail, body.error_description)
  }

  test('with hostile values gets an error in the charset of RFC 6749 that repeats none (PC-07)', async () => {
    const fuzzClock = createTestClock()
    const answerFuzz = createTokenEndpoint(await createTestAuth({ roles, clock: fuzzClock }))
    const names = ['username', 'password', 'scope', 'client_id', 'client_secret', 'grant_type']
    const parameters = fc.uniqueArray(fc.tuple(fc.constantFrom(...names, 'zzz'), hostile), {
      selector: ([name]) => name,
    })
    const request = fc.record({
      parameters,
      extra: fc.option(hostile),
      authorization: fc.option(hostile, { nil: undefined }),
      encoded: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(request, async ({ parameters, extra, authorization, encoded }) => {
        const pairs = parameters.map(([name, value]) => [
          name,
          // A lone surrogate has no encoding.
          encoded ? encodeURIComponent(value.toWellFormed()) : value,
        ])
        const body = [...pairs.map((pair) => pair.join('=')), ...(extra ? [extra] : [])].join('&')
        // In a long run some names come again, as guesses of long ago.
        fuzzClock.advance(7 * 24 * 60 * 60)
        const answered = await answerFuzz(asking(body, { authorization }))
        assertWellFormed(answered)
        assert.doesNotMatch(JSON.stringify(answered), new RegExp(marker, 'i'))
      }),
      { numRuns: Number(process.env.RUNS ?? 1_000) },
    )
  })

  test('of any bytes and headers gets an answer, never a rejection (PC-07)', async () => {
    const request = fc.record({
      contentType: fc.oneof(fc.constant(form), fc.string({ unit: 'binary' })),
      authorization: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
      body: fc.uint8Array({ maxLength: 200 }),
    })
    await fc.assert(
      fc.asyncProperty(request, async (asked) => assertWellFormed(await answer(asked))),
      { numRuns: Number(process.env.RUNS ?? 1_000) },
    )
  })
})
