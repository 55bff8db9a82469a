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
export async function killPostgres(server: PostgresServer, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query('select pid from pg_stat_activity')
  const ended = new Promise<void>((resolve) => client.once('end', resolve))
  // It makes all others, so none is made meanwhile.
  killPostmaster(server)
  for (const { pid } of rows) kill(Number(pid))
  await ended
}

/** Kills the first process of a server. The others end by themselves as soon as they notice. */
export function killPostmaster({ directory }: PostgresServer): void {
  const [pid] = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')
  kill(Number(pid))
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
