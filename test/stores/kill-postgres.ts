// kill -9 of a PostgreSQL server.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { PostgresServer } from './postgres-server.ts'

/**
 * Kills the processes of a server, none of which gets to finish anything.
 *
 * @param url One of its databases, to ask for the processes.
 */
export async function killPostgres({ directory }: PostgresServer, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query('select pid from pg_stat_activity')
  const [first] = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')
  const ended = new Promise<void>((resolve) => client.once('end', resolve))
  // The first makes all others, so none is made meanwhile.
  for (const pid of [Number(first), ...rows.map((row) => Number(row.pid))]) kill(pid)
  await ended
}

/** Starts a server that was killed. What is left of it keeps its memory and its port for a moment. */
export async function startAgain(server: PostgresServer): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.start()
    } catch (error) {
      if (attempt === 100) throw new Error('PostgreSQL does not start', { cause: error })
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It saw that the first was gone, and ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
