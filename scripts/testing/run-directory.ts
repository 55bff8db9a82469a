// Where a run keeps all that it and its tests write, so that nothing of it is left behind.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const namePattern = /^portcullis-tests-(\d+)$/

/** Makes the directory of this process, and removes those of processes that were killed. */
export function createRunDirectory(parent: string = tmpdir()): string {
  for (const name of readdirSync(parent)) {
    const [, pid] = namePattern.exec(name) ?? []
    if (pid !== undefined && !isAlive(Number(pid))) removeRunDirectory(join(parent, name))
  }
  const directory = join(parent, `portcullis-tests-${process.pid}`)
  mkdirSync(directory)
  // PostgreSQL, which is another user where this is root, has a directory in it.
  chmodSync(directory, 0o711)
  return directory
}

/** Removes all that a run wrote, and ends the programs that its tests started and could not end any more. */
export function removeRunDirectory(directory: string): void {
  endProgramsIn(directory)
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

/** Kills whatever works in the directory or was started from it; nothing where there is no /proc. */
function endProgramsIn(directory: string): void {
  if (!existsSync('/proc/self/cwd')) return
  for (const pid of readdirSync('/proc').map(Number)) {
    if (!(pid > 0) || pid === process.pid) continue
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      const place = readlinkSync(`/proc/${pid}/cwd`)
      if (`${place}/`.startsWith(`${directory}/`) || words.includes(`${directory}/`)) {
        process.kill(pid, 'SIGKILL')
      }
    } catch {
      // The process has ended meanwhile, or belongs to another user.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
