// A standby is promoted, and nobody stops the primary of before.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'
import { UnavailableError } from '../../../src/core/errors.ts'
import type { SessionRecord } from '../../../src/core/sessions/session-store.ts'
import type { Store } from '../../../src/core/store.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { aClient, anApiKey, aSession, aUser } from '../../../src/stores/contract/records.ts'
import { inspectPostgres } from '../../../src/stores/postgres/inspection.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { watchPrimary } from '../../../src/stores/postgres/primary.ts'
import { parsePostgresUrl } from '../../../src/stores/postgres/url.ts'
import { freePort, startPostgresOrSkip } from '../postgres-server.ts'
import { startProxy } from '../tcp-proxy.ts'
import { untilDone } from '../until-done.ts'
import { ask, startTwoPrimaries, type TwoPrimaries } from './two-primaries.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

/** A guard against waiting for ever. */
const timeout = 120_000
/** Milliseconds after which a process asks before it trusts a server. */
const holdsFor = 1000

function urlOf(ports: readonly number[], parameters = ''): string {
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',')
  return `postgres://postgres:postgres@${hosts}/app?${parameters}`
}

/** A clock of this process that stands still, and goes on when it is told. */
function stopClock(t: TestContext): { advance(milliseconds: number): void } {
  let now = performance.now()
  t.mock.method(performance, 'now', () => now)
  return {
    advance(milliseconds) {
      now += milliseconds
    },
  }
}

async function isUnavailable(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return false
  } catch (error) {
    assert.ok(error instanceof UnavailableError, String(error))
    return true
  }
}

describe('an older primary that lives on', { skip, timeout }, () => {
  let servers: TwoPrimaries
  let orders: readonly (readonly number[])[]
  let user: UserRecord
  let session: SessionRecord
  const open: Store[] = []

  beforeEach(async (t) => {
    servers = await startTwoPrimaries()
    const { older, newer } = servers
    orders = [
      [older.port, newer.port],
      [newer.port, older.port],
    ]
    user = aUser()
    session = aSession(user, { expiresAt: 4_000_000_000 })
    const store = await storeOn([older.port])
    await store.users.create(user)
    await store.sessions.create(session)
    ;(t as TestContext).after(async () => {
      for (const each of open.splice(0)) await each.close()
      await servers.remove()
    })
  })

  async function storeOn(ports: readonly number[]): Promise<Store> {
    const store = postgres(urlOf(ports))
    open.push(store)
    await store.open()
    return store
  }

  /** Whether a token of a session would be let through; false, too, where it is answered "not now". */
  async function isAccepted(store: Store, { id }: SessionRecord = session): Promise<boolean> {
    try {
      const subject = await store.findSubject(user.id, id)
      return subject !== null && subject.sessionStamp !== null
    } catch (error) {
      assert.ok(error instanceof UnavailableError, String(error))
      return false
    }
  }

  function isCached(store: Store): boolean {
    const subject = store.findSubject(user.id, session.id)
    if (!(subject instanceof Promise)) return true
    subject.catch(() => {})
    return false
  }

  async function untilCached(store: Store): Promise<void> {
    do await isAccepted(store)
    while (!isCached(store))
  }

  /** Two stores have the session in their caches, and a third ends it at the new primary. Time stands still. */
  async function endElsewhere(t: TestContext) {
    const stores = [await storeOn(orders[0] ?? []), await storeOn(orders[1] ?? [])]
    for (const store of stores) await untilCached(store)
    const clock = stopClock(t)
    await servers.promote()
    const elsewhere = await storeOn([servers.newer.port])
    assert.equal(await elsewhere.sessions.revoke(session.id, 1), true)
    return { stores, clock }
  }

  test('lets no ended session through at a process that was idle (SR-09, DD-07)', async (t) => {
    const { stores, clock } = await endElsewhere(t)
    clock.advance(holdsFor)
    for (const store of stores) {
      assert.equal(isCached(store), false)
      assert.equal(await isAccepted(store), false)
      await untilDone(() => store.check())
      assert.equal((await store.findSubject(user.id, session.id))?.sessionStamp, null)
      await store.users.create(aUser())
    }
    const { olderPrimaries } = await inspectPostgres(urlOf(orders[0] ?? []))
    assert.deepEqual(olderPrimaries, [`127.0.0.1:${servers.older.port}`])
    const [row] = await ask<{ count: number }>(servers.newer, 'select count(*)::int from users')
    assert.equal(row?.count, 3)
  })

  test('is found out by caches that are busy, and never believed again', async (t) => {
    const { stores, clock } = await endElsewhere(t)
    for (const store of stores) {
      const since = performance.now()
      while (isCached(store)) {
        // Time for the channel, which the old one still answers.
        await ask(servers.older, 'select')
        clock.advance(40)
        assert.ok(performance.now() <= since + holdsFor)
      }
      clock.advance(holdsFor)
      for (let tries = 0; tries < 100; tries++) assert.equal(await isAccepted(store), false)
      await untilDone(() => store.users.create(aUser()))
    }
  })

  test('acknowledges nothing that ends something, nor that there is nothing to end', async (t) => {
    const stores: Store[] = []
    for (let each = 0; each < 9; each++) stores.push(await storeOn(orders[each % 2] ?? []))
    const [key, client] = [anApiKey(user), aClient()]
    const old = await storeOn([servers.older.port])
    const { securityStamp } = user
    await old.apiKeys?.create(key, { securityStamp, most: 10 })
    await old.clients.create(client)
    stopClock(t)
    // Each has asked now, and relies on it for as long as the clock stands still.
    for (const store of stores) await store.check()
    await servers.promote()
    const elsewhere = await storeOn([servers.newer.port])
    const later = aSession(user, { expiresAt: 4_000_000_000 })
    await elsewhere.sessions.create(later)
    const ends: readonly ((store: Store) => Promise<unknown>)[] = [
      ({ sessions }) => sessions.revoke(session.id, 1),
      ({ sessions }) => sessions.revoke(later.id, 1),
      ({ sessions }) => sessions.find(later.id),
      ({ users }) => users.update(user.id, { active: false, securityStamp: 'new' }),
      ({ users }) => users.remove('nobody'),
      ({ apiKeys }) => apiKeys?.remove(user.id, key.id) ?? assert.fail(),
      ({ clients }) => clients.remove(client.id),
      ({ signingKeys }) => signingKeys.change(-1, { put: [], remove: [] }),
      ({ revokeAll }) => revokeAll('of everybody', 1),
    ]
    for (const [index, end] of ends.entries()) {
      assert.equal(await isUnavailable(end(stores[index] as Store)), true, String(end))
    }
    assert.equal(await isAccepted(elsewhere), true, 'nothing was ended')
    for (const store of stores) {
      await untilDone(() => store.sessions.revoke(later.id, 1))
      assert.equal(await isAccepted(elsewhere, later), false)
    }
  })

  test('that stood still and wakes is not asked again', async (t) => {
    const [busy, idle] = [await storeOn(orders[0] ?? []), await storeOn(orders[1] ?? [])]
    const asked = await storeOn(orders[0] ?? [])
    for (const store of [busy, idle]) await untilCached(store)
    const clock = stopClock(t)
    await asked.check()
    await servers.promote()
    const elsewhere = await storeOn([servers.newer.port])
    assert.equal(await elsewhere.sessions.revoke(session.id, 1), true)
    await servers.stop()
    const query = t.mock.method(pg.Client.prototype, 'query')
    const late = isAccepted(asked)
    while (query.mock.callCount() === 0) await turn()
    clock.advance(holdsFor)
    servers.goOn()
    assert.equal(await late, false, 'its answer to a question of before is not used')
    await servers.stop()
    // Now the one cannot be asked, and the other says that it is the primary.
    await untilDone(() => busy.users.create(aUser()))
    servers.goOn()
    for (const store of [busy, idle]) {
      for (let tries = 0; tries < 20; tries++) {
        assert.equal(await isAccepted(store), false)
        clock.advance(holdsFor)
      }
    }
  })
})

