import type { FactorRecord } from '../../../src/core/factors/factor-store.ts'
import { aMoment, type Factors, type Fault, on } from './fault.ts'

const damage = (change: (port: Factors) => Partial<Factors>): Fault => on('factors', change)

/** Confirms without one of the conditions: by asking for what is there. */
const confirms = (without: (factor: FactorRecord) => object): Fault =>
  on('factors', ({ confirm }, store) => {
    const seen = new Map<string, FactorRecord>()
    const begin = store.factors?.begin
    return {
      async begin(factor) {
        seen.set(factor.id, factor)
        return (await begin?.(factor)) ?? false
      },
      async confirm(confirmation, storedWith) {
        const factor = seen.get(confirmation.id)
        const changed = factor ? without(factor) : {}
        return await confirm({ ...confirmation, ...changed }, storedWith)
      },
    }
  })

/** Faults of second factors. */
export const factors: Readonly<Record<string, Fault>> = {
  'factors.begin adds to what was begun': damage(({ begin, listByUser }) => {
    const begun: FactorRecord[] = []
    return {
      async begin(factor) {
        if (factor.confirmedAt === null) begun.push(factor)
        return await begin(factor)
      },
      async listByUser(userId) {
        const listed = await listByUser(userId)
        const ids = new Set(listed.map(({ id }) => id))
        return [...listed, ...begun.filter((each) => each.userId === userId && !ids.has(each.id))]
      },
    }
  }),
  'factors.begin says that it stored what it did not': damage(({ begin }) => ({
    begin: (factor) => begin(factor).then(() => true),
  })),
  'factors.listByUser is in reverse': damage(({ listByUser }) => ({
    listByUser: async (userId) => (await listByUser(userId)).toReversed(),
  })),
  'factors.listByUser lists confirmed ones alone': damage(({ listByUser }) => ({
    listByUser: async (userId) =>
      (await listByUser(userId)).filter(({ confirmedAt }) => confirmedAt !== null),
  })),
  'factors.confirm does not look at the user': confirms(({ userId }) => ({ userId })),
  'factors.confirm does not look at the age': confirms(() => ({ createdAfter: 0 })),
  'factors.confirm drops its event': damage(({ confirm }) => ({
    confirm: (confirmation) => confirm(confirmation),
  })),
  'factors.confirm keeps no session': damage(({ confirm }) => ({
    confirm: ({ first, ...rest }, storedWith) =>
      confirm({ ...rest, first: first && { ...first, keepSession: undefined } }, storedWith),
  })),
  'factors.confirm stores no codes': damage(({ confirm }) => ({
    confirm: ({ first, ...rest }, storedWith) =>
      confirm({ ...rest, first: first && { ...first, recoveryCodes: [] } }, storedWith),
  })),
  'factors.confirm leaves the step': damage(({ confirm }) => ({
    confirm: (confirmation, storedWith) => confirm({ ...confirmation, step: 0 }, storedWith),
  })),
  'factors.confirm does not look at the stamp': on('factors', ({ confirm }, { users }) => ({
    async confirm(confirmation, storedWith) {
      const securityStamp = (await users.findById(confirmation.userId))?.securityStamp ?? ''
      return await confirm({ ...confirmation, securityStamp }, storedWith)
    },
  })),
  'factors.confirm takes any factor for the first': damage(({ confirm, listByUser }) => ({
    async confirm(confirmation, storedWith) {
      const others = (await listByUser(confirmation.userId)).filter(
        ({ confirmedAt }) => confirmedAt !== null,
      )
      const first = others.length > 0 ? undefined : confirmation.first
      return await confirm({ ...confirmation, first }, storedWith)
    },
  })),
  'factors.useStep looks, and uses a moment later': damage(({ useStep }) => {
    const used = new Map<string, number>()
    return {
      async useStep(use, storedWith) {
        const last = used.get(use.id) ?? -1
        if (last >= use.step) return false
        await aMoment()
        used.set(use.id, use.step)
        await useStep(use, storedWith)
        return true
      },
    }
  }),
  'factors.useStep accepts an older step': damage(({ useStep, listByUser: _ }) => {
    const used = new Set<string>()
    return {
      async useStep(use, storedWith) {
        const key = `${use.id} ${use.step}`
        if (used.has(key)) return false
        used.add(key)
        return (await useStep(use, storedWith)) || use.step < 12
      },
    }
  }),
  'factors.useStep drops its event': damage(({ useStep }) => ({
    useStep: (use, storedWith) => useStep(use, { ...storedWith, event: undefined }),
  })),
  'factors.useStep keeps the secret': damage(({ useStep }) => ({
    useStep: ({ sealedSecret: _, ...use }, storedWith) => useStep(use, storedWith),
  })),
  'factors.useStep leaves the token': damage(({ useStep }) => ({
    useStep: (use, storedWith) => useStep(use, { ...storedWith, redeems: undefined }),
  })),
  'factors.useRecoveryCode uses anybody’s': on(
    'factors',
    ({ useRecoveryCode, replaceRecoveryCodes }) => {
      const owners = new Map<string, string>()
      return {
        async replaceRecoveryCodes(userId, digests, storedWith) {
          for (const each of digests) owners.set(each, userId)
          return await replaceRecoveryCodes(userId, digests, storedWith)
        },
        useRecoveryCode: (userId, digest, storedWith) =>
          useRecoveryCode(owners.get(digest) ?? userId, digest, storedWith),
      }
    },
  ),
  'factors.useRecoveryCode takes a letter for another': damage(({ useRecoveryCode }) => ({
    useRecoveryCode: (userId, digest, storedWith) =>
      useRecoveryCode(userId, digest.toLowerCase(), storedWith),
  })),
  'factors.useRecoveryCode leaves the code': damage(({ useRecoveryCode }) => {
    const good = new Set<string>()
    return {
      async useRecoveryCode(userId, digest, storedWith) {
        const isGood = await useRecoveryCode(userId, digest, storedWith)
        if (isGood) good.add(digest)
        return isGood || good.has(digest)
      },
    }
  }),
  'factors.useRecoveryCode leaves the token': damage(({ useRecoveryCode }) => ({
    useRecoveryCode: (userId, digest, storedWith) =>
      useRecoveryCode(userId, digest, { ...storedWith, redeems: undefined }),
  })),
  'factors.replaceRecoveryCodes adds to them': damage(
    ({ replaceRecoveryCodes, useRecoveryCode }) => {
      const all = new Set<string>()
      return {
        async replaceRecoveryCodes(userId, digests, storedWith) {
          for (const each of digests) all.add(`${userId} ${each}`)
          return await replaceRecoveryCodes(userId, digests, storedWith)
        },
        useRecoveryCode: async (userId, digest, storedWith) =>
          (await useRecoveryCode(userId, digest, storedWith)) || all.delete(`${userId} ${digest}`),
      }
    },
  ),
  'factors.replaceRecoveryCodes says that it did what it did not': damage(
    ({ replaceRecoveryCodes }) => ({
      replaceRecoveryCodes: (...args) => replaceRecoveryCodes(...args).then(() => true),
    }),
  ),
  'factors.replaceRecoveryCodes drops its event': damage(({ replaceRecoveryCodes }) => ({
    replaceRecoveryCodes: (userId, digests) => replaceRecoveryCodes(userId, digests),
  })),
  'factors.countRecoveryCodes counts everybody’s': damage(
    ({ countRecoveryCodes, replaceRecoveryCodes }) => {
      const users = new Set<string>()
      return {
        async replaceRecoveryCodes(userId, ...rest) {
          users.add(userId)
          return await replaceRecoveryCodes(userId, ...rest)
        },
        async countRecoveryCodes() {
          const counts = await Promise.all([...users].map(countRecoveryCodes))
          return counts.reduce((sum, each) => sum + each, 0)
        },
      }
    },
  ),
  'factors.rename drops its event': damage(({ rename }) => ({
    rename: (userId, id, name) => rename(userId, id, name),
  })),
  'factors.rename says that it did what it did not': damage(({ rename }) => ({
    rename: (...args) => rename(...args).then(() => true),
  })),
  'factors.remove lets none stay': damage(({ remove }) => ({
    remove: (userId, id, removal) => remove(userId, id, { ...removal, keepOne: false }),
  })),
  'factors.remove looks, and removes a moment later': damage(({ remove, listByUser }) => ({
    async remove(userId, id, { keepOne = false, ...removal } = {}) {
      const others = (await listByUser(userId)).filter((each) => each.id !== id)
      await aMoment()
      return await remove(userId, id, { ...removal, keepOne: keepOne && others.length === 0 })
    },
  })),
  'factors.remove keeps the sessions': damage(({ remove }) => ({
    remove: (userId, id, removal) => remove(userId, id, { ...removal, securityStamp: undefined }),
  })),
  'factors.remove keeps the codes': damage(({ remove, countRecoveryCodes }) => ({
    remove,
    countRecoveryCodes: async (userId) => Math.max(1, await countRecoveryCodes(userId)),
  })),
  'factors.remove drops its event': damage(({ remove }) => ({
    remove: (userId, id, removal) => remove(userId, id, { ...removal, event: undefined }),
  })),
  'factors.removeAll keeps the sessions': damage(({ removeAll }) => ({
    removeAll: (userId, removal) => removeAll(userId, { ...removal, securityStamp: undefined }),
  })),
  'factors.removeAll removes confirmed ones alone': damage(({ removeAll, listByUser, begin }) => ({
    async removeAll(userId, removal) {
      const pending = (await listByUser(userId)).filter(({ confirmedAt }) => confirmedAt === null)
      const removed = await removeAll(userId, removal)
      for (const each of removed ? pending : []) await begin(each)
      return removed
    },
  })),
  'factors.removeAll says that there were some': damage(({ removeAll }) => ({
    removeAll: (...args) => removeAll(...args).then(() => true),
  })),
  'factors.prune prunes too much': damage(({ prune }) => ({
    prune: (createdBefore, limit) => prune(createdBefore + 1, limit),
  })),
  'factors.prune knows no limit': damage(({ prune }) => ({
    prune: (createdBefore) => prune(createdBefore, 1000),
  })),
}
