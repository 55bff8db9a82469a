import { sql } from 'kysely'
import type { Step } from '../sql/step.ts'

/** Second factors, passkeys among them, and the codes for those who have lost theirs. No row is changed by this step. */
export const factors: Step = {
  makes: [
    'factors',
    'factors_by_user',
    'factors_unconfirmed',
    'factors_by_credential',
    'recovery_codes',
    'recovery_codes_by_user',
  ],
  async up(db) {
    await db.schema
      .createTable('factors')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('users.id').onDelete('cascade'),
      )
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('confirmed_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .addColumn('sealed_secret', 'text')
      .addColumn('last_step', 'bigint')
      .addColumn('credential_id', 'text')
      .addColumn('public_key', 'text')
      .addColumn('counter', 'bigint')
      .addColumn('backup_eligible', 'integer')
      .addColumn('backed_up', 'integer')
      .addColumn('transports', 'text')
      .addColumn('aaguid', 'text')
      .execute()
    await db.schema.createIndex('factors_by_user').on('factors').column('user_id').execute()
    // One enrolment of a user at a time.
    await db.schema
      .createIndex('factors_unconfirmed')
      .unique()
      .on('factors')
      .column('user_id')
      .where(sql.ref('confirmed_at'), 'is', null)
      .execute()
    await db.schema
      .createIndex('factors_by_credential')
      .unique()
      .on('factors')
      .column('credential_id')
      .where(sql.ref('credential_id'), 'is not', null)
      .execute()

    await db.schema
      .createTable('recovery_codes')
      .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('users.id').onDelete('cascade'),
      )
      .execute()
    await db.schema
      .createIndex('recovery_codes_by_user')
      .on('recovery_codes')
      .column('user_id')
      .execute()
  },
}
