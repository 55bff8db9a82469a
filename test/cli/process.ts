import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

type Environment = Readonly<Record<string, string>>

/** A directory to run commands in, removed at the end. */
export function createDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-cli-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Starts a command, with nothing of this process's environment but the path. */
export function start(
  directory: string,
  words: readonly string[],
  environment: Environment = {},
): ChildProcess {
  const { PATH = '' } = process.env
  return spawn(process.execPath, [main, ...words], {
    cwd: directory,
    env: { PATH, PORT: '0', HOST: '127.0.0.1', ...environment },
  })
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. */
export async function run(
  directory: string,
  words: readonly string[],
  { input = '', environment = {} }: { input?: string; environment?: Environment } = {},
): Promise<Finished> {
  const child = start(directory, words, environment)
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
  return { code, stdout, stderr }
}

export interface Serving {
  readonly url: string
  readonly greeting: string
  readonly child: ChildProcess
  /** Tells it to stop, and waits for its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Runs `serve` until it listens. */
export async function serve(directory: string, environment: Environment = {}): Promise<Serving> {
  const child = start(directory, ['serve'], { LOG_LEVEL: 'error', ...environment })
  const exited = once(child, 'close')
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  // The greeting is one write, and so comes in one piece.
  const greeting = await new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk) => {
      if (String(chunk).includes('listens on')) resolve(String(chunk))
    })
    exited.then(() => resolve(''))
  })
  const url = greeting.match(/http:\S+/)?.[0]
  if (url === undefined) throw new Error(`serve did not start: ${stderr}`)
  return {
    url,
    greeting,
    child,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const [code] = await exited
      return code
    },
  }
}
