import type { UserRecord } from '../src/core/users/user-store.ts'
import type { Database } from './database.ts'
import { type Fate, makeSession, makeUser } from './rows.ts'

const chunk = 10_000

/** Fills a database up to so many users, on top of those that it has. */
export async function fillUsers(
  database: Database,
  users: UserRecord[],
  upTo: number,
  of: number,
): Promise<void> {
  while (users.length < upTo) {
    const size = Math.min(chunk, upTo - users.length)
    const next = Array.from({ length: size }, (_, index) =>
      makeUser({ number: users.length + index, of }),
    )
    await database.addUsers(next)
    users.push(...next)
  }
}

/** Adds the sessions from one number to another, each of some user, with the fates in turn. */
export async function fillSessions(
  database: Database,
  users: readonly UserRecord[],
  {
    from,
    to,
    of,
    fates = ['live'],
  }: { from: number; to: number; of: number; fates?: readonly Fate[] },
): Promise<void> {
  for (let first = from; first < to; first += chunk) {
    const size = Math.min(chunk, to - first)
    const next = Array.from({ length: size }, (_, index) => {
      const number = first + index
      return makeSession(userOf(users, number), { number, of }, fates[number % fates.length])
    })
    await database.addSessions(next)
  }
}

/** The user of a session: a prime apart, so that neighbours in time are strangers. */
export function userOf(users: readonly UserRecord[], session: number): UserRecord {
  const user = users[(session * 7919) % users.length]
  if (user === undefined) throw new RangeError('There are no users.')
  return user
}
