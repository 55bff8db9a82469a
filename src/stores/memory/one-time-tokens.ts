import { ConflictError } from '../../core/errors.ts'
import type { Spending, StoredWithPasskey } from '../../core/factors/passkey-store.ts'
import type {
  OneTimeTokenKind,
  OneTimeTokenRecord,
  OneTimeTokenStore,
} from '../../core/mail/one-time-token-store.ts'
import { coalescesFor } from '../../core/mail/outbox-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { AddEvent } from './events.ts'
import type { MemoryOutbox } from './outbox.ts'

/** What makes changes together with what is stored with them. Nothing is waited for in between. */
export interface MemoryChanges {
  /** @throws {ConflictError} `token_ended`. To be called before the change. */
  check(storedWith: StoredWithPasskey | undefined): void
  /** To be called with the change. */
  store(storedWith: StoredWithPasskey | undefined): void
}

export interface MemoryOneTimeTokens extends OneTimeTokenStore {
  readonly changes: MemoryChanges
  forgetUser(userId: string): void
  forgetAll(): void
}

/** Links and codes that are used once, in memory. */
export function createMemoryOneTimeTokens(
  readUser: (id: string) => UserRecord | null,
  addEvent: AddEvent,
  outbox: MemoryOutbox,
  endApiKeysOf: (userId: string) => void,
): MemoryOneTimeTokens {
  const byKey = new Map<string, OneTimeTokenRecord>()
  const keyOf = (kind: OneTimeTokenKind, subject: string): string => `${kind} ${subject}`
  const all = (): OneTimeTokenRecord[] =>
    [...byKey.values()].sort((one, other) => (one.subject < other.subject ? -1 : 1))

  function hasUser({ userId, securityStamp }: OneTimeTokenRecord): boolean {
    if (userId === null) return true
    const user = readUser(userId)
    return user?.active === true && user.securityStamp === securityStamp
  }

  function live(token: OneTimeTokenRecord | undefined, now: number): OneTimeTokenRecord | null {
    return token && token.expiresAt > now && hasUser(token) ? token : null
  }

  function byDigest(digest: string): OneTimeTokenRecord | undefined {
    return all().find((token) => token.digest === digest)
  }

  const changes: MemoryChanges = {
    check({ redeems, spends, alongside } = {}) {
      if (alongside) {
        throw new TypeError('The store in memory has no transaction that alongside could be in.')
      }
      const isUsed = spends !== undefined && byDigest(spends.digest) !== undefined
      if (isUsed || (redeems && !live(byDigest(redeems.digest), redeems.now))) {
        throw new ConflictError('token_ended')
      }
    },
    store({ event, mails = [], redeems, spends, endsAddresses = [], endsApiKeysOf } = {}) {
      addEvent(event)
      if (spends) byKey.set(keyOf(spends.kind, spends.digest), spentToken(spends))
      if (endsApiKeysOf !== undefined) endApiKeysOf(endsApiKeysOf)
      for (const mail of mails) outbox.put(mail, mail.createdAt - coalescesFor)
      for (const [key, { digest, addressDigest }] of byKey) {
        const isUsed = digest === redeems?.digest
        if (isUsed || (addressDigest !== null && endsAddresses.includes(addressDigest))) {
          byKey.delete(key)
        }
      }
    },
  }

  return {
    changes,
    forgetUser(userId) {
      for (const [key, token] of byKey) if (token.userId === userId) byKey.delete(key)
    },
    forgetAll() {
      // A challenge that was used must stay so.
      for (const [key, { kind }] of byKey) if (kind !== 'passkey') byKey.delete(key)
    },
    async put(token, storedWith) {
      changes.check(storedWith)
      if (!hasUser(token)) return false
      const key = keyOf(token.kind, token.subject)
      if (byKey.get(key)?.digest === token.digest) return true
      byKey.set(key, Object.freeze({ ...token }))
      changes.store(storedWith)
      return true
    },
    find: async (digest, now) => live(byDigest(digest), now),
    findBySubject: async (kind, subject, now) => live(byKey.get(keyOf(kind, subject)), now),
    async findByAddress(kind, addressDigest, now) {
      return all().filter(
        (token) => token.kind === kind && token.addressDigest === addressDigest && live(token, now),
      )
    },
    async countTry(kind, subject, most, now) {
      const key = keyOf(kind, subject)
      const token = live(byKey.get(key), now)
      if (token === null || token.tries >= most) return null
      const counted = Object.freeze({ ...token, tries: token.tries + 1 })
      byKey.set(key, counted)
      return counted
    },
    async end(kind, subject, storedWith) {
      changes.check(storedWith)
      if (!byKey.delete(keyOf(kind, subject))) return false
      changes.store(storedWith)
      return true
    },
    async list({ kind, after = '', limit }) {
      return all()
        .filter((token) => token.kind === kind && token.subject > after)
        .slice(0, limit)
    },
    async reseal({ kind, subject, from, to }) {
      const key = keyOf(kind, subject)
      const token = byKey.get(key)
      if (token?.payload !== from) return false
      byKey.set(key, Object.freeze({ ...token, payload: to }))
      return true
    },
    async prune(expiredBefore, limit) {
      const old = [...byKey].filter(([, { expiresAt }]) => expiresAt < expiredBefore)
      for (const [key] of old.slice(0, limit)) byKey.delete(key)
      return Math.min(old.length, limit)
    },
  }
}

/** What is stored of something that was used. */
function spentToken({ kind, digest, now, expiresAt }: Spending): OneTimeTokenRecord {
  return {
    ...{ kind, digest, subject: digest, userId: null, securityStamp: null, addressDigest: null },
    ...{ payload: '', tries: 0, createdAt: now, expiresAt },
  }
}
