// Another process on the same database: does what it is told, and says what came of it.

import { OAuthError, UnavailableError } from '../../src/core/errors.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'

const [, , database = '', secretKey = ''] = process.argv
const store = database.startsWith('postgres:') ? postgres(database) : sqlite(database)
// A clock that stands still, the same for all processes: however slow the machine is, what is presented
// at once is within the grace.
const auth = await createTestAuth({ store, secretKey, clock: createTestClock() })

/** What the other side asks for. */
export interface Task {
  /** Presented this often at the same time. */
  readonly refreshToken: string
  readonly times: number
  /** The session to end meanwhile, after so many of the presentations were begun. */
  readonly revoke?: { readonly sessionId: string; readonly after: number }
}

/** The successors that were given out; null for a refusal. */
export type Outcome = readonly (string | null)[]

async function presentOnce(refreshToken: string): Promise<string | null> {
  try {
    return (await auth.sessions.refresh(refreshToken, 'client')).refreshToken
  } catch (error) {
    if (error instanceof OAuthError && error.code === 'invalid_grant') return null
    // On a busy machine the database may not answer in time. A client then asks again.
    if (error instanceof UnavailableError) return await presentOnce(refreshToken)
    throw error
  }
}

process.on('message', async ({ refreshToken, times, revoke }: Task) => {
  const present = (often: number): Promise<string | null>[] =>
    Array.from({ length: often }, () => presentOnce(refreshToken))
  const before = revoke?.after ?? times
  const refreshes = present(before)
  const ended = revoke && auth.sessions.end(revoke.sessionId)
  refreshes.push(...present(times - before))
  await ended
  const outcome: Outcome = await Promise.all(refreshes)
  process.send?.(outcome)
})
process.on('disconnect', () => auth.close())
process.send?.('ready')
