import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { databaseFile } from '../../src/server/inspect-database.ts'
import { migrateDatabase } from '../../src/server/open-auth.ts'
import { readConfig } from '../../src/server/settings/config.ts'
import { findPrepared, runEnvironment } from '../prepared.ts'

/** The command as `npm start` runs it, without a build. */
export const sourceMain: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** That of the package that the run has built, which starts three times as fast, or else from source. */
export const main: string = findPrepared('package')?.concat('/dist/cli/main.js') ?? sourceMain

type Environment = Readonly<Record<string, string>>

/** A database without anything in it, made once: commands but `serve` and `migrate` make none. */
const emptyDatabase = await makeEmptyDatabase()

/** A directory to run commands in, removed at the end. */
export function createDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-cli-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A directory with an empty database in it, to run commands on; removed at the end. */
export function createInstallation(): string {
  const directory = createDirectory()
  mkdirSync(join(directory, 'data'), { mode: 0o700 })
  copyFileSync(emptyDatabase, join(directory, 'data/portcullis.db'))
  return directory
}

async function makeEmptyDatabase(): Promise<string> {
  const dataDirectory = join(createDirectory(), 'data')
  await migrateDatabase(readConfig({ DATA_DIR: dataDirectory }))
  return databaseFile(dataDirectory)
}

export interface StartOptions {
  /** Default: `main`. */
  readonly command?: string
  /** In a process group of its own, whose id is that of the process. */
  readonly detached?: boolean
}

/** Starts a command, with nothing of this process's environment but the path and what tells of the run. */
export function start(
  directory: string,
  words: readonly string[],
  environment: Environment = {},
  { command = main, detached = false }: StartOptions = {},
): ChildProcess {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [command, ...words], {
    cwd: directory,
    detached,
    env: { PATH, ...runEnvironment, PORT: '0', ...environment },
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  return child
}

/** What runs now. A test that has failed may leave its program behind, which would keep this process alive. */
const running = new Set<ChildProcess>()
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  after(() => {
    for (const child of running) child.kill('SIGKILL')
  })
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly environment?: Environment
  /** Default: `main`. */
  readonly command?: string
  /** With the line on standard error that names the database. Default false. */
  readonly naming?: boolean
}

/** Runs a command to its end. */
export async function run(
  directory: string,
  words: readonly string[],
  { input = '', environment = {}, command = main, naming = false }: RunOptions = {},
): Promise<Finished> {
  const child = start(directory, words, environment, { command })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  // A command that has refused to start reads nothing.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const [code] = await once(child, 'close')
  return { code, stdout, stderr: naming ? stderr : stderr.replace(/^Database: .*\n/, '') }
}

/** The rows of a table that a command printed, without its heading. */
export function rowsOf({ stdout }: Pick<Finished, 'stdout'>): readonly (readonly string[])[] {
  const [heading = '', ...rows] = stdout.trimEnd().split('\n')
  assert.match(heading, /^[A-Z]+( {1,}[A-Z]+)*$/)
  return rows.map((row) => row.split(/ {2,}/))
}

export interface Serving {
  readonly url: string
  readonly greeting: string
  readonly child: ChildProcess
  /** All that it and its workers have said, on both streams; lines of the log that have words alone, as these. */
  said(): string
  /** Resolves with the match when they have said something like this. */
  until(pattern: RegExp): Promise<RegExpMatchArray>
  /** Its exit code, when it and its workers have ended. */
  readonly exited: Promise<number | null>
  /** Tells it to stop, and waits for its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface ServeOptions extends StartOptions {
  /** What follows `serve` on the command line. */
  readonly words?: readonly string[]
}

/** Puts the words in the place of lines of the log that say nothing else, as it is without a terminal. */
export function inWords(log: string): string {
  const plain = /^\{"level":\d+,"time":\d+,"pid":\d+,"hostname":"[^"]*","msg":(".*")\}$/gm
  return log.replace(plain, (_line, words: string) => JSON.parse(words))
}

/** Runs `serve` until it listens. */
export async function serve(
  directory: string,
  environment: Environment = {},
  { words = [], ...options }: ServeOptions = {},
): Promise<Serving> {
  const given = { LOG_LEVEL: 'error', ...environment }
  const child = start(directory, ['serve', ...words], given, options)
  const exited = once(child, 'close').then(([code]) => code as number | null)
  const heard = new EventEmitter().setMaxListeners(0)
  let said = ''
  let stderr = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      said += chunk
      heard.emit('more')
    })
  }
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  // The greeting is one write, and so comes in one piece.
  const greeting = await new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk) => {
      if (String(chunk).includes('listens on')) resolve(inWords(String(chunk)))
    })
    exited.then(() => resolve(''))
  })
  const url = greeting.match(/listens on (http:\S+)/)?.[1]
  if (url === undefined) throw new Error(`serve did not start: ${stderr}`)
  return {
    url,
    greeting,
    child,
    said: () => inWords(said),
    async until(pattern) {
      const ended = exited.then(() => true)
      for (let over = false; ; ) {
        const match = inWords(said).match(pattern)
        if (match) return match
        if (over) throw new Error(`${pattern} was not said: ${said}`)
        over = await Promise.race([once(heard, 'more').then(() => false), ended])
      }
    },
    exited,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return await exited
    },
  }
}
