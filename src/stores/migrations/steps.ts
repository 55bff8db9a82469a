import { sql } from 'kysely'
import { ownName } from '../sql/named-tables.ts'
import { pepperedHashes } from '../sql/pepper-index.ts'
import type { Step } from '../sql/step.ts'
import { accounts } from './accounts.ts'
import { apiKeys } from './api-keys.ts'
import { authenticationStep } from './authentication.ts'
import { authorization } from './authorization.ts'
import { changeLogStep } from './change-log.ts'
import { changeNotifications } from './change-notifications.ts'
import { eventPartitions } from './event-partitions.ts'
import { eventsStep } from './events.ts'
import { factors } from './factors.ts'
import { unusedSessions } from './unused-sessions.ts'

/**
 * The steps from an empty database to today's tables, in the order of their names. A step that has
 * been released is never changed; a new one is added.
 */
export const steps: Readonly<Record<string, Step>> = {
  '0001_users_and_keys': {
    makes: ['users', 'users_by_role', 'signing_keys'],
    async up(db) {
      await db.schema
        .createTable('users')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('username', 'text', (column) => column.notNull().unique())
        .addColumn('password_hash', 'text')
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('active', 'integer', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('security_stamp', 'text', (column) => column.notNull())
        .execute()
      await db.schema.createIndex('users_by_role').on('users').columns(['role', 'active']).execute()
      await db.schema
        .createTable('signing_keys')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('algorithm', 'text', (column) => column.notNull())
        .addColumn('sealed_private_key', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .execute()
    },
  },
  '0002_sessions': {
    makes: [
      'sessions',
      'sessions_by_user',
      'sessions_by_expires_at',
      'sessions_by_revoked_at',
      'sessions_by_rotated_at',
    ],
    async up(db) {
      await db.schema
        .createTable('sessions')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('user_id', 'text', (column) =>
          column.notNull().references('users.id').onDelete('cascade'),
        )
        .addColumn('client_id', 'text', (column) => column.notNull())
        .addColumn('scope', 'text', (column) => column.notNull())
        .addColumn('generation', 'bigint', (column) => column.notNull())
        .addColumn('rotated_at', 'bigint', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addColumn('revoked_at', 'bigint')
        .addColumn('security_stamp', 'text', (column) => column.notNull())
        .addColumn('label', 'text', (column) => column.notNull())
        .addColumn('address', 'text', (column) => column.notNull())
        .execute()
      await db.schema
        .createIndex('sessions_by_user')
        .on('sessions')
        .columns(['user_id', 'id'])
        .execute()
      // For pruning.
      for (const column of ['expires_at', 'revoked_at', 'rotated_at']) {
        await db.schema.createIndex(`sessions_by_${column}`).on('sessions').column(column).execute()
      }
    },
  },
  '0006_throttle': {
    makes: ['throttle', 'throttle_by_account', 'throttle_by_counted_at'],
    async up(db) {
      await db.schema
        .createTable('throttle')
        .addColumn('key', 'text', (column) => column.primaryKey().notNull())
        .addColumn('account', 'text')
        .addColumn('failures', 'bigint', (column) => column.notNull())
        .addColumn('wait', 'bigint', (column) => column.notNull())
        .addColumn('blocked_until', 'bigint', (column) => column.notNull())
        .addColumn('counted_at', 'bigint', (column) => column.notNull())
        .addColumn('succeeded_at', 'bigint')
        .execute()
      for (const column of ['account', 'counted_at']) {
        await db.schema.createIndex(`throttle_by_${column}`).on('throttle').column(column).execute()
      }
    },
  },
  '0004_clients': {
    makes: ['clients', 'sessions_by_client'],
    async up(db) {
      await db.schema
        .createTable('clients')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('secret_hash', 'text')
        .addColumn('grants', 'text', (column) => column.notNull())
        .addColumn('scope', 'text')
        .addColumn('introspect', 'integer', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .execute()
      // For the end of a client. Most sessions are first-party, and those cost nothing here.
      await db.schema
        .createIndex('sessions_by_client')
        .on('sessions')
        .column('client_id')
        .where('client_id', '<>', 'first-party')
        .where(sql.ref('revoked_at'), 'is', null)
        .execute()
    },
  },
  '0003_key_rotation': {
    makes: ['signing_key_set'],
    async up(db) {
      await db.schema
        .alterTable('signing_keys')
        .addColumn('signs_from', 'bigint', (column) => column.notNull().defaultTo(0))
        .execute()
      await db.schema.alterTable('signing_keys').addColumn('verifies_until', 'bigint').execute()
      await db
        .updateTable('signing_keys')
        .set((eb) => ({ signs_from: eb.ref('created_at') }))
        .execute()
      await db.schema
        .createTable('signing_key_set')
        .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .execute()
      await db.insertInto('signing_key_set').values({ id: 1, version: 1 }).execute()
    },
  },
  '0005_change_notifications': changeNotifications,
  '0007_identities': {
    makes: ['identities', 'identities_key', 'identities_by_user'],
    async up(db) {
      await db.schema
        .createTable('identities')
        .addColumn('issuer', 'text', (column) => column.notNull())
        .addColumn('subject', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) =>
          column.notNull().references('users.id').onDelete('cascade'),
        )
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('identities_key', ['issuer', 'subject'])
        .execute()
      await db.schema.createIndex('identities_by_user').on('identities').column('user_id').execute()
    },
  },
  '0008_imported_hashes': {
    makes: ['users_imported'],
    async up(db) {
      // It shrinks: the first good login replaces such a hash.
      await db.schema
        .createIndex('users_imported')
        .on('users')
        .column('id')
        .where(sql<boolean>`substr(password_hash, 1, 10) <> '$argon2id$'`)
        .execute()
    },
  },
  '0009_events': eventsStep,
  '0010_epoch': {
    makes: [],
    async up(db) {
      // Empty until everything is revoked for the first time: an upgrade ends no token.
      await db.schema
        .alterTable('signing_key_set')
        .addColumn('epoch', 'text', (column) => column.notNull().defaultTo(''))
        .execute()
    },
  },
  '0011_peppered_hashes': pepperedHashes,
  '0014_accounts': accounts,
  '0012_no_lock_table': {
    makes: [],
    async up(db) {
      // Of earlier versions, which made the steps in several transactions.
      await sql`drop table if exists ${ownName(db, 'portcullis_migration_lock')}`.execute(db)
    },
  },
  '0013_authentication': authenticationStep,
  '0015_authorization': authorization,
  '0017_api_keys': apiKeys,
  '0016_factors': factors,
  '0018_refresh_retries': {
    makes: [],
    async up(db) {
      // Null for sessions of before: their newest token was made from the one before it. No row is changed.
      await db.schema.alterTable('sessions').addColumn('retry_of', 'bigint').execute()
    },
  },
  '0020_unused_sessions': unusedSessions,
  '0021_event_partitions': eventPartitions,
  '0022_change_log': changeLogStep,
}
