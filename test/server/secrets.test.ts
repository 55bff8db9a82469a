// What no answer, line of the log, event or file of the database may hold: every secret that is used here.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import type { FastifyInstance, InjectOptions } from 'fastify'
import pg from 'pg'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { buildApp } from '../../src/server/app.ts'
import { describeError } from '../../src/server/logging/serializers.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { assertAbsent } from '../canaries.ts'
import { cheapHashing, createTestAuth, goodPassword } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import {
  assertProblem,
  createTestLog,
  login,
  otherPassword,
  recentToken,
  sendForm,
} from './fixtures.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-secrets-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  rmSync(directory, { recursive: true, force: true })
  await server?.remove()
})

const secretKey = 'canary-key-5d1f9a0c7b3e8842-canary'
const previousSecretKey = 'canary-key-of-before-0f6c29d18b7e4a53'
const keyEncryptionKey = randomBytes(32)
const pepper = 'canary-pepper-8d30f1c96ae2b745-canary'
const previousPepper = 'canary-pepper-of-before-c41b7d9f2e60'

async function start(t: TestContext, options: Partial<AuthOptions>) {
  const auth = await createTestAuth({ sessions: { refreshGrace: 0 }, ...options })
  const log = createTestLog()
  const app = await buildApp({ auth, logger: log.options, logRequests: true })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  return { app, auth, log }
}

/** Walks every path on which something is refused, and returns what was answered, and the secrets. */
async function walk(app: FastifyInstance, auth: Auth) {
  const bodies: string[] = []
  const secrets: Record<string, string> = { password: goodPassword, 'new password': otherPassword }
  const canary = (name: string, text: string): string => {
    secrets[name] = text
    return text
  }
  const inject = async (request: InjectOptions) => {
    const answer = await app.inject(request)
    bodies.push(answer.body, JSON.stringify(answer.headers))
    return answer
  }
  const send = async (
    url: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ) =>
    await inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams(fields).toString(),
    })
  const alice = await auth.users.create({ username: 'alice', password: goodPassword })
  const boss = await auth.users.create({ username: 'boss', password: null, role: 'admin' })
  const secret = canary(
    'client secret',
    await auth.clients.register({ id: 'api', confidential: true }),
  )
  await auth.clients.register({ id: 'app', confidential: false })
  const client = { client_id: 'api', client_secret: secret }
  const tokens = (await login(app, 'alice', client)).json()
  const access = canary('access token', tokens.access_token)
  const refresh = canary('refresh token', tokens.refresh_token)
  const grant = { ...client, grant_type: 'refresh_token', refresh_token: refresh }
  const { refresh_token: successor } = (await sendForm(app, '/auth/token', grant)).json()
  canary('next refresh token', successor)

  const wrong = canary('wrong password', 'canary wrong password 7f3a')
  await send('/auth/token', { ...client, username: 'alice', password: wrong })
  const typed = canary('password typed as a name', 'canary-typed-4c1d')
  await send('/auth/token', { ...client, username: typed, password: wrong })
  const wrongSecret = canary('wrong client secret', 'canary-secret-77aa')
  await send('/auth/token', { client_id: 'api', client_secret: wrongSecret })
  await send('/auth/token', { client_id: wrongSecret, client_secret: 'api' })
  await send('/auth/token', { client_id: 'app', client_secret: wrongSecret, username: 'alice' })
  for (const pair of [
    `api:${wrongSecret}`,
    `${wrongSecret}:api`,
    wrongSecret,
    `api:%zz${wrongSecret}`,
  ]) {
    const encoded = canary(`Basic ${pair}`, Buffer.from(pair).toString('base64'))
    const authorization = `Basic ${encoded}`
    await send('/auth/token', { username: 'alice', password: wrong }, { authorization })
    await send('/auth/introspect', { token: access }, { authorization })
    await inject({ url: '/me', headers: { authorization } })
  }
  await send('/auth/token', { ...client, username: 'alice', password: `${wrong}\n` })
  await send('/auth/token', { ...client, grant_type: wrong, scope: 'x' })
  await send('/auth/token', { ...client, username: 'alice', password: goodPassword, scope: wrong })
  await send('/auth/token', { ...client, [wrong]: wrong, username: 'alice' })
  await send(`/auth/token?password=${wrongSecret}`, { password: wrong })
  for (const token of [canary('invented token', 'prt_canary_9f'), successor, access]) {
    await send('/auth/revoke', { client_id: 'nobody', token })
    await send('/auth/introspect', { client_id: 'api', client_secret: wrongSecret, token })
    await send('/auth/introspect', { client_id: 'app', token })
    await send('/auth/token', { ...grant, refresh_token: `${token}x` })
  }
  await inject({ url: `/me?access_token=${access}` })
  await inject({ url: `/nowhere?token=${refresh}` })
  await inject({ url: '/me', headers: { authorization: `Bearer ${access}x` } })
  await inject({ url: '/me', headers: { authorization: `Bearer ${access} ${access}` } })
  await inject({ url: '/me', headers: { cookie: `token=${access}`, 'x-api-key': wrong } })

  const ofBoss = canary('bearer of the admin', await recentToken(auth, boss.id))
  const malformed = `{"old_password":"${wrong}","new_password":"${wrong}`
  for (const [method, url, payload] of [
    ['PUT', '/me/password', { old_password: wrong, new_password: wrong }],
    ['PUT', '/me/password', { old_password: wrong, extra: wrong }],
    ['PUT', '/me/password', { old_password: goodPassword, new_password: 'weak-canary' }],
    ['PUT', '/me/password', malformed],
    ['PUT', '/me/password', wrong],
    ['PUT', `/admin/users/${alice.id}/password`, { password: wrong, more: wrong }],
    ['PUT', `/admin/users/${alice.id}/password`, { password: 'weak-canary' }],
    ['PUT', `/admin/users/${access}/password`, { password: [wrong] }],
    ['POST', '/admin/users', { username: 'bob', password: 'weak-canary' }],
    ['POST', '/admin/users', { username: 'bob', password: otherPassword, role: 'none' }],
    ['POST', '/admin/users', { username: 'alice', password: otherPassword }],
  ] as const) {
    for (const token of [access, ofBoss]) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      await inject({ method, url, headers, payload: payload as object })
    }
  }
  canary('weak password', 'weak-canary')
  // The session ends, and all its tokens with it: so at last.
  await send('/auth/token', grant)
  const events = JSON.stringify(await auth.events.list({ limit: 1000 }))
  return { said: [...bodies, events].join('\n'), secrets }
}

