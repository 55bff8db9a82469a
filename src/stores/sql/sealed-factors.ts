import type { Kysely } from 'kysely'
import type {
  FactorRecord,
  FactorStore,
  SealedFactorQuery,
} from '../../core/factors/factor-store.ts'
import type { Engine } from './engine.ts'
import { toRecord } from './factor-rows.ts'
import type { Schema } from './schema.ts'
import { createStoreChange } from './stored-with.ts'

/** See `FactorStore.listSealed`. */
export async function listSealed(
  db: Kysely<Schema>,
  { after, limit }: SealedFactorQuery,
): Promise<readonly FactorRecord[]> {
  const query = db
    .selectFrom('factors')
    .selectAll()
    .where('sealed_secret', 'is not', null)
    .where('id', '>', after)
  return (await query.orderBy('id').limit(limit).execute()).map(toRecord)
}

/** The secrets of factors, to be sealed under another key. */
export function createSealedFactors(engine: Engine): Pick<FactorStore, 'listSealed' | 'reseal'> {
  const { db } = engine
  const storeChange = createStoreChange(engine)
  return {
    listSealed: (query) => listSealed(db, query),
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
