import { type Fault, on } from './fault.ts'

/** Faults of what comes under another key. */
export const resealing: Readonly<Record<string, Fault>> = {
  'factors.listSealed lists confirmed ones alone': on('factors', ({ listSealed }) => ({
    listSealed: async (query) =>
      (await listSealed(query)).filter(({ confirmedAt }) => confirmedAt !== null),
  })),
  'factors.listSealed lists those without a secret': on('factors', ({ listSealed, begin }) => {
    const bare: Parameters<typeof begin>[0][] = []
    return {
      async begin(factor) {
        if (factor.sealedSecret === null) bare.push(factor)
        return await begin(factor)
      },
      listSealed: async (query) =>
        [...(await listSealed(query)), ...bare.filter(({ id }) => id > query.after)].slice(
          0,
          query.limit,
        ),
    }
  }),
  'factors.listSealed begins with the one that it goes on after': on(
    'factors',
    ({ listSealed }) => ({
      async listSealed({ after, limit }) {
        const all = await listSealed({ after: '', limit: 10_000 })
        return all.filter(({ id }) => id >= after).slice(0, limit)
      },
    }),
  ),
  'factors.listSealed gives one more than its limit': on('factors', ({ listSealed }) => ({
    listSealed: ({ after, limit }) => listSealed({ after, limit: limit + 1 }),
  })),
  'factors.listSealed is in reverse': on('factors', ({ listSealed }) => ({
    listSealed: async (query) => (await listSealed(query)).toReversed(),
  })),
  'factors.reseal looks at no secret': on('factors', ({ reseal, listSealed }) => ({
    async reseal(change) {
      const all = await listSealed({ after: '', limit: 10_000 })
      const from = all.find(({ id }) => id === change.id)?.sealedSecret
      return await reseal({ ...change, from: from ?? change.from })
    },
  })),
  'factors.reseal changes all that have the secret': on('factors', ({ reseal, listSealed }) => ({
    async reseal(change) {
      const all = await listSealed({ after: '', limit: 10_000 })
      const changed = await reseal(change)
      const same = all.filter(({ sealedSecret }) => changed && sealedSecret === change.from)
      for (const { id } of same) await reseal({ ...change, id })
      return changed
    },
  })),
  'factors.reseal uses a step': on('factors', ({ reseal, useStep }) => ({
    async reseal(change) {
      await useStep({ id: change.id, step: 99, now: 0 })
      return await reseal(change)
    },
  })),
  'factors.reseal says that it did what it did not': on('factors', ({ reseal }) => ({
    reseal: (change) => reseal(change).then(() => true),
  })),
  'oneTimeTokens.reseal looks at no payload': on('oneTimeTokens', ({ reseal, findBySubject }) => ({
    async reseal(change) {
      const token = await findBySubject(change.kind, change.subject, 0)
      return await reseal({ ...change, from: token?.payload ?? change.from })
    },
  })),
  'oneTimeTokens.reseal looks at no kind': on('oneTimeTokens', ({ reseal }) => ({
    async reseal(change) {
      const changed = await reseal(change)
      await reseal({ ...change, kind: 'invitation' })
      return changed
    },
  })),
  'oneTimeTokens.reseal leaves expired ones': on('oneTimeTokens', ({ reseal, findBySubject }) => ({
    async reseal(change) {
      const live = await findBySubject(change.kind, change.subject, 1_800_000_000)
      return live !== null && (await reseal(change))
    },
  })),
  'oneTimeTokens.reseal counts a try': on('oneTimeTokens', ({ reseal, countTry }) => ({
    async reseal(change) {
      await countTry(change.kind, change.subject, 99, 0)
      return await reseal(change)
    },
  })),
  'oneTimeTokens.reseal says that it did what it did not': on('oneTimeTokens', ({ reseal }) => ({
    reseal: (change) => reseal(change).then(() => true),
  })),
}
