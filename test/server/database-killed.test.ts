// The database's processes are killed, and its connections cut, while clients are at work: 503, nothing
// acknowledged is lost, and the server is itself again without a restart.
// A longer run: ROUNDS=50 node --test test/server/database-killed.test.ts

import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import pg from 'pg'
import { buildApp } from '../../src/server/app.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { killPostgres, killPostmaster, startAgain } from '../stores/kill-postgres.ts'
import {
  type PostgresServer,
  startPostgresOrSkip,
  startStandby,
} from '../stores/postgres-server.ts'
import { login } from './fixtures.ts'
import { audit, type Servers, startClients } from './steady-clients.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

const rounds = Number(process.env.ROUNDS ?? 3)
/** A guard against an answer that never comes, in milliseconds. */
const timeout = 300_000 + rounds * 60_000

/** Two servers on one database. */
async function startServers(t: TestContext, url: string): Promise<Servers> {
  const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'
  const start = async () => {
    const store = postgres(url, { maxConnections: 4, connectionTimeout: 1 })
    const auth = await createTestAuth({ store, secretKey, sessions: { refreshGrace: 300 } })
    const app = await buildApp({ auth })
    t.after(async () => {
      await app.close()
      await auth.close()
    })
    return { auth, app }
  }
  const [{ auth, app: here }, { app: there }] = [await start(), await start()]
  await auth.users.create({ username: 'root', password: goodPassword, role: 'admin' })
  const admin: string = (await login(here, 'root')).json().access_token
  return { here, there, admin }
}

describe('while clients are at work', { skip, timeout }, () => {
  /** Runs statements as the operator, as soon as there is a server. */
  async function operate(url: string, text: string): Promise<pg.QueryResult> {
    for (;;) {
      const client = new pg.Client({ connectionString: url })
      client.on('error', () => {})
      try {
        await client.connect()
        return await client.query(text)
      } catch (error) {
        // Not there yet, or it was itself the victim.
        const { code = '' } = error as { code?: string }
        assert.match(code, /^(ECONN.*|57P0\d|08.*|)$/, String(error))
      } finally {
        await client.end()
      }
    }
  }

  test(`a process of PostgreSQL is killed, and with it every connection, ${rounds} times (DD-01, DD-05)`, async (t) => {
    const url = (await server?.createDatabase('backend')) ?? ''
    const servers = await startServers(t, url)
    const clients = startClients(servers)
    for (let round = 0; round < rounds; round++) {
      await clients.served()
      const { rows } = await operate(
        url,
        `select pid from pg_stat_activity where datname = current_database()
          and application_name = 'portcullis' limit 1`,
      )
      process.kill(Number(rows[0].pid), 'SIGKILL')
      await clients.refused()
      await clients.served()
    }
    await clients.stop()
    await audit(clients.told, servers, url)
    t.diagnostic(summary(clients.told))
  })

  test(`the postmaster is killed, and started again later, ${rounds} times (DD-01, DD-05)`, async (t) => {
    assert.ok(server)
    const url = await server.createDatabase('postmaster')
    const servers = await startServers(t, url)
    const clients = startClients(servers)
    for (let round = 0; round < rounds; round++) {
      await clients.served()
      killPostmaster(server)
      await clients.refused()
      await startAgain(server)
      await clients.served()
    }
    await clients.stop()
    await audit(clients.told, servers, url)
    t.diagnostic(summary(clients.told))
  })

  test('every connection is ended again and again, those that listen for changes too (DD-05, SR-09)', async (t) => {
    const url = (await server?.createDatabase('connections')) ?? ''
    const servers = await startServers(t, url)
    const clients = startClients(servers)
    const end = (which: string): Promise<pg.QueryResult> =>
      operate(
        url,
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and ${which}`,
      )
    for (let round = 0; round < 3 * rounds; round++) {
      await clients.served()
      await end('true')
    }
    // None listens for long: what is cached must not outlive a log-out that nobody is told of.
    let ended = 0
    for (let round = 0; round < 10 * rounds; round++) {
      ended += (await end("application_name = 'portcullis cache'")).rowCount ?? 0
      // Faster than they begin to listen again, no log-out would ever be acknowledged.
      await clients.loggedOut()
    }
    assert.ok(ended > 0)
    await clients.served()
    await clients.stop()
    await audit(clients.told, servers, url)
    t.diagnostic(`${summary(clients.told)}, ${ended} listeners ended`)
  })

  test('the primary is killed, and the standby promoted: no log-out and no user is lost (DD-07, SR-09)', async (t) => {
    assert.ok(server)
    const primary: PostgresServer = server
    await primary.createDatabase('failover')
    const standby = await startStandby(primary)
    t.after(() => standby.remove())
    const at = (...ports: readonly number[]): string =>
      `postgres://postgres:postgres@${ports.map((port) => `127.0.0.1:${port}`)}/failover`
    for (const statement of [
      'alter database failover set synchronous_commit = remote_apply',
      "alter system set synchronous_standby_names = '*'",
      'select pg_reload_conf()',
    ]) {
      await operate(at(primary.port), statement)
    }
    const servers = await startServers(t, at(primary.port, standby.port))
    const clients = startClients(servers)
    await clients.served()
    // What the standby does not have is not acknowledged, so that the primary may die with it.
    await standby.stop()
    await clients.refused()
    await killPostgres(primary, at(primary.port))
    await standby.start()
    await operate(at(standby.port), 'select pg_promote(true)')
    await clients.served()
    await clients.stop()
    await audit(clients.told, servers, at(standby.port))
    t.diagnostic(summary(clients.told))
  })
})

function summary({
  users,
  living,
  ended,
  refusals,
}: ReturnType<typeof startClients>['told']): string {
  return `${users.length} users, ${living.length + ended.length} logins and ${ended.length} log-outs were acknowledged, ${refusals} requests were answered with 503`
}
