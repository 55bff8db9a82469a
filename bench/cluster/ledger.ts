// What was acknowledged to clients, and what was accepted against it.

import { decodeJwt } from 'jose'
import type { Machine } from './machine.ts'

export interface Session {
  accessToken: string
  refreshToken: string
}

/** A session whose log-out was acknowledged. */
export interface Ended extends Session {
  readonly at: number
}

/** A user whose role is changed again and again. */
export interface Changing {
  readonly id: string
  readonly accessToken: string
  /** The acknowledged one; and the next, while a change is on its way or has got no answer. */
  possible: readonly string[]
  /** How many changes were begun and ended: an answer from across one of them tells nothing. */
  changes: number
}

export type Wrong = 'ended token' | 'refresh token of an ended session' | 'old role'

export interface Ledger {
  readonly ended: Ended[]
  readonly changing: Changing[]
  /** What was accepted though the opposite had been acknowledged before it was asked. */
  readonly accepted: { readonly what: Wrong; readonly at: number }[]
  /** Clients whose refresh token was refused although they had not logged out. */
  loggedOut: number
  /** Access tokens of live sessions that were refused. */
  refusedAlive: number
}

export function createLedger(): Ledger {
  return { ended: [], changing: [], accepted: [], loggedOut: 0, refusedAlive: 0 }
}

/** Log-outs acknowledged since an instant that a machine knows nothing of. */
export async function countWithoutEffect(
  { ended }: Ledger,
  machine: Machine,
  since: number,
): Promise<readonly [without: number, all: number]> {
  const acknowledged = ended.filter(({ at }) => at > since)
  const rows = await machine.ask('select id from sessions where revoked_at is not null', 'drills')
  const revoked = new Set(rows.map(({ id }) => id))
  const without = acknowledged.filter(({ accessToken }) => !revoked.has(decodeJwt(accessToken).sid))
  return [without.length, acknowledged.length]
}
