import { existsSync, readdirSync, readlinkSync } from 'node:fs'

/** How often this process has a file, or one beside it, open, where the system says so. */
export function openedTimes(file: string): number {
  if (!existsSync('/proc/self/fd')) return 0
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(file)
    } catch {
      return false
    }
  }).length
}
