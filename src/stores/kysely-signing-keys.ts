import type { SigningKeyStore } from '../core/store.ts'
import type { Engine } from './kysely-engine.ts'

/** Signing keys in SQL. */
export function createSigningKeyStore({ db, inTurn }: Engine): SigningKeyStore {
  return {
    async list() {
      const rows = await db
        .selectFrom('signing_keys')
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute()
      return rows.map((row) => ({
        id: row.id,
        algorithm: row.algorithm,
        sealedPrivateKey: row.sealed_private_key,
        createdAt: Number(row.created_at),
      }))
    },
    async createFirst({ id, algorithm, sealedPrivateKey, createdAt }) {
      return await inTurn('signing_keys', async (connection) => {
        const { numInsertedOrUpdatedRows } = await connection
          .insertInto('signing_keys')
          .columns(['id', 'algorithm', 'sealed_private_key', 'created_at'])
          .expression(
            db
              .selectNoFrom((eb) => [
                eb.val(id).as('id'),
                eb.val(algorithm).as('algorithm'),
                eb.val(sealedPrivateKey).as('sealed_private_key'),
                eb.val(createdAt).as('created_at'),
              ])
              .where(({ not, exists }) =>
                not(
                  exists(
                    db.selectFrom('signing_keys').select('id').where('algorithm', '=', algorithm),
                  ),
                ),
              ),
          )
          .executeTakeFirst()
        return numInsertedOrUpdatedRows === 1n
      })
    },
  }
}
