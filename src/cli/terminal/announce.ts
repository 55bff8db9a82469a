import { hostname } from 'node:os'
import { paintGreeting } from './greeting.ts'

/**
 * Prints messages for the operator who started the server. In a terminal they are coloured lines.
 * Elsewhere they are lines of the log, whatever its level, so that all of standard output is JSON.
 */
export function announce(...lines: readonly string[]): void {
  const said = process.stdout.isTTY
    ? paintGreeting(lines)
    : lines.filter((line) => line !== '').map(logLineOf)
  console.log(said.join('\n'))
}

/** As pino writes one; 40 is a warning. */
function logLineOf(msg: string): string {
  const level = msg.startsWith('WARNING') ? 40 : 30
  return JSON.stringify({ level, time: Date.now(), pid: process.pid, hostname: hostname(), msg })
}
