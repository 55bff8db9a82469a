// A primary and a standby: the store finds whichever can be written.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { UnavailableError } from '../../src/core/errors.ts'
import type { Store } from '../../src/core/store.ts'
import { aSession, aUser } from '../../src/stores/contract/records.ts'
import { type PostgresOptions, postgres } from '../../src/stores/postgres/postgres.ts'
import { freePort, type PostgresServer, startPostgres, startStandby } from './postgres-server.ts'
import { startProxy } from './tcp-proxy.ts'
import { untilDone } from './until-done.ts'

let primary: PostgresServer | undefined
let standby: PostgresServer | undefined
let skip: string | false = false
try {
  primary = await startPostgres()
  standby = await startStandby(primary)
} catch (error) {
  skip = `not checked: PostgreSQL does not start here (${error})`
}
after(async () => {
  await primary?.remove()
  await standby?.remove()
})

/** A guard against waiting for ever. */
const timeout = 120_000

describe('several hosts in the URL', { skip, timeout }, () => {
  let ports: readonly [number, number]
  let nobody: number
  const open: Store[] = []

  before(async () => {
    assert.ok(primary && standby)
    ports = [primary.port, standby.port]
    nobody = await freePort()
    await primary.createDatabase('app')
    await using(primary.port, 'alter user postgres set synchronous_commit = remote_apply')
    await using(primary.port, "alter system set synchronous_standby_names = '*'")
    await using(primary.port, 'select pg_reload_conf()')
  })

  after(async () => {
    for (const store of open) await store.close()
  })

  function storeOn(hosts: readonly number[], parameters = '', options?: PostgresOptions): Store {
    const list = hosts.map((port) => `127.0.0.1:${port}`).join(',')
    const store = postgres(`postgres://postgres:postgres@${list}/app?${parameters}`, options)
    open.push(store)
    return store
  }

  test('the one that can be written is found, wherever it stands in the list', async () => {
    const [first, second] = ports
    for (const hosts of [
      [first, second],
      [second, first],
      [nobody, second, first],
    ]) {
      for (const attributes of ['', 'target_session_attrs=primary']) {
        const store = storeOn(hosts, attributes)
        await store.open()
        await store.users.create(aUser())
      }
    }
  })

  test('a host that swallows everything costs its share of the time, once', async () => {
    const silent = await startProxy(ports[0])
    await silent.switchTo('swallow')
    const store = storeOn(
      [silent.port, ports[0]],
      // So nobody else asks the host.
      'connect_timeout=4&target_session_attrs=any',
    )
    await store.open()
    await Promise.all(Array.from({ length: 20 }, () => store.users.create(aUser())))
    assert.equal(silent.accepted, 1)
    await silent.close()
  })

  test('where there is none, every host is named with what it says', async () => {
    const store = storeOn([ports[1], nobody], 'target_session_attrs=read-write')
    await assert.rejects(
      store.open(),
      (error) =>
        error instanceof UnavailableError &&
        error.message ===
          `The database cannot be used: 127.0.0.1:${ports[1]} is a standby, which cannot be written; 127.0.0.1:${nobody} refuses connections.`,
    )
  })

  test('a wrong password is not tried on the next host', async () => {
    const list = `127.0.0.1:${ports[0]},127.0.0.1:${nobody}`
    await assert.rejects(postgres(`postgres://postgres:canary@${list}/app`).open(), {
      name: 'StoreError',
      code: 'access_denied',
      message: `The database cannot be used: 127.0.0.1:${ports[0]} refuses the user or the password of the URL: correct them.`,
    })
  })

  test('any takes the first that answers, and a standby cannot be written', async () => {
    const store = storeOn([ports[1], ports[0]], 'target_session_attrs=any')
    await assert.rejects(
      store.users.create(aUser()),
      (error) =>
        error instanceof UnavailableError && /25006/.test(String(Object(error.cause).code)),
    )
  })

  test('a server that may not be written any more is left for one that may', async () => {
    const store = storeOn([ports[0]], 'target_session_attrs=read-write')
    const user = aUser()
    await store.users.create(user)
    await using(ports[0], 'alter system set default_transaction_read_only = on')
    await using(ports[0], 'select pg_reload_conf()')
    // A connection learns of it in its own time, and is given up when it does.
    const refused = await refusalOf(() => store.users.create(aUser()))
    assert.equal(Object(refused.cause).code, '25006')
    const { cause } = await refusalOf(() => store.users.create(aUser()))
    const says = `127.0.0.1:${ports[0]} can only be read (default_transaction_read_only)`
    assert.equal(Object(cause).message, says)

    await using(ports[0], 'alter system reset default_transaction_read_only')
    await using(ports[0], 'select pg_reload_conf()')
    await untilDone(() => store.users.create(aUser()))
    assert.deepEqual(await store.users.findById(user.id), user)
  })

  test('after the primary is gone and the standby promoted, the store goes on by itself (DD-07)', async () => {
    assert.ok(primary && standby)
    const store = storeOn(ports, '', { maxConnections: 4 })
    await store.open()
    const user = aUser()
    const session = aSession(user, { expiresAt: 4_000_000_000 })
    await store.users.create(user)
    await store.sessions.create(session)
    assert.equal(await store.sessions.revoke(session.id, 1_800_000_000), true)

    await primary.stop()
    await assert.rejects(async () => store.users.findById(user.id), UnavailableError)
    await assert.rejects(store.users.create(aUser()), UnavailableError)
    await using(standby.port, 'select pg_promote(true)')

    await untilDone(() => store.users.create(aUser()))
    assert.deepEqual(await store.users.findById(user.id), user)
    const subject = await store.findSubject(user.id, session.id)
    assert.equal(subject?.sessionStamp, null, 'the acknowledged revocation is in force')
    await Promise.all(Array.from({ length: 20 }, () => store.users.create(aUser())))
  })
})

/** Works until it is refused. */
async function refusalOf(work: () => Promise<unknown>): Promise<UnavailableError> {
  for (;;) {
    try {
      await work()
    } catch (error) {
      assert.ok(error instanceof UnavailableError, String(error))
      return error
    }
  }
}

/** Runs a statement as the operator of a server. */
async function using(port: number, statement: string): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: 'postgres',
    options: '-c default_transaction_read_only=off',
  })
  await client.connect()
  await client.query(statement)
  await client.end()
}
