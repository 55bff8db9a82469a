import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import pg from 'pg'
import type { SessionRecord, Subject } from '../../../src/core/sessions/session-store.ts'
import type { Store } from '../../../src/core/store.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { aMail, aSession, aUser } from '../../../src/stores/contract/records.ts'
import { type Changes, createChanges } from '../../../src/stores/postgres/changes.ts'
import { channelName } from '../../../src/stores/postgres/channel.ts'
import { createConnect } from '../../../src/stores/postgres/connect.ts'
import { readCachesChannel } from '../../../src/stores/postgres/installation.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { parsePostgresUrl } from '../../../src/stores/postgres/url.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

/** A way to a server that can be blocked: then nothing passes, and no connection ends. */
interface Way {
  readonly url: string
  block(): void
  open(): void
  close(): Promise<void>
}

async function wayTo(url: string): Promise<Way> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let blocked = false
  const relay = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('data', (chunk) => other.write(chunk))
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      if (blocked) one.pause()
    }
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const nearer = new URL(url)
  nearer.port = String((relay.address() as AddressInfo).port)
  return {
    url: nearer.href,
    block() {
      blocked = true
      for (const socket of sockets) socket.pause()
    },
    open() {
      blocked = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      relay.close()
      await once(relay, 'close')
    },
  }
}

