import type { OneTimeTokenKind } from '../../../src/core/mail/one-time-token-store.ts'
import type { OneTimeTokens } from './fault.ts'
import { aMoment, type Fault, on } from './fault.ts'

const kinds: readonly OneTimeTokenKind[] = [
  ...(['registration', 'invitation', 'password_reset'] as const),
  ...(['email_change', 'email_restore'] as const),
]

/** Nothing has expired before. */
const longAgo = 0

/** Another kind than the one that is asked for, if there is none of that. */
async function firstOf<T>(asked: OneTimeTokenKind, ask: (kind: OneTimeTokenKind) => Promise<T>) {
  for (const kind of [asked, ...kinds]) {
    const found = await ask(kind)
    if (found) return found
  }
  return await ask(asked)
}

const damage = (change: (port: OneTimeTokens) => Partial<OneTimeTokens>): Fault =>
  on('oneTimeTokens', change)

/** Faults of one-time tokens. */
export const oneTimeTokens: Readonly<Record<string, Fault>> = {
  'oneTimeTokens.put keeps the older one': damage(({ put, findBySubject }) => ({
    put: async (token, storedWith) =>
      (await findBySubject(token.kind, token.subject, longAgo)) !== null ||
      (await put(token, storedWith)),
  })),
  'oneTimeTokens.put ends those of every kind': damage(({ put, end }) => ({
    async put(token, storedWith) {
      for (const kind of kinds) if (kind !== token.kind) await end(kind, token.subject)
      return await put(token, storedWith)
    },
  })),
  'oneTimeTokens.put ends the older one though it stores none': damage(({ put, end, find }) => ({
    async put(token, storedWith) {
      if ((await find(token.digest, longAgo)) === null) await end(token.kind, token.subject)
      return await put(token, storedWith)
    },
  })),
  'oneTimeTokens.put takes any stamp': on('oneTimeTokens', ({ put }, { users }) => ({
    async put(token, storedWith) {
      const user = await users.findById(token.userId ?? '')
      return await put({ ...token, securityStamp: user?.securityStamp ?? null }, storedWith)
    },
  })),
  'oneTimeTokens.put says that it stored what it did not': damage(({ put }) => ({
    put: (token, storedWith) => put(token, storedWith).then(() => true),
  })),
  'oneTimeTokens.put stores the same token anew': damage(({ put, end, find }) => ({
    async put(token, storedWith) {
      if (await find(token.digest, longAgo)) await end(token.kind, token.subject)
      return await put(token, storedWith)
    },
  })),
  'oneTimeTokens.put says that the same token is not stored': damage(({ put, find }) => ({
    put: async (token, storedWith) =>
      (await find(token.digest, longAgo)) === null && (await put(token, storedWith)),
  })),
  'oneTimeTokens.put forgets the address': damage(({ put }) => ({
    put: (token, storedWith) => put({ ...token, addressDigest: null }, storedWith),
  })),
  'oneTimeTokens.find takes an expired one': damage(({ find }) => ({
    find: (digest) => find(digest, longAgo),
  })),
  'oneTimeTokens.find refuses the last second': damage(({ find }) => ({
    find: (digest, now) => find(digest, now + 1),
  })),
  'oneTimeTokens.find takes a letter for another': damage(({ find }) => ({
    find: (digest, now) => find(digest.toLowerCase(), now),
  })),
  'oneTimeTokens.findBySubject takes an expired one': damage(({ findBySubject }) => ({
    findBySubject: (kind, subject) => findBySubject(kind, subject, longAgo),
  })),
  'oneTimeTokens.findBySubject takes a kind for another': damage(({ findBySubject }) => ({
    findBySubject: (asked, subject, now) =>
      firstOf(asked, (kind) => findBySubject(kind, subject, now)),
  })),
  'oneTimeTokens.findByAddress takes an expired one': damage(({ findByAddress }) => ({
    findByAddress: (kind, address) => findByAddress(kind, address, longAgo),
  })),
  'oneTimeTokens.findByAddress finds one alone': damage(({ findByAddress }) => ({
    findByAddress: async (...asked) => (await findByAddress(...asked)).slice(0, 1),
  })),
  'oneTimeTokens.findByAddress finds every kind': damage(({ findByAddress }) => ({
    findByAddress: async (_, address, now) =>
      (await Promise.all(kinds.map((kind) => findByAddress(kind, address, now)))).flat(),
  })),
  'oneTimeTokens.countTry takes an expired one': damage(({ countTry }) => ({
    countTry: (kind, subject, most) => countTry(kind, subject, most, longAgo),
  })),
  'oneTimeTokens.countTry lets one more through': damage(({ countTry }) => ({
    countTry: (kind, subject, most, now) => countTry(kind, subject, most + 1, now),
  })),
  'oneTimeTokens.countTry looks, and counts a moment later': damage((port) => ({
    async countTry(kind, subject, most, now) {
      const token = await port.findBySubject(kind, subject, now)
      if (token === null || token.tries >= most) return null
      await aMoment()
      return await port.countTry(kind, subject, Number.POSITIVE_INFINITY, now)
    },
  })),
  'oneTimeTokens.countTry returns what was before': damage((port) => ({
    async countTry(kind, subject, most, now) {
      const before = await port.findBySubject(kind, subject, now)
      return (await port.countTry(kind, subject, most, now)) && before
    },
  })),
  'oneTimeTokens.countTry counts for another kind': damage(({ countTry }) => ({
    async countTry(asked, subject, most, now) {
      for (const kind of kinds) if (kind !== asked) await countTry(kind, subject, most, now)
      return await countTry(asked, subject, most, now)
    },
  })),
  'oneTimeTokens.end ends those of every kind': damage(({ end }) => ({
    async end(asked, subject, storedWith) {
      for (const kind of kinds) if (kind !== asked) await end(kind, subject)
      return await end(asked, subject, storedWith)
    },
  })),
  'oneTimeTokens.end says that it ended what is not there': damage(({ end }) => ({
    end: (...asked) => end(...asked).then(() => true),
  })),
  'oneTimeTokens.list ignores after': damage(({ list }) => ({
    list: ({ after: _, ...query }) => list(query),
  })),
  'oneTimeTokens.list gives one more than its limit': damage(({ list }) => ({
    list: (query) => list({ ...query, limit: query.limit + 1 }),
  })),
  'oneTimeTokens.list leaves out the expired': damage(({ list, find }) => ({
    async list(query) {
      const all = await list({ ...query, limit: 10_000 })
      const live = await Promise.all(all.map(({ digest }) => find(digest, 1_800_000_000)))
      return live.filter((token) => token !== null).slice(0, query.limit)
    },
  })),
  'oneTimeTokens.list is in reverse': damage(({ list }) => ({
    list: async (query) => (await list(query)).toReversed(),
  })),
  'oneTimeTokens.list lists every kind': damage(({ list }) => ({
    async list(query) {
      const all = await Promise.all(kinds.map((kind) => list({ ...query, kind })))
      const sorted = all.flat().sort((one, other) => (one.subject < other.subject ? -1 : 1))
      return sorted.slice(0, query.limit)
    },
  })),
  'oneTimeTokens.prune deletes one more than its limit': damage(({ prune }) => ({
    prune: (before, limit) => prune(before, limit + 1),
  })),
  'oneTimeTokens.prune deletes what expired at the instant': damage(({ prune }) => ({
    prune: (before, limit) => prune(before + 1, limit),
  })),
  'oneTimeTokens.prune says its limit': damage(({ prune }) => ({
    prune: (before, limit) => prune(before, limit).then(() => limit),
  })),
}
