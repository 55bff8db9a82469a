// Another process on the same database: exchanges a code as often as it is told, and says what came of it.

import { UnavailableError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestClock } from '../fixtures.ts'
import { createRelyingParty } from '../http/authorization/relying-party.ts'

const [, , database = '', keyEncryptionKey = ''] = process.argv
const store = database.startsWith('postgres:') ? postgres(database) : sqlite(database)
// A clock that stands still, the same for all processes: however slow the machine is, a code is live.
const party = await createRelyingParty({
  ...{ store, clock: createTestClock() },
  keyEncryptionKey: Buffer.from(keyEncryptionKey, 'hex'),
})

/** What the other side asks for. */
export interface Exchanges {
  readonly code: string
  readonly codeVerifier: string
  /** Presented this often at the same time. */
  readonly times: number
  /** The browser session to end meanwhile, after so many of them were begun. */
  readonly end?: { readonly sessionId: string; readonly after: number }
}

/** The session that each opened; the error for a refusal. */
export type Exchanged = readonly { readonly sessionId?: string; readonly error?: string }[]

async function exchangeOnce(code: string, codeVerifier: string): Promise<Exchanged[number]> {
  const { status, body } = await party.exchange(code, { code_verifier: codeVerifier })
  // On a busy machine the database may not answer in time. A client then asks again.
  if (status === 503) return await exchangeOnce(code, codeVerifier)
  if (status !== 200) return { error: String(body.error) }
  const token = await party.auth.accessTokens.verify(String(body.access_token))
  return { sessionId: String(token?.claims.sid) }
}

async function endOf(sessionId: string): Promise<void> {
  try {
    await party.auth[internals].hosted?.authorization.browserSessions.end(sessionId)
  } catch (error) {
    if (error instanceof UnavailableError) await endOf(sessionId)
    else throw error
  }
}

process.on('message', async ({ code, codeVerifier, times, end }: Exchanges) => {
  const before = end?.after ?? times
  const begin = (often: number) =>
    Array.from({ length: often }, () => exchangeOnce(code, codeVerifier))
  const exchanges = begin(before)
  const ended = end && endOf(end.sessionId)
  exchanges.push(...begin(times - before))
  await ended
  const outcome: Exchanged = await Promise.all(exchanges)
  process.send?.(outcome)
})
process.on('disconnect', () => party.auth.close())
process.send?.('ready')