/** Every file of a database. */
function keptIn(folder: string): string {
  const files = readdirSync(folder).filter((name) => !name.endsWith('.key'))
  return files.map((name) => readFileSync(join(folder, name), 'latin1')).join('\n')
}

describe('no secret is in an answer, the log, an event or the database (LA-04)', () => {
  for (const [keys, options, own] of [
    [
      'SECRET_KEY',
      {
        secretKey,
        previousSecretKeys: [previousSecretKey],
        passwordHash: { ...cheapHashing, pepper, previousPeppers: [previousPepper] },
      },
      {
        SECRET_KEY: secretKey,
        SECRET_KEY_PREVIOUS: previousSecretKey,
        PASSWORD_PEPPER: pepper,
        PASSWORD_PEPPER_PREVIOUS: previousPepper,
      },
    ],
    [
      'KEY_ENCRYPTION_KEY',
      { keyEncryptionKey },
      {
        'KEY_ENCRYPTION_KEY, as bytes': keyEncryptionKey.toString('latin1'),
        'KEY_ENCRYPTION_KEY in hex': keyEncryptionKey.toString('hex'),
        'KEY_ENCRYPTION_KEY in base64': keyEncryptionKey.toString('base64').slice(0, -1),
      },
    ],
  ] as const) {
    test(`with ${keys}`, async (t) => {
      const folder = mkdtempSync(join(directory, 'database-'))
      const store = sqlite(join(folder, 'portcullis.db'))
      const { app, auth, log } = await start(t, { store, ...options })
      const { said, secrets } = await walk(app, auth)
      const all = [said, ...log.lines, keptIn(folder)].join('\n')
      for (const event of ['authn_login_fail', 'authn_token_reuse', 'user_created']) {
        assert.ok(all.includes(event), `${event} is where it is looked for`)
      }
      assertAbsent(all, { ...secrets, ...own })
    })
  }
})

