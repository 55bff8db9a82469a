// Users and sessions as an application has them: the lengths are what counts.

import { randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { SessionRecord } from '../src/core/sessions/session-store.ts'
import { bareAccount } from '../src/core/users/user.ts'
import type { UserRecord } from '../src/core/users/user-store.ts'

const day = 86_400
/** The instant that the rows are made for, in seconds since 1970. */
export const now: number = Math.floor(Date.now() / 1000)

const firstNames = 'ada bo charlotte dimitri eleni francesca gunnar hyun-woo ines jo'.split(' ')
const lastNames = 'li garcia lindqvist o-neill papadopoulos smith tanaka van-der-berg wu'.split(' ')
const browsers = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
  'Items/4.2.0 (Android 16)',
]

function pick<T>(choices: readonly T[], number: number): T {
  // The list is not empty, and the index within it.
  return choices[number % choices.length] as T
}

const text = (bytes: number): string => randomBytes(bytes).toString('base64').replace(/=+$/, '')

/** Which row it is, and of how many: they come in the order in which they were made, as in life. */
export interface Place {
  readonly number: number
  readonly of: number
}

/** An instant between two ages, in days, further on for each row. */
function instant({ number, of }: Place, oldest: number, newest: number): number {
  return now - Math.floor((oldest - (oldest - newest) * (number / of)) * day)
}

const within = (from: number, to: number): number => from + Math.floor(Math.random() * (to - from))

/** A user who joined within the last two years. */
export function makeUser(place: Place): UserRecord {
  const { number } = place
  const createdAt = instant(place, 730, 0)
  return {
    id: uuidv7({ msecs: createdAt * 1000 }),
    username: `${pick(firstNames, number)}.${pick(lastNames, number)}${number}`,
    passwordHash: `$argon2id$v=19$m=19456,t=2,p=1$${text(16)}$${text(32)}`,
    role: number % 10_000 === 0 ? 'admin' : 'member',
    active: true,
    createdAt,
    securityStamp: randomBytes(12).toString('base64url'),
    ...bareAccount,
  }
}

/** How a session is: live, or dead in one of three ways for longer than the day that it is kept. */
export type Fate = 'live' | 'expired' | 'revoked' | 'idle'

const ages: Readonly<Record<Fate, readonly [oldest: number, newest: number]>> = {
  live: [89, 0],
  expired: [120, 92],
  revoked: [89, 2],
  idle: [89, 16],
}

/** A session of a user. */
export function makeSession(user: UserRecord, place: Place, fate: Fate = 'live'): SessionRecord {
  const { number } = place
  const createdAt = instant(place, ...ages[fate])
  const usedAt = fate === 'idle' ? now - within(16 * day, 17 * day) : now - within(0, 13 * day)
  return {
    id: uuidv7({ msecs: createdAt * 1000 }),
    userId: user.id,
    clientId: 'first-party',
    scopes: pick([[], ['items:read'], ['items:read', 'items:write']], number),
    generation: within(0, 500),
    retryOf: null,
    rotatedAt: Math.max(usedAt, createdAt),
    authenticatedAt: createdAt,
    acr: '1fa',
    amr: ['pwd'],
    kind: 'login',
    parentId: null,
    offline: false,
    createdAt,
    expiresAt: createdAt + 90 * day,
    revokedAt: fate === 'revoked' ? createdAt : null,
    securityStamp: user.securityStamp,
    label: pick(browsers, number),
    address:
      number % 4 === 0
        ? `2001:db8:${number % 9999}::${number % 65535}`
        : `203.0.113.${number % 256}`,
  }
}
