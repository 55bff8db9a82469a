// The server as it is run, in a process of its own, with users that were put into its database before.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Auth, createAuth } from '../src/core/auth.ts'
import type { Clock } from '../src/core/clock.ts'
import { postgres } from '../src/stores/postgres/postgres.ts'
import { sqlite } from '../src/stores/sqlite/sqlite.ts'
import { compileCommand } from './compiled.ts'

/** Long enough for the policy, and no secret. */
export const password = 'vivid harbor ladle ox'

export interface Serving {
  readonly url: string
  readonly metricsUrl: string
  readonly pid: number
  stop(): Promise<void>
}

interface ServingOptions {
  readonly clock?: Clock
  readonly databaseUrl?: string
  readonly nodeOptions?: string
}

/**
 * Starts `serve`, compiled, with metrics, behind a proxy on this machine: so every request may say where
 * it comes from.
 *
 * @param fill Makes users; by this clock, if the throttle is to think that it is another time.
 * @param options A PostgreSQL database, if it is not to be SQLite; options of Node.js.
 */
export async function startServing(
  fill: (auth: Auth) => Promise<void>,
  { clock, databaseUrl, nodeOptions }: ServingOptions = {},
): Promise<Serving> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  mkdirSync(join(directory, 'data'), { mode: 0o700 })
  const keyEncryptionKey = randomBytes(32)
  const auth = await createAuth({
    store: databaseUrl ? postgres(databaseUrl) : sqlite(join(directory, 'data', 'portcullis.db')),
    keyEncryptionKey,
    ...(clock && { clock }),
  })
  await fill(auth)
  await auth.close()
  const server = spawn(process.execPath, [compileCommand(), 'serve'], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      ...{ PORT: '0', METRICS_PORT: '0', TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'error' },
      KEY_ENCRYPTION_KEY: keyEncryptionKey.toString('hex'),
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      ...(nodeOptions && { NODE_OPTIONS: nodeOptions }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const greeting = await firstWords(server)
  const find = (pattern: RegExp): string => pattern.exec(greeting)?.[1] ?? ''
  return {
    url: find(/listens on ([^\s"]+)/),
    metricsUrl: find(/Metrics: +([^\s"]+)/),
    pid: server.pid ?? 0,
    async stop() {
      const ended = once(server, 'close')
      server.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function firstWords({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('The server has no output.')
  for await (const chunk of stdout) if (String(chunk).includes('listens on')) return String(chunk)
  throw new Error('The server did not start.')
}

/** The address of a source, of some sixteen million. */
export function sourceOf(number: number): string {
  return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
}

/** A metric of a server: the sum of its series whose labels have this text in them. */
export async function readMetric(url: string, name: string, labels = ''): Promise<number> {
  const page = await (await fetch(url)).text()
  return page
    .split('\n')
    .filter((line) => /^[^{ ]+/.exec(line)?.[0] === name && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** Bytes that a process has in memory. Linux alone tells. */
export function residentMemoryOf(pid: number): number {
  const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) * 1024
}

/** Keeps the measurements, for later comparison. */
export function writeResult(name: string, result: object): void {
  const directory = join(import.meta.dirname, 'results')
  mkdirSync(directory, { recursive: true })
  const file = join(directory, `${name}.json`)
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
  console.log(`\n${file}`)
}
