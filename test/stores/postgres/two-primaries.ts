import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'
import { type PostgresServer, startPostgres, startStandby } from '../postgres-server.ts'

/** A primary, and a standby that can be promoted while nobody stops the primary. */
export interface TwoPrimaries {
  readonly older: PostgresServer
  readonly newer: PostgresServer
  /** When the standby has all that was written. Returns when it accepts writes. */
  promote(): Promise<void>
  /** Lets every process of the older one stand still. */
  stop(): Promise<void>
  goOn(): void
  remove(): Promise<void>
}

/** Starts the two, with a database `app`. */
export async function startTwoPrimaries(): Promise<TwoPrimaries> {
  const older = await startPostgres()
  await older.createDatabase('app')
  const newer = await startStandby(older)
  let stopped: readonly number[] = []

  function goOn(): void {
    for (const pid of stopped) process.kill(pid, 'SIGCONT')
    stopped = []
  }

  return {
    older,
    newer,
    async promote() {
      const [written] = await ask<{ lsn: string }>(older, 'select pg_current_wal_lsn() as lsn')
      const arrived = `select pg_last_wal_replay_lsn() >= '${written?.lsn}' as ok`
      // A standby cancels what is in the way of its recovery, also a question.
      const hasArrived = () => ask<{ ok: boolean }>(newer, arrived).catch(() => [])
      while (!(await hasArrived())[0]?.ok) await turn()
      await ask(newer, 'select pg_promote(true)')
    },
    async stop() {
      const [first] = readFileSync(join(older.directory, 'postmaster.pid'), 'utf8').split('\n')
      const others = await ask<{ pid: number }>(
        older,
        'select pid from pg_stat_activity where pid <> pg_backend_pid()',
      )
      stopped = [Number(first), ...others.map(({ pid }) => pid)]
      for (const pid of stopped) process.kill(pid, 'SIGSTOP')
    },
    goOn,
    async remove() {
      goOn()
      await newer.remove()
      await older.remove()
    },
  }
}

/** Asks as the operator of a server. */
export async function ask<Row extends pg.QueryResultRow>(
  { port }: PostgresServer,
  statement: string,
): Promise<readonly Row[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: 'postgres',
    database: 'app',
  })
  await client.connect()
  try {
    const { rows } = await client.query<Row>(statement)
    return rows
  } finally {
    await client.end()
  }
}
