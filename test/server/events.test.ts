// What the ready server records, who may read it, and what is never in it.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { type Auth, createAccessToken } from '../../src/core/auth.ts'
import { buildApp } from '../../src/server/app.ts'
import type { EventBody } from '../../src/server/event-answer.ts'
import { sqlite } from '../../src/stores/sqlite.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { createTestLog, login, otherPassword, sendForm } from './fixtures.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-event-routes-'))
after(() => rmSync(directory, { recursive: true, force: true }))

let made = 0
async function start(t: TestContext) {
  const folder = mkdtempSync(join(directory, `${++made}-`))
  const auth = await createTestAuth({ store: sqlite(join(folder, 'portcullis.db')) })
  const log = createTestLog()
  const app = await buildApp({ auth, logger: log.options, logRequests: true })
  t.after(async () => {
    await app.close()
    await auth.close()
  })
  const by = { actor: 'test' }
  const boss = await auth.accounts.create(
    { username: 'boss', password: goodPassword, role: 'admin' },
    by,
  )
  const alice = await auth.accounts.create({ username: 'alice', password: goodPassword }, by)
  const authorization = `Bearer ${await createAccessToken(auth, boss.id)}`
  const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) =>
    app.inject({ method, url, headers: { authorization }, ...(payload && { payload }) })
  const events = async (query = ''): Promise<EventBody[]> =>
    (await call('GET', `/admin/events${query}`)).json().events
  return { app, auth, log, boss, alice, call, events, folder }
}

describe('the events of the server', () => {
  test('name each change, who made it, to whom, from where and in which request (LA-01)', async (t) => {
    const { boss, alice, call, events, log } = await start(t)
    const user = `/admin/users/${alice.id}`
    await call('PUT', `${user}/role`, { role: 'admin' })
    await call('POST', `${user}/deactivate`)
    await call('POST', `${user}/reactivate`)
    await call('POST', `${user}/unlock`)
    await call('PUT', `${user}/password`, { password: otherPassword })
    await call('DELETE', `${user}/sessions`)
    await call('DELETE', user)
    const found = (await events(`?user=${alice.id}`)).reverse()
    assert.deepEqual(
      found.map(({ type }) => type),
      [
        'user_created',
        'privilege_permissions_changed',
        'user_updated',
        'user_updated',
        'authn_login_unlock',
        'authn_password_change',
        'sessions_ended',
        'user_deleted',
      ],
    )
    assert.equal(found[0]?.actor, 'test')
    for (const { actor, address, request_id } of found.slice(1)) {
      assert.equal(actor, `user:${boss.id}`)
      assert.equal(address, '127.0.0.1')
      assert.ok(log.lines.some((line) => JSON.parse(line).reqId === request_id))
    }
    for (const event of found.slice(1)) {
      const told = log.lines.map((line) => JSON.parse(line).event).filter(Boolean)
      assert.ok(
        told.some(({ id }) => id === event.id),
        `${event.type} is a line of the log`,
      )
    }
  })

  test('tell logins good and bad apart, and why (LA-01)', async (t) => {
    const { app, alice, events } = await start(t)
    await login(app, 'alice')
    await login(app, 'alice', { password: 'wrong password of hers' })
    await login(app, 'nobody here')
    for (let times = 0; times < 8; times++) await login(app, 'mallory')
    const [good] = await events('?type=authn_login_success')
    assert.equal(good?.actor, `user:${alice.id}`)
    assert.ok(good?.session_id)
    const bad = await events('?type=authn_login_fail')
    assert.deepEqual(
      bad.slice(-2).map(({ reason, user_id }) => [reason, user_id]),
      [
        ['no such user', undefined],
        ['wrong password', alice.id],
      ],
    )
    assert.ok((await events('?type=authn_login_throttled')).length > 0)
  })

  test('are shown page by page, to administrators with the permission alone', async (t) => {
    const { app, auth, boss, alice, call, events } = await start(t)
    for (let times = 0; times < 5; times++)
      await call('DELETE', `/admin/users/${alice.id}/sessions`)
    const all = await events(`?user=${alice.id}`)
    assert.equal(all.length, 6)
    const paged: EventBody[] = []
    for (let after = ''; ; ) {
      const page = (
        await call('GET', `/admin/events?user=${alice.id}&limit=4${after && `&after=${after}`}`)
      ).json()
      paged.push(...page.events)
      if (page.next === null) break
      after = page.next
    }
    assert.deepEqual(paged, all)
    for (const [user, scopes, status] of [
      [alice, undefined, 403],
      [boss, ['users:read'], 403],
      [boss, ['events:read'], 200],
    ] as const) {
      const authorization = `Bearer ${await createAccessToken(auth, user.id, scopes)}`
      const answer = await app.inject({ url: '/admin/events', headers: { authorization } })
      assert.equal(answer.statusCode, status)
    }
    for (const query of ['type=nothing', 'since=x', 'after=x', 'limit=0', 'limit=201']) {
      assert.equal((await call('GET', `/admin/events?${query}`)).statusCode, 400, query)
    }
  })

  test('a change whose event cannot be stored is refused and not made (LA-06)', async (t) => {
    const { auth, alice, call, folder } = await start(t)
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(folder, 'portcullis.db'))
    database.exec(`create trigger refuse before insert on events
      begin select raise(abort, 'no room'); end`)
    const user = `/admin/users/${alice.id}`
    assert.equal((await call('POST', `${user}/deactivate`)).statusCode, 500)
    assert.equal((await call('DELETE', user)).statusCode, 500)
    assert.equal((await auth.accounts.find(alice.id))?.active, true)
    database.exec('drop trigger refuse')
    database.close()
    assert.equal((await call('POST', `${user}/deactivate`)).statusCode, 200)
  })
})

