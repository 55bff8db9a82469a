// The programs of a cluster: where they are, how they are started, and how all of them are ended.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Debian keeps several versions, and none of them on the path. */
export const postgresPrograms: string =
  globSync('/usr/lib/postgresql/*/bin')
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
    .at(-1) ?? ''

/** PATRONI in the environment names another version than the installed one. */
export const patroni: string = process.env.PATRONI ?? 'patroni'

/** Those that are not installed here, and on what they are. */
export function missingPrograms(): readonly string[] {
  const missing = ['etcd', 'haproxy', patroni, 'pgbouncer'].filter(
    (name) => spawnSync(name, ['--version'], { ...owner, stdio: 'ignore' }).error !== undefined,
  )
  if (postgresPrograms === '') missing.push('postgresql')
  // Which process serves a connection, and the children of a process, are read there.
  if (!existsSync('/proc/net/tcp')) missing.push('Linux')
  return missing
}

/** Root, which a container often is, may not run PostgreSQL. */
export const owner: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}

function idOf(which: string): number {
  return Number(spawnSync('id', [which, 'postgres'], { encoding: 'utf8' }).stdout)
}

const running = new Set<ChildProcess>()

/** Starts a program; what it says goes to a file of its directory. */
export function startProgram(
  directory: string,
  program: string,
  words: readonly string[],
  name: string = program,
): number {
  const log = openSync(join(directory, `${name}.log`), 'a')
  const child = spawn(program, words, {
    ...{ cwd: directory, ...owner, stdio: ['ignore', log, log] },
    env: { PATH: process.env.PATH, HOME: directory, LANG: 'C.UTF-8' },
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  return child.pid ?? 0
}

/** Ends all that were started, even those that are frozen. */
export async function endPrograms(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    }),
  )
}

/** The processes that a process has started itself. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Sends a signal to processes, some of which may have ended. */
export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
