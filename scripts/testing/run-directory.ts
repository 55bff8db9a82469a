// Where a run keeps all that it and its tests write, so that nothing of it is left behind.

import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const namePattern = /^portcullis-tests-(\d+)$/

/** Makes the directory of this process, and removes those of processes that were killed. */
export function createRunDirectory(parent: string = tmpdir()): string {
  for (const name of readdirSync(parent)) {
    const [, pid] = namePattern.exec(name) ?? []
    // A PostgreSQL that outlived its run ends by itself when it misses its directory.
    if (pid !== undefined && !isAlive(Number(pid))) removeRunDirectory(join(parent, name))
  }
  const directory = join(parent, `portcullis-tests-${process.pid}`)
  mkdirSync(directory)
  // PostgreSQL, which is another user where this is root, has a directory in it.
  chmodSync(directory, 0o711)
  return directory
}

export function removeRunDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
