import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type PostgresServer } from './postgres-server.ts'

/** Lines of its section `[pgbouncer]`. */
export type PgbouncerSettings = Readonly<Record<string, string>>

/** A real PgBouncer, in front of a server. */
export interface Pgbouncer {
  /** The URL of a database of the server, by way of it. */
  urlOf(url: string): string
  stop(): Promise<void>
}

/** Why the tests that need one are skipped, which is said aloud; false where the program is installed. */
export async function pgbouncerMissing(): Promise<string | false> {
  const program = spawn('pgbouncer', ['--version'], { stdio: 'ignore' })
  return await new Promise((resolve) => {
    program.once('error', () => resolve('not checked: the program pgbouncer is not installed'))
    program.once('exit', () => resolve(false))
  })
}

/** Starts one. It lets everybody in, and knows the server's password. */
export async function startPgbouncer(
  server: Pick<PostgresServer, 'port'>,
  settings: PgbouncerSettings,
): Promise<Pgbouncer> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-pgbouncer-'))
  const file = join(directory, 'pgbouncer.ini')
  const all = { listen_addr: '127.0.0.1', listen_port: port, unix_socket_dir: '', ...settings }
  const lines = Object.entries({ auth_type: 'any', ...all }).map(
    ([name, value]) => `${name} = ${value}`,
  )
  writeFileSync(
    file,
    `[databases]
* = host=127.0.0.1 port=${server.port} user=postgres password=postgres
[pgbouncer]
${lines.join('\n')}
`,
  )
  // It does not run as root, which a container often is.
  chmodSync(directory, 0o755)
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const program = spawn('pgbouncer', [...user, file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exit = once(program, 'exit')
  let said = ''
  await new Promise<void>((resolve, reject) => {
    program.stderr.on('data', (chunk) => {
      said += chunk
      if (said.includes('process up')) resolve()
    })
    exit.then(() => reject(new Error(said)), reject)
  })
  return {
    urlOf(url) {
      const nearer = new URL(url)
      nearer.port = String(port)
      return nearer.href
    },
    async stop() {
      program.kill('SIGKILL')
      await exit
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
