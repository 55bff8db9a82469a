// A machine of the cluster: PostgreSQL, and the Patroni that looks after it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../../test/stores/postgres-server.ts'
import { childrenOf, patroni, postgresPrograms, signal, startProgram } from './programs.ts'

/** What of a machine stands still or is killed. */
export type Part = 'patroni' | 'postgres' | 'all'

export interface Machine {
  readonly name: string
  /** Of PostgreSQL. */
  readonly port: number
  /** Where Patroni answers. */
  readonly api: string
  /** Stops processes in the middle of what they do, so that nobody hears of it. */
  freeze(part: Part): void
  thaw(): void
  /** As if it had lost its power. */
  kill(): void
  /** Asks its PostgreSQL, as a superuser. */
  ask(statement: string, database?: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Whether its PostgreSQL takes writes. */
  isWritable(): Promise<boolean>
}

/** The superuser, which is Patroni's. The role of the servers is an ordinary one. */
const superuser = 'patroni'

/** Starts Patroni, which makes the database or copies that of the primary. */
export async function startMachine(name: string, home: string, etcdPort: number): Promise<Machine> {
  const [port, apiPort] = [await freePort(), await freePort()]
  const data = join(home, `${name}-data`)
  const file = join(home, `${name}.json`)
  writeFileSync(file, JSON.stringify(configuration({ name, home, data, port, apiPort, etcdPort })))
  const supervisor = startProgram(home, patroni, [file], name)

  function postgres(): readonly number[] {
    try {
      const [pid] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
      return [Number(pid), ...childrenOf(Number(pid))]
    } catch {
      return []
    }
  }
  const pids = (part: Part): readonly number[] => [
    ...(part === 'postgres' ? [] : [supervisor, ...childrenOf(supervisor)]),
    ...(part === 'patroni' ? [] : postgres()),
  ]

  const ask: Machine['ask'] = async (statement, database = 'postgres') => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: superuser, database })
    client.on('error', () => {})
    await client.connect()
    return (await client.query(statement).finally(() => client.end())).rows
  }

  return {
    ...{ name, port, api: `http://127.0.0.1:${apiPort}`, ask },
    freeze(part) {
      // The first is the one that starts others; those that it has started meanwhile are stopped, too.
      signal(pids(part), 'SIGSTOP')
      signal(pids(part), 'SIGSTOP')
    },
    thaw: () => signal(pids('all'), 'SIGCONT'),
    kill: () => signal(pids('all'), 'SIGKILL'),
    async isWritable() {
      const [row] = await ask('select pg_is_in_recovery() as standby')
      return row?.standby === false
    },
  }
}

interface Place {
  readonly name: string
  readonly home: string
  readonly data: string
  readonly port: number
  readonly apiPort: number
  readonly etcdPort: number
}

/** Patroni's, with its own defaults of times. JSON is YAML, too. */
function configuration({ name, home, data, port, apiPort, etcdPort }: Place): object {
  const listen = `127.0.0.1:${apiPort}`
  const trusted = ['local all all trust', 'host all all 127.0.0.1/32 trust']
  return {
    ...{ scope: 'drills', name },
    restapi: { listen, connect_address: listen },
    etcd3: { host: `127.0.0.1:${etcdPort}` },
    bootstrap: {
      dcs: {
        ...{ ttl: 30, loop_wait: 10, retry_timeout: 10, synchronous_mode: true },
        postgresql: { use_pg_rewind: true, use_slots: true },
      },
      initdb: [{ encoding: 'UTF8' }, 'data-checksums'],
    },
    postgresql: {
      ...{ data_dir: data, bin_dir: postgresPrograms, pgpass: join(home, `${name}.pgpass`) },
      ...{ listen: `127.0.0.1:${port}`, connect_address: `127.0.0.1:${port}` },
      authentication: {
        superuser: { username: superuser, password: 'trusted' },
        replication: { username: 'replicator', password: 'trusted' },
      },
      parameters: { unix_socket_directories: home, max_connections: 100, wal_log_hints: 'on' },
      pg_hba: [...trusted, 'host replication all 127.0.0.1/32 trust'],
    },
  }
}
