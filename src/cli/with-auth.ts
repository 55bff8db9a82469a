import { userInfo } from 'node:os'
import type { Auth } from '../core/auth.ts'
import type { Actor } from '../core/events/events.ts'
import { openAuth } from '../server/open-auth.ts'
import { readConfig } from '../server/settings/config.ts'
import { readEnvironment } from '../server/settings/environment.ts'

/**
 * Opens the database of the configuration for the work of one command, and closes it after. `by` is
 * who runs the command, for the events.
 */
export async function withAuth(work: (auth: Auth, by: Actor) => Promise<void>): Promise<void> {
  const auth = await openAuth(readConfig(readEnvironment()))
  try {
    await work(auth, whoRunsThis())
  } finally {
    await auth.close()
  }
}

/** Who runs this command, for the events. */
export function whoRunsThis(): Actor {
  return { actor: `cli:${systemUser()}` }
}

/** The name of whoever runs this, or their number where the system has no name for it. */
function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
