// Another process on the same database: does what it is told, and says what came of it.

import { postgres } from '../../src/stores/postgres.ts'
import { sqlite } from '../../src/stores/sqlite.ts'
import { createTestAuth } from '../fixtures.ts'

const [, , database = '', secretKey = ''] = process.argv
const store = database.startsWith('postgres:') ? postgres(database) : sqlite(database)
const auth = await createTestAuth({ store, secretKey })

/** What the other side asks for. */
export interface Task {
  /** Presented this often at the same time. */
  readonly refreshToken: string
  readonly times: number
  /** The session to end meanwhile. */
  readonly revoke?: string
}

/** The successors that were given out; null for a refusal. */
export type Outcome = readonly (string | null)[]

process.on('message', async ({ refreshToken, times, revoke }: Task) => {
  const refreshes = Array.from({ length: times }, () =>
    auth.sessions.refresh(refreshToken, 'client').then(
      (opened) => opened.refreshToken,
      () => null,
    ),
  )
  if (revoke !== undefined) await auth.sessions.end(revoke)
  const outcome: Outcome = await Promise.all(refreshes)
  process.send?.(outcome)
})
process.on('disconnect', () => auth.close())
process.send?.('ready')
