// What the ready server records, and who may read it. What is never in it: secrets.test.ts.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import type { EventBody } from '../../src/core/events/event-answer.ts'
import { buildApp } from '../../src/server/app.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { createTestLog, login, otherPassword, recentToken, sendForm } from './fixtures.ts'

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
  const boss = await auth.users.create(
    { username: 'boss', password: goodPassword, role: 'admin' },
    by,
  )
  const alice = await auth.users.create({ username: 'alice', password: goodPassword }, by)
  const authorization = `Bearer ${await recentToken(auth, boss.id)}`
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
    for (const [limit, hasNext] of [
      [5, true],
      [6, false],
      [7, false],
    ] as const) {
      const { next } = (await call('GET', `/admin/events?user=${alice.id}&limit=${limit}`)).json()
      assert.equal(next !== null, hasNext, `${limit} a page`)
    }
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
    assert.equal((await auth.users.find(alice.id))?.active, true)
    database.exec('drop trigger refuse')
    database.close()
    assert.equal((await call('POST', `${user}/deactivate`)).statusCode, 200)
  })
})

test('a request has an id that is unique among processes and starts (LA-01)', async (t) => {
  const seen: string[] = []
  for (const { app, log } of [await start(t), await start(t)]) {
    for (let times = 0; times < 40; times++) await app.inject('/health/live')
    const lines = log.lines.map((line) => JSON.parse(line))
    seen.push(...lines.filter(({ msg }) => msg === 'incoming request').map(({ reqId }) => reqId))
  }
  assert.equal(seen.length, 80)
  assert.equal(new Set(seen).size, 80)
  for (const id of seen) assert.match(id, /^[\w-]{8}-[0-9a-z]+$/)
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

test('what clients send is cut in the log, however long it is (LA-03)', async (t) => {
  const { app, log } = await start(t)
  const long = 'x'.repeat(12_000)
  log.lines.length = 0
  await app.inject({ url: `/${long}?${long}`, headers: { 'user-agent': long, host: long } })
  await app.inject({ url: '/me', headers: { authorization: `Bearer ${long}` } })
  await login(app, long, { client_id: long })
  assert.ok(log.lines.length >= 6)
  const { req } = JSON.parse(log.lines[0] ?? '')
  assert.equal(req.path, `/${'x'.repeat(1023)}…`)
  for (const line of log.lines) assert.ok(line.length < 2000, `${line.length} characters`)
})
