import { userInfo } from 'node:os'
import type { Auth } from '../core/auth.ts'
import type { Actor } from '../core/events/events.ts'
import { openAuth } from '../server/open-auth.ts'
import { readConfig } from '../server/settings/config.ts'
import { readEnvironment } from '../server/settings/environment.ts'
import type { Config } from '../server/settings/settings.ts'

/**
 * Opens the database of the configuration for the work of one command, and closes it after. `by` names
 * the user who runs the command, for the events.
 */
export async function withAuth<T>(work: (auth: Auth, by: Actor) => Promise<T>): Promise<T> {
  return await using(readConfig(readEnvironment()), work)
}

/**
 * The same, with the issuer that the server was started with, where nothing here names one: a `PORT` of
 * the server's environment is not in that of the command.
 */
export async function withServersAuth<T>(work: (auth: Auth, by: Actor) => Promise<T>): Promise<T> {
  const environment = readEnvironment()
  const config = readConfig(environment)
  if (environment.ISSUER || environment.PORT) return await using(config, work)
  const issuer = await using(config, async ({ events }) => {
    const [start] = await events.list({ type: 'sys_startup', limit: 1 })
    return start?.details?.issuer
  })
  if (typeof issuer !== 'string' || issuer === config.issuer) return await using(config, work)
  return await using(
    readConfig({ ...environment, ISSUER: issuer, ALLOW_INSECURE_ISSUER: 'true' }),
    work,
  )
}

async function using<T>(config: Config, work: (auth: Auth, by: Actor) => Promise<T>): Promise<T> {
  const auth = await openAuth(config)
  try {
    return await work(auth, whoRunsThis())
  } finally {
    await auth.close()
  }
}

/** The user who runs this command, for the events. */
export function whoRunsThis(): Actor {
  return { actor: `cli:${systemUser()}` }
}

/** The name of the user who runs this process, or their number if the system knows no name. */
function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
