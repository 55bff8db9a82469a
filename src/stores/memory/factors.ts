import { ConflictError } from '../../core/errors.ts'
import type {
  FactorRecord,
  FactorRemoval,
  FactorStore,
  FirstFactor,
} from '../../core/factors/factor-store.ts'
import type { StoredWith } from '../../core/mail/stored-with.ts'
import type { MemoryChanges } from './one-time-tokens.ts'
import type { MemoryUsers } from './users.ts'

/** Second factors and recovery codes, in memory. */
export interface MemoryFactors extends FactorStore {
  forgetUser(userId: string): void
}

export function createMemoryFactors(users: MemoryUsers, changes: MemoryChanges): MemoryFactors {
  const byId = new Map<string, FactorRecord>()
  /** The user of each recovery code, by its digest. */
  const codes = new Map<string, string>()

  const ofUser = (userId: string): FactorRecord[] =>
    [...byId.values()]
      .filter((factor) => factor.userId === userId)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
  const confirmedOf = (userId: string): FactorRecord[] =>
    ofUser(userId).filter(({ confirmedAt }) => confirmedAt !== null)
  const codesOf = (userId: string): string[] =>
    [...codes].flatMap(([digest, owner]) => (owner === userId ? [digest] : []))

  function change(factor: FactorRecord, changed: Partial<FactorRecord>): void {
    byId.set(factor.id, Object.freeze({ ...factor, ...changed }))
  }

  function find(userId: string, id: string): FactorRecord | null {
    const factor = byId.get(id)
    return factor?.userId === userId && factor.confirmedAt !== null ? factor : null
  }

  function putCodes(userId: string, digests: readonly string[]): void {
    for (const digest of codesOf(userId)) codes.delete(digest)
    for (const digest of digests) codes.set(digest, userId)
  }

  function dropUnconfirmed(userId: string): void {
    for (const { id, confirmedAt } of ofUser(userId)) if (confirmedAt === null) byId.delete(id)
  }

  function begins(userId: string, first?: FirstFactor, storedWith?: StoredWith): void {
    if (!first) return
    users.stamp(userId, first.securityStamp, storedWith?.notifies, first.keepSession)
    dropUnconfirmed(userId)
    putCodes(userId, first.recoveryCodes)
  }

  function remove(removed: readonly FactorRecord[], userId: string, removal: FactorRemoval): void {
    const { securityStamp, keepOne: _, keepPasskey: __, ...storedWith } = removal
    for (const { id } of removed) byId.delete(id)
    if (confirmedOf(userId).length === 0) putCodes(userId, [])
    if (securityStamp !== undefined) users.stamp(userId, securityStamp, storedWith.notifies)
    changes.store(storedWith)
  }

  return {
    forgetUser(userId) {
      for (const { id } of ofUser(userId)) byId.delete(id)
      putCodes(userId, [])
    },
    async begin(factor) {
      if (users.read(factor.userId) === null) return false
      if (factor.confirmedAt === null) dropUnconfirmed(factor.userId)
      change(factor, {})
      return true
    },
    listByUser: async (userId) => ofUser(userId),
    async confirm(
      { id, userId, securityStamp, step, now, createdAfter, first, most = Infinity },
      storedWith,
    ) {
      changes.check(storedWith)
      const factor = byId.get(id)
      const user = users.read(userId)
      const isTheirs = user?.active === true && user.securityStamp === securityStamp
      if (factor?.userId !== userId || factor.confirmedAt !== null || !isTheirs) return false
      if (factor.createdAt <= createdAfter) return false
      const others = confirmedOf(userId).length
      if (others > 0 === (first !== undefined) || others >= most) return false
      change(factor, { confirmedAt: now, lastUsedAt: now, lastStep: step })
      begins(userId, first, storedWith)
      changes.store(storedWith)
      return true
    },
    async useStep({ id, step, now, sealedSecret }, storedWith) {
      changes.check(storedWith)
      const factor = byId.get(id)
      if (factor === undefined || factor.confirmedAt === null) return false
      if (factor.lastStep !== null && factor.lastStep >= step) return false
      change(factor, {
        ...{ lastStep: step, lastUsedAt: now },
        ...(sealedSecret !== undefined && { sealedSecret }),
      })
      changes.store(storedWith)
      return true
    },
    async addPasskey({ factor, securityStamp, first, most = Infinity }, storedWith) {
      changes.check(storedWith)
      const { userId } = factor
      const user = users.read(userId)
      if (user?.active !== true || user.securityStamp !== securityStamp) return false
      const others = confirmedOf(userId).length
      if (others > 0 === (first !== undefined) || others >= most) return false
      const credentialId = factor.passkey?.credentialId
      if ([...byId.values()].some(({ passkey }) => passkey?.credentialId === credentialId)) {
        throw new ConflictError('passkey_known')
      }
      change(factor, {})
      begins(userId, first, storedWith)
      changes.store(storedWith)
      return true
    },
    async findPasskey(credentialId) {
      const found = [...byId.values()].find(({ passkey }) => passkey?.credentialId === credentialId)
      return found && found.confirmedAt !== null ? found : null
    },
    async usePasskey({ id, counterBefore, counter, backedUp, now }, storedWith) {
      changes.check(storedWith)
      const factor = byId.get(id)
      if (!factor?.passkey || factor.confirmedAt === null) return false
      if (factor.passkey.counter !== counterBefore) return false
      const passkey = Object.freeze({ ...factor.passkey, counter, backedUp })
      change(factor, { passkey, lastUsedAt: now })
      changes.store(storedWith)
      return true
    },
    async useRecoveryCode(userId, digest, storedWith) {
      changes.check(storedWith)
      if (codes.get(digest) !== userId) return false
      codes.delete(digest)
      changes.store(storedWith)
      return true
    },
    countRecoveryCodes: async (userId) => codesOf(userId).length,
    async replaceRecoveryCodes(userId, digests, storedWith) {
      changes.check(storedWith)
      if (confirmedOf(userId).length === 0) return false
      putCodes(userId, digests)
      changes.store(storedWith)
      return true
    },
    async rename(userId, id, name, storedWith) {
      changes.check(storedWith)
      const factor = find(userId, id)
      if (factor === null) return false
      change(factor, { name })
      changes.store(storedWith)
      return true
    },
    async remove(userId, id, removal = {}) {
      changes.check(removal)
      const factor = find(userId, id)
      if (factor === null) return false
      const others = confirmedOf(userId).filter((each) => each.id !== id)
      const isLastPasskey = factor.kind === 'passkey' && !others.some(isPasskey)
      if (removal.keepOne && others.length === 0) throw new ConflictError('last_factor')
      if (removal.keepPasskey && isLastPasskey) throw new ConflictError('last_passkey')
      remove([factor], userId, removal)
      return true
    },
    async removeAll(userId, removal = {}) {
      changes.check(removal)
      if (confirmedOf(userId).length === 0) return false
      remove(ofUser(userId), userId, removal)
      return true
    },
    async listSealed({ after, limit }) {
      return [...byId.values()]
        .filter(({ id, sealedSecret }) => sealedSecret !== null && id > after)
        .sort((one, other) => (one.id < other.id ? -1 : 1))
        .slice(0, limit)
    },
    async reseal({ id, from, to }) {
      const factor = byId.get(id)
      if (factor?.sealedSecret !== from) return false
      change(factor, { sealedSecret: to })
      return true
    },
    async prune(createdBefore, limit) {
      const old = [...byId.values()].filter(
        ({ confirmedAt, createdAt }) => confirmedAt === null && createdAt < createdBefore,
      )
      for (const { id } of old.slice(0, limit)) byId.delete(id)
      return Math.min(old.length, limit)
    },
  }
}

function isPasskey({ kind }: FactorRecord): boolean {
  return kind === 'passkey'
}
