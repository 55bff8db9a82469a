import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import { isPostgres } from './engine.ts'
import type { Schema } from './schema.ts'
import type { Step } from './step.ts'

/**
 * An index by the peppers of password hashes, so that a start knows at once, of a million users, whether
 * a key is missing. It is the hashes themselves that tell: no list beside them that could be wrong.
 */
export const pepperedHashes: Step = {
  makes: ['users_peppered'],
  async up(db) {
    const { id, isThere } = pepperOf(db)
    await db.schema
      .createIndex('users_peppered')
      .on('users')
      .expression(sql`(${id})`)
      .where(isThere)
      .execute()
  },
}

/** Reads the ids of all peppers, one look at the index for each. */
export async function readPepperIds(db: Kysely<Schema>): Promise<readonly string[]> {
  const { id, isThere } = pepperOf(db)
  const ids: string[] = []
  for (;;) {
    const next = await db
      .selectFrom('users')
      .select(id.as('id'))
      .where(isThere)
      .where(id, '>', ids.at(-1) ?? '')
      .orderBy(id)
      .limit(1)
      .executeTakeFirst()
    if (next === undefined) return ids
    ids.push(next.id)
  }
}

/**
 * The `keyid` of an argon2 hash: the 8 characters of a pepper's id. Salts of other systems may be any
 * text. Word for word the same in the index and in what reads it.
 */
function pepperOf(db: Pick<Kysely<never>, 'getExecutor'>): {
  readonly id: RawBuilder<string>
  readonly isThere: RawBuilder<SqlBool>
} {
  const at = sql`${sql.raw(isPostgres(db) ? 'strpos' : 'instr')}(password_hash, ',keyid=')`
  return {
    id: sql`substr(password_hash, ${at} + 7, 8)`,
    isThere: sql`substr(password_hash, 1, 7) = '$argon2' and ${at} > 0`,
  }
}
