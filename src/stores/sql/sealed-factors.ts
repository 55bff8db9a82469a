import type { FactorStore } from '../../core/factors/factor-store.ts'
import type { Engine } from './engine.ts'
import { toRecord } from './factor-rows.ts'
import { createStoreChange } from './stored-with.ts'

/** The secrets of factors, to be sealed under another key. */
export function createSealedFactors(engine: Engine): Pick<FactorStore, 'listSealed' | 'reseal'> {
  const { db } = engine
  const storeChange = createStoreChange(engine)
  return {
    async listSealed({ after, limit }) {
      const query = db
        .selectFrom('factors')
        .selectAll()
        .where('sealed_secret', 'is not', null)
        .where('id', '>', after)
      return (await query.orderBy('id').limit(limit).execute()).map(toRecord)
    },
    async reseal({ id, from, to }) {
      const change = db
        .updateTable('factors')
        .set({ sealed_secret: to })
        .where('id', '=', id)
        .where('sealed_secret', '=', from)
        .returning('id')
      return (await storeChange(change)).length === 1
    },
  }
}