describe('the watch over several hosts', { skip, timeout }, () => {
  before(() => server?.createDatabase('app'))

  const watchers = 'select pid from pg_stat_activity where application_name = $$portcullis watch$$'

  async function use(t: TestContext, ports: readonly number[], parameters = ''): Promise<Store> {
    const store = postgres(urlOf(ports, parameters))
    t.after(() => store.close())
    await store.open()
    await store.users.create(aUser())
    return store
  }

  test('is not kept where there is one host, or any will do', async (t) => {
    assert.ok(server)
    const nobody = await freePort()
    await use(t, [server.port])
    await use(t, [server.port], 'target_session_attrs=read-write')
    await use(t, [server.port, nobody], 'target_session_attrs=any')
    assert.deepEqual(await ask(server, watchers), [])
  })

  test('takes two names of one server for one', async (t) => {
    assert.ok(server)
    const proxy = await startProxy(server.port)
    t.after(() => proxy.close())
    const store = await use(t, [server.port, proxy.port])
    const user = aUser()
    await store.users.create(user)
    assert.equal(await store.users.remove(user.id), true)
    assert.equal(await store.users.remove(user.id), false)
    assert.equal((await ask(server, watchers)).length, 2)
  })

  test('goes on without a host that is gone, and asks again where its own connection was lost', async (t) => {
    assert.ok(server)
    const clock = stopClock(t)
    const store = await use(t, [await freePort(), server.port])
    for (let round = 0; round < 5; round++) {
      clock.advance(holdsFor)
      await store.check()
      const lost = `select pg_terminate_backend(pid, 5000) from (${watchers}) as watchers`
      assert.equal((await ask(server, lost)).length, 1)
    }
  })

  test('waits once for a host that is silent', async (t) => {
    assert.ok(server)
    const silent = await startProxy(server.port)
    t.after(() => silent.close())
    await silent.switchTo('swallow')
    const target = parsePostgresUrl(urlOf([silent.port, server.port]))
    const primary = watchPrimary(target, 1500)
    t.after(() => primary.close())
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let isFound = false
    const found = untilDone(() => primary.confirm()).then(() => {
      isFound = true
    })
    while (!isFound) {
      await turn()
      t.mock.timers.tick(1)
    }
    await found
    // No timer runs out any more.
    for (let round = 0; round < 10; round++) await primary.confirm()
    assert.equal(primary.isConfirmed(), true)
    primary.doubt()
    assert.equal(primary.isConfirmed(), false)
  })
})
