import type { Auth } from '../core/auth.ts'
import { readConfig, readEnvironment } from '../server/config.ts'
import { openAuth } from '../server/open-auth.ts'

/** Opens the database of the configuration for the work of one command, and closes it after. */
export async function withAuth(work: (auth: Auth) => Promise<void>): Promise<void> {
  const auth = await openAuth(readConfig(readEnvironment()))
  try {
    await work(auth)
  } finally {
    await auth.close()
  }
}
