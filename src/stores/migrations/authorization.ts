import { sql } from 'kysely'
import { ownName } from '../sql/named-tables.ts'
import type { Step } from '../sql/step.ts'

/**
 * Login by browser: where clients may send people, browser sessions and what was opened through them, codes
 * that are exchanged once, and what users have allowed clients. No row is changed by this step.
 */
export const authorization: Step = {
  makes: [
    'sessions_by_parent',
    'authorization_codes',
    'authorization_codes_by_expires_at',
    'authorization_codes_by_grant',
    'authorization_codes_by_client',
    'consents',
    'consents_key',
    'consents_by_client',
  ],
  async up(db) {
    await db.schema
      .alterTable('sessions')
      .addColumn('kind', 'text', (column) => column.notNull().defaultTo('login'))
      .execute()
    await db.schema.alterTable('sessions').addColumn('parent_id', 'text').execute()
    await db.schema
      .alterTable('sessions')
      .addColumn('offline', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createIndex('sessions_by_parent')
      .on('sessions')
      .column('parent_id')
      .where(sql.ref('parent_id'), 'is not', null)
      .execute()
    // For the end of a client: without the sessions of browsers, which are nobody's that could end.
    await sql`drop index ${ownName(db, 'sessions_by_client')}`.execute(db)
    await db.schema
      .createIndex('sessions_by_client')
      .on('sessions')
      .column('client_id')
      .where('client_id', '<>', 'first-party')
      .where('client_id', '<>', 'portcullis:browser')
      .where(sql.ref('revoked_at'), 'is', null)
      .execute()

    // JSON.
    for (const column of ['redirect_uris', 'post_logout_redirect_uris']) {
      await db.schema
        .alterTable('clients')
        .addColumn(column, 'text', (each) => each.notNull().defaultTo('[]'))
        .execute()
    }
    await db.schema
      .alterTable('clients')
      .addColumn('first_party', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .alterTable('clients')
      .addColumn('pkce', 'text', (column) => column.notNull().defaultTo('required'))
      .execute()
    for (const column of [
      'auth_method',
      'logo_uri',
      'client_uri',
      'policy_uri',
      'tos_uri',
      'backchannel_logout_uri',
    ]) {
      await db.schema.alterTable('clients').addColumn(column, 'text').execute()
    }

    await db.schema
      .createTable('authorization_codes')
      .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('users.id').onDelete('cascade'),
      )
      .addColumn('session_id', 'text', (column) => column.notNull())
      .addColumn('security_stamp', 'text', (column) => column.notNull())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('redirect_uri', 'text', (column) => column.notNull())
      .addColumn('code_challenge', 'text')
      .addColumn('nonce', 'text')
      // A longer name would be cut off in that of its constraint, with the longest prefix.
      .addColumn('auth_time', 'bigint', (column) => column.notNull())
      .addColumn('acr', 'text', (column) => column.notNull())
      .addColumn('amr', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint')
      .addColumn('opened_session_id', 'text')
      .execute()
    await db.schema
      .createIndex('authorization_codes_by_expires_at')
      .on('authorization_codes')
      .column('expires_at')
      .execute()
    await db.schema
      .createIndex('authorization_codes_by_grant')
      .on('authorization_codes')
      .columns(['user_id', 'client_id'])
      .execute()

    // For the end of a client.
    await db.schema
      .createIndex('authorization_codes_by_client')
      .on('authorization_codes')
      .column('client_id')
      .execute()

    await db.schema
      .createTable('consents')
      .addColumn('user_id', 'text', (column) =>
        column.notNull().references('users.id').onDelete('cascade'),
      )
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('consents_key', ['user_id', 'client_id'])
      .execute()
    await db.schema.createIndex('consents_by_client').on('consents').column('client_id').execute()
  },
}
