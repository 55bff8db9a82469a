import { randomBytes } from 'node:crypto'

/**
 * Numbers the requests of a process, under a name that no other process has, nor the same one after its next
 * start: events are kept, and lines of their requests are looked for in the log of all processes.
 */
export function createRequestIds(): () => string {
  const process = randomBytes(6).toString('base64url')
  let requests = 0
  return () => `${process}-${(++requests).toString(36)}`
}
