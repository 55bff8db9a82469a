import { sql } from 'kysely'
import { steps } from '../../src/stores/migrations/steps.ts'
import { createKysely } from '../../src/stores/sql/named-tables.ts'
import { postgresDialect } from './bare-database.ts'

/** Makes a PostgreSQL database as it was before a step, such as `0022_change_log`. */
export async function makeOlder(address: string, before: string): Promise<void> {
  const db = createKysely<never>(postgresDialect(address), {})
  await db.transaction().execute(async (transaction) => {
    await sql`create table portcullis_migration (name text primary key, timestamp text)`.execute(
      transaction,
    )
    for (const name of Object.keys(steps).sort()) {
      if (name >= before) break
      await steps[name]?.up(transaction)
      await sql`insert into portcullis_migration values (${name}, '')`.execute(transaction)
    }
  })
  await db.destroy()
}
