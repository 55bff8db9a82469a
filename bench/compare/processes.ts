// Processes that are measured, or that measure, each on the cores that it is given.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'

/** Where a process may run: the server on one core and the load on another, or both on all. */
export type Place = 'server' | 'load' | 'anywhere'

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** Whether servers and load have a core each. */
export const pinning: string = canPin ? 'server on core 0, load on core 1' : 'none'

/** A command, put where it may run. */
export function place(command: readonly string[], where: Place): readonly string[] {
  if (!canPin || where === 'anywhere') return command
  return ['taskset', '-c', where === 'server' ? '0' : '1', ...command]
}

/** Puts this process on the core of the load. */
export function pinSelf(): void {
  if (canPin) spawnSync('taskset', ['-apc', '1', String(process.pid)])
}

export interface Started {
  readonly url: string
  readonly child: ChildProcess
  /** What it said until it told where it listens. */
  readonly said: string
  /** Milliseconds until then. */
  readonly took: number
  stop(): Promise<void>
}

export interface Command {
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly directory?: string
}

/** Starts a server, and waits until it says where it listens. */
export async function startServer(
  { command, environment = {}, directory }: Command,
  where: Place,
): Promise<Started> {
  const [file = '', ...words] = place(command, where)
  const began = performance.now()
  const child = spawn(file, words, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...environment },
    ...(directory !== undefined && { cwd: directory }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      said += chunk
      const match = /http:\/\/127\.0\.0\.1:\d+/.exec(said)
      if (match) resolve(match[0])
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', reject)
    ended.then(() => reject(new Error(`${command.join(' ')} did not start: ${said}`)))
  })
  return {
    url,
    child,
    said,
    took: performance.now() - began,
    async stop() {
      child.kill('SIGTERM')
      // A peer that waits for its connections is not waited for.
      const late = setTimeout(() => child.kill('SIGKILL'), 2000)
      await ended
      clearTimeout(late)
    },
  }
}

/** Runs a command to its end, and returns what it printed. */
export async function runCommand(
  command: readonly string[],
  where: Place = 'anywhere',
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const [file = '', ...words] = place(command, where)
  const child = spawn(file, words, { env: { ...process.env, ...environment } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr || stdout}`)
  return stdout
}
