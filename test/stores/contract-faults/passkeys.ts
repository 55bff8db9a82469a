import type { FactorRecord } from '../../../src/core/factors/factor-store.ts'
import { aMoment, type Factors, type Fault, on } from './fault.ts'

const damage = (change: (port: Factors) => Partial<Factors>): Fault => on('factors', change)

/** Faults of passkeys. */
export const passkeys: Readonly<Record<string, Fault>> = {
  'factors.addPasskey does not look at the stamp': on('factors', ({ addPasskey }, { users }) => ({
    async addPasskey(addition, storedWith) {
      const user = await users.findById(addition.factor.userId)
      const securityStamp = user?.securityStamp ?? ''
      return await addPasskey({ ...addition, securityStamp }, storedWith)
    },
  })),
  'factors.addPasskey takes any passkey for the first': damage(({ addPasskey, listByUser }) => ({
    async addPasskey(addition, storedWith) {
      const others = (await listByUser(addition.factor.userId)).length
      const first = others > 0 ? undefined : addition.first
      return await addPasskey({ ...addition, first }, storedWith)
    },
  })),
  'factors.addPasskey does not look how many there are': damage(({ addPasskey }) => ({
    addPasskey: ({ most: _, ...addition }, storedWith) => addPasskey(addition, storedWith),
  })),
  'factors.addPasskey looks how many there are, and stores a moment later': damage(
    ({ addPasskey, listByUser }) => ({
      async addPasskey({ most = Infinity, ...addition }, storedWith) {
        const listed = await listByUser(addition.factor.userId)
        const confirmed = listed.filter(({ confirmedAt }) => confirmedAt !== null)
        await aMoment()
        return confirmed.length < most && (await addPasskey(addition, storedWith))
      },
    }),
  ),
  'factors.confirm does not look how many there are': damage(({ confirm }) => ({
    confirm: ({ most: _, ...confirmation }, storedWith) => confirm(confirmation, storedWith),
  })),
  'factors.addPasskey says that it stored what it did not': damage(({ addPasskey }) => ({
    addPasskey: (...args) => addPasskey(...args).then(() => true),
  })),
  'factors.addPasskey drops its event': damage(({ addPasskey }) => ({
    addPasskey: (addition, storedWith) => addPasskey(addition, { ...storedWith, event: undefined }),
  })),
  'factors.addPasskey keeps no session': damage(({ addPasskey }) => ({
    addPasskey: ({ first, ...rest }, storedWith) =>
      addPasskey({ ...rest, first: first && { ...first, keepSession: undefined } }, storedWith),
  })),
  'factors.addPasskey stores no codes': damage(({ addPasskey }) => ({
    addPasskey: ({ first, ...rest }, storedWith) =>
      addPasskey({ ...rest, first: first && { ...first, recoveryCodes: [] } }, storedWith),
  })),
  'factors.addPasskey does not look at what was spent': damage(({ addPasskey }) => ({
    addPasskey: (addition, storedWith) =>
      addPasskey(addition, { ...storedWith, spends: undefined }),
  })),
  'factors.addPasskey lets users share a credential': damage(({ addPasskey, listByUser }) => {
    const shared = new Map<string, FactorRecord>()
    return {
      async addPasskey(addition, storedWith) {
        try {
          return await addPasskey(addition, storedWith)
        } catch {
          shared.set(addition.factor.id, addition.factor)
          return true
        }
      },
      listByUser: async (userId) => [
        ...(await listByUser(userId)),
        ...[...shared.values()].filter((each) => each.userId === userId),
      ],
    }
  }),
  'factors.findPasskey takes a letter for another': damage(({ findPasskey }) => ({
    findPasskey: (credentialId) => findPasskey(credentialId.toLowerCase()),
  })),
  'factors.usePasskey does not look at the counter': damage(({ usePasskey, findPasskey }) => {
    const counters = new Map<string, string>()
    return {
      async findPasskey(credentialId) {
        const found = await findPasskey(credentialId)
        if (found) counters.set(found.id, credentialId)
        return found
      },
      usePasskey: (use, storedWith) =>
        usePasskey(use, storedWith).then((isUsed) => isUsed || counters.has(use.id)),
    }
  }),
  'factors.usePasskey looks at the counter, and uses a moment later': damage(({ usePasskey }) => {
    const used = new Map<string, number>()
    return {
      async usePasskey(use, storedWith) {
        if ((used.get(use.id) ?? use.counterBefore) !== use.counterBefore) return false
        await aMoment()
        const isUsed = await usePasskey(use, storedWith)
        if (isUsed) used.set(use.id, use.counter)
        return isUsed || used.get(use.id) === use.counter
      },
    }
  }),
  'factors.usePasskey leaves the counter': damage(({ usePasskey }) => ({
    usePasskey: (use, storedWith) => usePasskey({ ...use, counter: use.counterBefore }, storedWith),
  })),
  'factors.usePasskey leaves where it is kept': damage(({ usePasskey }) => ({
    usePasskey: (use, storedWith) => usePasskey({ ...use, backedUp: false }, storedWith),
  })),
  'factors.usePasskey drops its event': damage(({ usePasskey }) => ({
    usePasskey: (use, storedWith) => usePasskey(use, { ...storedWith, event: undefined }),
  })),
  'factors.usePasskey does not spend': damage(({ usePasskey }) => ({
    usePasskey: (use, storedWith) => usePasskey(use, { ...storedWith, spends: undefined }),
  })),
  'factors.usePasskey spends though nothing changes': damage(({ usePasskey }) => {
    const spent = new Set<string>()
    return {
      async usePasskey(use, storedWith) {
        const digest = storedWith?.spends?.digest ?? ''
        if (spent.has(digest)) return false
        const isUsed = await usePasskey(use, storedWith)
        if (!isUsed) spent.add(digest)
        return isUsed
      },
    }
  }),
  'factors.usePasskey leaves the token': damage(({ usePasskey }) => ({
    usePasskey: (use, storedWith) => usePasskey(use, { ...storedWith, redeems: undefined }),
  })),
  'factors.remove lets no passkey stay': damage(({ remove }) => ({
    remove: (userId, id, removal) => remove(userId, id, { ...removal, keepPasskey: false }),
  })),
  'factors.remove keeps the last factor for the last passkey': damage(({ remove }) => ({
    remove: (userId, id, removal) =>
      remove(userId, id, { ...removal, keepOne: removal?.keepPasskey, keepPasskey: false }),
  })),
}