describe('a failure that carries secrets is a bare 500, and its log says what failed without them', () => {
  const parts: Readonly<Record<string, string>> = {
    'access token': 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ',
    'refresh token':
      'prt_0197c1d2-aaaa-7bbb-8ccc-dddddddddddd.3.canarycanarycanarycanarycanarycanarycanary1',
    'client secret': 'pcs_canarycanarycanarycanarycanarycanarycanary1',
    'database password': 'canary-p@ssword-11',
    argon2: '$argon2id$v=19$m=19456,t=2,p=1$Y2FuYXJ5c2FsdA$Y2FuYXJ5aGFzaGNhbmFyeWhhc2g',
    bcrypt: '$2b$12$canarycanarycanarycanaOcanarycanarycanarycanarycanary12',
    django: 'pbkdf2_sha256$870000$canarysalt$Y2FuYXJ5aGFzaGNhbmFyeWhhc2g=',
    werkzeug: 'scrypt:32768:8:1$canarysalt$63616e61727963616e617279',
  }
  const words = Object.values({
    ...parts,
    'database password': `postgres://portcullis:${parts['database password']}@db.example.com/app`,
  })
  const hidden = { row: 'canary-row-of-the-table', header: 'canary-header-value' }
  const failure = (): Error =>
    Object.assign(
      new Error(`cannot do it with ${words.join(', ')}`, {
        cause: Object.assign(new Error(`since ${words.join(' ')} was refused`), {
          code: 'E_INNER',
          detail: hidden.row,
        }),
      }),
      { code: 'E_OUTER', detail: hidden.row, request: { headers: { cookie: hidden.header } } },
    )

  for (const [where, request, breaking] of [
    ['a route', { url: '/admin/stats' }, 'counts'],
    ['a guard', { url: '/me' }, 'findSubject'],
    [
      'the token endpoint',
      {
        method: 'POST',
        url: '/auth/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: `username=alice&password=${encodeURIComponent(goodPassword)}`,
      },
      'findByUsername',
    ],
  ] as const) {
    test(`in ${where} (LA-04, LA-10)`, async (t) => {
      const store = memory()
      let broken = false
      const failing =
        <P extends unknown[], R>(method: (...parameters: P) => R) =>
        (...parameters: P): R => {
          if (broken) throw failure()
          return method(...parameters)
        }
      const { users } = store
      const { app, auth, log } = await start(t, {
        store: {
          ...store,
          ...(breaking === 'findSubject' && { findSubject: failing(store.findSubject) }),
          users: {
            ...users,
            ...(breaking === 'counts' && { counts: failing(users.counts) }),
            ...(breaking === 'findByUsername' && { findByUsername: failing(users.findByUsername) }),
          },
        },
      })
      const boss = await auth.users.create({ username: 'b', password: null, role: 'admin' })
      const token = String(await createAccessToken(auth, boss.id))
      broken = true
      const answer = await app.inject({
        ...request,
        headers: 'headers' in request ? request.headers : { authorization: `Bearer ${token}` },
      } as InjectOptions)
      assert.equal(answer.statusCode, 500)
      if (where === 'the token endpoint') {
        assert.deepEqual(Object.keys(answer.json()), ['error', 'error_description', 'detail'])
        assert.equal(answer.json().error, 'server_error')
      } else assertProblem(answer, 500, 'The server made a mistake; it is logged.')
      const said = `${log.lines.join('')}${answer.body}${JSON.stringify(answer.headers)}`
      assertAbsent(said, { ...parts, ...hidden, token })
      const [line = ''] = log.lines.filter((each) => JSON.parse(each).level === 50)
      const { err } = JSON.parse(line)
      assert.match(err.message, /^cannot do it with /)
      assert.match(err.message, /postgres:\/\/portcullis:\[hidden\]@db\.example\.com\/app/)
      assert.match(err.stack, /secrets\.test\.ts/)
      assert.equal(err.code, 'E_OUTER')
      assert.equal(err.cause.code, 'E_INNER')
      assert.match(err.cause.message, /^since .* was refused$/)
    })
  }

  test('in PostgreSQL, whose error shows the whole row (LA-04, LA-10)', { skip }, async (t) => {
    const url = (await server?.createDatabase('rows')) ?? ''
    const { app, auth, log } = await start(t, { store: postgres(url), keyEncryptionKey })
    const boss = await auth.users.create({ username: 'boss', password: null, role: 'admin' })
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`alter table users add constraint no_more check (username <> 'alice')`)
    await client.end()
    const answer = await app.inject({
      method: 'POST',
      url: '/admin/users',
      headers: { authorization: `Bearer ${await createAccessToken(auth, boss.id)}` },
      payload: { username: 'alice', password: goodPassword },
    })
    assertProblem(answer, 500, 'The server made a mistake; it is logged.')
    const said = `${log.lines.join('')}${answer.body}`
    assert.match(said, /violates check constraint \\"no_more\\"/)
    assert.match(said, /"code":"23514"/)
    assert.doesNotMatch(said, /argon2id|Failing row/)
  })

  test('however large it is, and whatever was thrown (LA-03, LA-04)', () => {
    const loop = new Error('x'.repeat(100_000))
    loop.cause = loop
    const errors = Array.from({ length: 1000 }, () => new Error(words.join(' ')))
    for (const thrown of [
      loop,
      new AggregateError(errors, 'all failed'),
      words.join(' ').repeat(999),
    ]) {
      const said = JSON.stringify(describeError(thrown))
      assert.ok(said.length < 120_000, `${said.length} characters`)
      assertAbsent(said, parts)
    }
    for (const thrown of [null, undefined, 7, { password: parts.argon2 }, Object.create(null)]) {
      assertAbsent(JSON.stringify(describeError(thrown)), parts)
    }
  })
})
