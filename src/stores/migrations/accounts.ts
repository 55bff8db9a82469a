import { sql } from 'kysely'
import type { Step } from '../sql/step.ts'

/** Addresses, own fields and dates of users; links and codes that are used once; mails that wait. */
export const accounts: Step = {
  makes: [
    'users_by_email',
    'users_by_delete_at',
    'one_time_tokens',
    'one_time_tokens_by_subject',
    'one_time_tokens_by_user',
    'one_time_tokens_by_address',
    'one_time_tokens_by_expires_at',
    'mail_outbox',
    'mail_outbox_waiting',
    'mail_outbox_failed',
    'mail_outbox_by_coalesce_key',
    'mail_outbox_by_created_at',
  ],
  async up(db) {
    for (const column of ['email', 'email_key', 'fields']) {
      await db.schema.alterTable('users').addColumn(column, 'text').execute()
    }
    for (const column of ['email_verified_at', 'suspended_until', 'delete_at']) {
      await db.schema.alterTable('users').addColumn(column, 'bigint').execute()
    }
    // An address that nobody has proved is nobody's: two users may have it.
    await db.schema
      .createIndex('users_by_email')
      .unique()
      .on('users')
      .column('email_key')
      .where(sql.ref('email_verified_at'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('users_by_delete_at')
      .on('users')
      .column('delete_at')
      .where(sql.ref('delete_at'), 'is not', null)
      .execute()

    await db.schema
      .createTable('one_time_tokens')
      .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.references('users.id').onDelete('cascade'))
      .addColumn('security_stamp', 'text')
      .addColumn('address_digest', 'text')
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('tries', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('one_time_tokens_by_subject')
      .unique()
      .on('one_time_tokens')
      .columns(['kind', 'subject'])
      .execute()
    for (const [name, column] of [
      ['user', 'user_id'],
      ['address', 'address_digest'],
      ['expires_at', 'expires_at'],
    ] as const) {
      await db.schema
        .createIndex(`one_time_tokens_by_${name}`)
        .on('one_time_tokens')
        .column(column)
        .execute()
    }

    await db.schema
      .createTable('mail_outbox')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('recipient', 'text', (column) => column.notNull())
      .addColumn('coalesce_key', 'text')
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', 'bigint', (column) => column.notNull())
      .addColumn('claimed_until', 'bigint')
      .addColumn('reason', 'text')
      .execute()
    await db.schema
      .createIndex('mail_outbox_waiting')
      .on('mail_outbox')
      .column('due_at')
      .where(sql.ref('state'), '=', sql.lit('waiting'))
      .execute()
    // For their number: they are few.
    await db.schema
      .createIndex('mail_outbox_failed')
      .on('mail_outbox')
      .column('id')
      .where(sql.ref('state'), '=', sql.lit('failed'))
      .execute()
    await db.schema
      .createIndex('mail_outbox_by_coalesce_key')
      .on('mail_outbox')
      .column('coalesce_key')
      .where(sql.ref('coalesce_key'), 'is not', null)
      .execute()
    await db.schema
      .createIndex('mail_outbox_by_created_at')
      .on('mail_outbox')
      .column('created_at')
      .execute()
  },
}
