import type { CompiledQuery, Kysely } from 'kysely'
import type { SigningKeyRecord, SigningKeySet, SigningKeyStore } from '../../core/keys/key-store.ts'
import { numberOrNull } from './columns.ts'
import type { Engine } from './engine.ts'
import { appendEvent } from './events.ts'
import type { Schema, SigningKeysTable } from './schema.ts'

/** Signing keys in SQL. */
export function createSigningKeyStore({ db, prepareRead, changeIf }: Engine): SigningKeyStore {
  const readVersion = prepareRead(db.selectFrom('signing_key_set').select('version').compile())

  return {
    read: () => readSigningKeys(db),
    version: async () => Number((await readVersion())?.version),
    async change(from, { put, remove }, events = []) {
      // The row's lock makes others wait here, and then find the version changed.
      const nextVersion = db
        .updateTable('signing_key_set')
        .set({ version: from + 1 })
        .where('version', '=', from)
        .compile()
      const puts = [
        ...put.map((key) => putKey(db, key)),
        ...events.map((event) => appendEvent(db, event)),
      ]
      if (remove.length === 0) return await changeIf(nextVersion, puts)
      const removal = db.deleteFrom('signing_keys').where('id', 'in', remove).compile()
      return await changeIf(nextVersion, [...puts, removal])
    },
  }
}

/** Reads all signing keys. */
export async function readSigningKeys(db: Kysely<Schema>): Promise<SigningKeySet> {
  // One statement, and so one moment: keys of one version are never taken for another's.
  const rows = await db
    .selectFrom('signing_key_set')
    .leftJoin('signing_keys', (join) => join.onTrue())
    .selectAll('signing_keys')
    .select('signing_key_set.version')
    .execute()
  return { version: Number(rows[0]?.version), keys: rows.flatMap(toRecords) }
}

function putKey(db: Kysely<Schema>, key: SigningKeyRecord): CompiledQuery {
  const { id, ...row } = toRow(key)
  return db
    .insertInto('signing_keys')
    .values({ id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .compile()
}

function toRow(key: SigningKeyRecord): SigningKeysTable {
  return {
    id: key.id,
    algorithm: key.algorithm,
    sealed_private_key: key.sealedPrivateKey,
    created_at: key.createdAt,
    signs_from: key.signsFrom,
    verifies_until: key.verifiesUntil,
  }
}

type Row = { readonly [K in keyof SigningKeysTable]: SigningKeysTable[K] | null }

/** None for the row of a set without keys. */
function toRecords(row: Row): SigningKeySet['keys'] {
  if (row.id === null) return []
  const { id, algorithm, sealed_private_key, created_at, signs_from, verifies_until } =
    row as SigningKeysTable
  return [
    {
      id,
      algorithm,
      sealedPrivateKey: sealed_private_key,
      createdAt: Number(created_at),
      signsFrom: Number(signs_from),
      verifiesUntil: numberOrNull(verifies_until),
    },
  ]
}
