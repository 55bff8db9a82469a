import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { promisify } from 'node:util'

/** As `nice` counts: a third of the time of a core that the thread which answers requests wants too. */
const niceness = 5

/**
 * Lets the threads that hash passwords stand back for the one that answers requests, so that a login
 * storm on all cores costs logins, and not guarded requests. Changes nothing but on Linux, where
 * threads have priorities of their own.
 *
 * They are Node.js's threads for work of all kinds: signatures and files stand back with them.
 */
export async function lowerHashPriority(): Promise<void> {
  if (process.platform !== 'linux') return
  // They are all made for the first work that there is.
  await promisify(randomBytes)(1)
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim()
      if (name === 'libuv-worker') setPriority(Number(thread), niceness)
    }
  } catch {
    // A container that hides its processes goes without.
  }
}