describe('a process that shares a PostgreSQL database', { skip, timeout: 100_000 }, () => {
  let url: string
  let way: Way
  let operator: pg.Client
  /** Who changes, and who must know. */
  let here: Store
  let there: Store

  before(async () => {
    url = (await server?.createDatabase('changes')) ?? ''
    way = await wayTo(url)
    here = postgres(url)
    there = postgres(way.url)
    await here.open()
    await there.open()
    operator = new pg.Client({ connectionString: url })
    await operator.connect()
  })
  after(async () => {
    await operator.end()
    await here.close()
    await there.close()
    await way.close()
  })

  async function add(): Promise<{ user: UserRecord; session: SessionRecord }> {
    const user = aUser()
    const session = aSession(user)
    await here.users.create(user)
    await here.sessions.create(session)
    return { user, session }
  }

  /** What a store answers of itself, at once; undefined if it asks the database. */
  function known(store: Store, user: UserRecord, session: SessionRecord): Subject | undefined {
    const subject = store.findSubject(user.id, session.id)
    if (!(subject instanceof Promise)) return subject ?? undefined
    subject.catch(() => {})
    return undefined
  }

  /** Asks until both stores answer of themselves. */
  async function warm(user: UserRecord, session: SessionRecord): Promise<void> {
    for (const store of [here, there]) {
      do await store.findSubject(user.id, session.id)
      while (known(store, user, session) === undefined)
    }
  }

  /** Every change that a guard decides by. */
  const changes: readonly ((of: {
    user: UserRecord
    session: SessionRecord
  }) => Promise<unknown>)[] = [
    ({ user }) => here.users.update(user.id, { role: 'changed' }),
    ({ user }) => here.users.update(user.id, { active: false, securityStamp: 'new' }),
    ({ user }) => here.users.update(user.id, { fields: { plan: 'pro' } }),
    ({ user }) => here.users.update(user.id, { email: 'ann@example.com' }),
    ({ user }) => here.users.update(user.id, { suspendedUntil: 1 }, { mails: [aMail()] }),
    ({ user }) =>
      here.users.replacePasswordHash(user.id, String(user.passwordHash), 'new', {
        renewal: { securityStamp: 'new', oldSecurityStamp: user.securityStamp },
      }),
    ({ user }) => here.users.remove(user.id),
    ({ session }) => here.sessions.revoke(session.id, 1),
    ({ user }) => here.sessions.trim(user.id, 0),
    ({ session }) => here.sessions.revokeByClient(session.clientId, 1, 1000),
    async () => {
      const key = { algorithm: 'ES256', sealedPrivateKey: 'sealed', verifiesUntil: null } as const
      const put = [{ ...key, id: randomUUID(), createdAt: 1, signsFrom: 1 }]
      return await here.signingKeys.change(await here.signingKeys.version(), { put, remove: [] })
    },
    () => here.revokeAll('of nobody before', 1),
  ]

  test('answers of itself what it has read, and no more once somebody has changed it', async () => {
    for (const change of changes) {
      const { user, session } = await add()
      await warm(user, session)
      assert.ok(await change({ user, session }))
      for (const store of [here, there]) {
        assert.equal(known(store, user, session), undefined, String(change))
      }
    }
  })

  test('that is cut off asks the database, by the time that a change is done (SR-09)', async () => {
    for (const change of changes) {
      const { user, session } = await add()
      await warm(user, session)
      way.block()
      assert.ok(await change({ user, session }))
      const answer = known(there, user, session)
      way.open()
      assert.equal(answer, undefined, String(change))
    }
  })

  test('listens again after its connection was ended, and nothing is old meanwhile', async () => {
    const { user, session } = await add()
    for (const role of ['one', 'two', 'three']) {
      await warm(user, session)
      const { rowCount } = await operator.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portcullis cache' and datname = current_database()",
      )
      assert.equal(rowCount, 2, 'both are seen under their name')
      await here.users.update(user.id, { role })
      assert.equal((await there.findSubject(user.id, session.id))?.user.role, role)
    }
  })

  test('trusts nothing behind a pooler, which gives its connection to others', async () => {
    let connected = 0
    const { promise: again, resolve } = Promise.withResolvers<void>()
    const connect = createConnect({ ...parsePostgresUrl(url), applicationName: channelName }, 3000)
    const changes = createChanges({
      names: {},
      drop() {},
      clear() {},
      async connect() {
        const connection = await connect()
        // A pooler tells its clients a number that is not the server's.
        Object.assign(connection.client, { processID: 1 })
        if (++connected === 2) resolve()
        return connection
      },
    })
    let trusted = false
    const asking = setInterval(() => {
      trusted ||= changes.isCurrent()
    }, 1)
    await again
    clearInterval(asking)
    assert.equal(trusted, false)
    await changes.heardByAll()
    await changes.close()
  })

  describe('with a connection of its own that is made when the test says so', () => {
    let said: string[]
    let dropped: string[]
    let cleared: number
    let connections: pg.Client[]
    let mayConnect: PromiseWithResolvers<void>
    let changes: Changes
    /** The channel on which caches speak with one another. */
    let caches: string
    /** Called for each time that everything was forgotten. */
    let onClear: () => void

    beforeEach(async () => {
      said = []
      dropped = []
      cleared = 0
      connections = []
      mayConnect = Promise.withResolvers()
      onClear = () => {}
      const connect = createConnect(
        { ...parsePostgresUrl(url), applicationName: channelName },
        3000,
      )
      changes = createChanges({
        names: {},
        drop: (userId) => void dropped.push(userId),
        clear() {
          cleared++
          onClear()
        },
        async connect() {
          await mayConnect.promise
          const connection = await connect()
          connections.push(connection.client)
          return connection
        },
      })
      operator.on('notification', hear)
      caches = await readCachesChannel(operator, {})
      await operator.query(`listen ${caches}`)
    })
    afterEach(async () => {
      mayConnect.resolve()
      await changes.close()
      await operator.query(`unlisten ${caches}`)
      operator.off('notification', hear)
    })

    /** What the newest connection says, of all who speak in the database. */
    function hear({ processId, payload = '' }: pg.Notification): void {
      const { processID } = Object(connections.at(-1))
      if (processId === processID) said.push(...payload.split('\n'))
    }

    async function current(): Promise<void> {
      mayConnect.resolve()
      while (!changes.isCurrent()) await setImmediate()
    }

    test('forgets what it knew when it is lost, and what was read meanwhile when it is back', async () => {
      await current()
      assert.equal(cleared, 1)
      mayConnect = Promise.withResolvers()
      const { promise: lost, resolve } = Promise.withResolvers<void>()
      onClear = resolve
      const { processID } = Object(connections[0])
      await operator.query('select pg_terminate_backend($1)', [processID])
      await lost
      assert.equal(changes.isCurrent(), false)
      onClear = () => {}
      await current()
      assert.equal(connections.length, 2)
      assert.equal(cleared, 3)
    })

    test('forgets a user who has changed and nobody else, and everybody after a change of keys', async () => {
      await current()
      const { user } = await add()
      await here.users.update(user.id, { role: 'changed' })
      await changes.heardByAll()
      assert.deepEqual([dropped, cleared], [[user.id], 1])
      await here.revokeAll('of nobody before', 1)
      await changes.heardByAll()
      assert.ok(cleared > 1)
    })

    test('says that it has joined before it trusts itself, and that it leaves', async () => {
      await current()
      await operator.query('select')
      assert.deepEqual(said, ['joined'])
      await changes.close()
      await operator.query('select')
      assert.deepEqual(said, ['joined', 'left'])
    })

    test('asks nobody in its first moments, when its list may lack those who were cut off', async () => {
      const { promise: first, resolve } = Promise.withResolvers<void>()
      onClear = () => queueMicrotask(() => resolve(changes.heardByAll()))
      await current()
      await first
      await operator.query('select')
      assert.deepEqual(said, ['joined'])
      await changes.heardByAll()
      await operator.query('select')
      assert.deepEqual(said, ['joined', 'sync 1'])
    })

    test('trusts nothing that it has joined after it was closed', async () => {
      assert.equal(changes.isCurrent(), false)
      const closed = changes.close()
      mayConnect.resolve()
      await closed
      assert.equal(changes.isCurrent(), false)
      assert.equal(cleared, 0)
    })
  })

  test('that cannot listen trusts nothing, and its changes come to an end', async () => {
    const changes = createChanges({
      names: {},
      drop() {},
      clear() {},
      connect: () => Promise.reject(new Error('too many connections')),
    })
    assert.equal(changes.isCurrent(), false)
    await changes.heardByAll()
    await changes.close()
  })
})