test('what clients send stays within one line of the log (LA-03)', async (t) => {
  const { app, log } = await start(t)
  const attack = '\r\n{"level":60,"msg":"forged"}\u001b[2J\u2028\u2029'
  log.lines.length = 0
  await sendForm(app, '/auth/token', { username: `a${attack}`, password: goodPassword })
  await sendForm(app, '/auth/token', {
    username: `a${attack.slice(2)}`,
    password: goodPassword,
    client_id: `c${attack.slice(2)}`,
  })
  const kid = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: attack })).toString(
    'base64url',
  )
  await app.inject({ url: '/me', headers: { authorization: `Bearer ${kid}.e30.AA` } })
  await app.inject({
    url: `/${encodeURIComponent(attack)}`,
    headers: { 'user-agent': 'x\u001b[2J' },
  })
  assert.ok(log.lines.length >= 4)
  for (const line of log.lines) {
    assert.match(line, /^[^\p{Cc}\p{Zl}\p{Zp}]*\n$/u)
    assert.notEqual(JSON.parse(line).msg, 'forged')
  }
})

/** Everything that was said or kept: the log, the events, and every file of the database. */
function everything(lines: readonly string[], folder: string): string {
  const files = readdirSync(folder).filter((name) => !name.endsWith('.key'))
  return [...lines, ...files.map((name) => readFileSync(join(folder, name), 'latin1'))].join('\n')
}

async function walk(app: FastifyInstance, auth: Auth, alice: string) {
  const bodies: string[] = []
  const canaries: string[] = []
  const canary = (text: string): string => {
    canaries.push(text)
    return text
  }
  const send = async (url: string, fields: Record<string, string>): Promise<void> => {
    const answer = await sendForm(app, url, fields)
    bodies.push(answer.body, JSON.stringify(answer.headers))
  }
  const secret = canary(await auth.clients.register({ id: 'api', confidential: true }))
  const client = { client_id: 'api', client_secret: secret }
  canary(goodPassword)
  const tokens = (await login(app, 'alice', client)).json()
  canary(tokens.access_token)
  canary(tokens.refresh_token)
  const next = (
    await sendForm(app, '/auth/token', {
      ...client,
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token,
    })
  ).json()
  canary(next.refresh_token)
  const wrong = canary('canary wrong password 7f3a')
  await send('/auth/token', { ...client, username: 'alice', password: wrong })
  await send('/auth/token', { ...client, username: canary('canary-typed-4c1d'), password: wrong })
  await send('/auth/token', { client_id: 'api', client_secret: canary('canary-secret-77aa') })
  await send('/auth/token', { ...client, username: 'alice', password: `${wrong}\n` })
  await send('/auth/token', { ...client, grant_type: wrong, scope: 'x' })
  for (const token of [canary('prt_canary_9f'), next.refresh_token, tokens.access_token]) {
    await send('/auth/revoke', { client_id: 'nobody', token })
    await send('/auth/introspect', { client_id: 'api', client_secret: 'no', token })
    await send('/auth/token', {
      ...client,
      grant_type: 'refresh_token',
      refresh_token: `${token}x`,
    })
  }
  const call = async (token: string, url: string, payload: object): Promise<void> => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await app.inject({ method: 'PUT', url, headers, payload })
    bodies.push(answer.body, JSON.stringify(answer.headers))
  }
  await call(tokens.access_token, '/me/password', { old_password: wrong, new_password: wrong })
  await call(tokens.access_token, '/me/password', { old_password: wrong, extra: wrong })
  await call(tokens.access_token, `/admin/users/${alice}/password`, { password: wrong })
  await app.inject({ url: `/me?access_token=${tokens.access_token}` })
  return { bodies, canaries }
}

test('no secret is in an answer, the log, an event or the database (LA-04)', async (t) => {
  const { app, auth, alice, log, events, folder } = await start(t)
  const { bodies, canaries } = await walk(app, auth, alice.id)
  const said = everything(
    [...log.lines, ...bodies, JSON.stringify(await events('?limit=200'))],
    folder,
  )
  assert.match(said, /authn_login_fail/, 'what was kept is looked at')
  for (const canary of canaries) assert.ok(!said.includes(canary), `found: ${canary}`)
})
