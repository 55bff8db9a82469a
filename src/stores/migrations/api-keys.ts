import type { Step } from '../sql/step.ts'

/** API keys of users. */
export const apiKeys: Step = {
  makes: ['api_keys', 'api_keys_by_digest', 'api_keys_by_user', 'api_keys_by_expires_at'],
  async up(db) {
    await db.schema
      .createTable('api_keys')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('users.id').onDelete('cascade'),
      )
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint')
      .addColumn('expiry_told', 'integer', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('api_keys_by_digest')
      .unique()
      .on('api_keys')
      .column('digest')
      .execute()
    for (const [name, column] of [
      ['user', 'user_id'],
      ['expires_at', 'expires_at'],
    ] as const) {
      await db.schema.createIndex(`api_keys_by_${name}`).on('api_keys').column(column).execute()
    }
  },
}
