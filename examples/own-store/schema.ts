// The tables, as Drizzle sees them.

import { isNotNull } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type {
  AuthEvent,
  AuthEventType,
  ClientRecord,
  SessionKind,
  SigningKeyRecord,
  UserFields,
} from 'portcullis/stores'

/** The application's own table. Portcullis reads and writes all columns but the last. */
export const members = sqliteTable(
  'members',
  {
    id: text().primaryKey(),
    login: text().notNull().unique(),
    pwHash: text('pw_hash'),
    role: text().notNull(),
    isActive: integer('is_active', { mode: 'boolean' }).notNull(),
    created: integer({ mode: 'timestamp_ms' }).notNull(),
    stamp: text().notNull(),
    email: text(),
    emailKey: text('email_key'),
    emailVerifiedAt: integer('email_verified_at'),
    suspendedUntil: integer('suspended_until'),
    deleteAt: integer('delete_at'),
    fields: text({ mode: 'json' }).$type<UserFields>(),
    displayName: text('display_name').notNull().default(''),
  },
  ({ emailKey, emailVerifiedAt }) => [
    // Two members may have an address that neither has verified.
    uniqueIndex('members_email').on(emailKey).where(isNotNull(emailVerifiedAt)),
  ],
)

const memberId = (name: string) =>
  text(name)
    .notNull()
    .references(() => members.id, { onDelete: 'cascade' })

/** Its rows are the records of the port as they are. */
export const sessions = sqliteTable(
  'auth_sessions',
  {
    id: text().primaryKey(),
    userId: memberId('member_id'),
    clientId: text('client_id').notNull(),
    scopes: text({ mode: 'json' }).$type<readonly string[]>().notNull(),
    generation: integer().notNull(),
    retryOf: integer('retry_of'),
    rotatedAt: integer('rotated_at').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    revokedAt: integer('revoked_at'),
    securityStamp: text('security_stamp').notNull(),
    label: text().notNull(),
    address: text().notNull(),
    authenticatedAt: integer('authenticated_at').notNull(),
    acr: text().notNull(),
    amr: text({ mode: 'json' }).$type<readonly string[]>().notNull(),
    kind: text().$type<SessionKind>().notNull(),
    parentId: text('parent_id'),
    offline: integer({ mode: 'boolean' }).notNull(),
  },
  ({ userId, clientId, parentId }) => [
    index('auth_sessions_member').on(userId),
    index('auth_sessions_client').on(clientId),
    index('auth_sessions_parent').on(parentId),
  ],
)

export const identities = sqliteTable(
  'auth_identities',
  {
    issuer: text().notNull(),
    subject: text().notNull(),
    userId: memberId('member_id'),
    createdAt: integer('created_at').notNull(),
  },
  ({ issuer, subject, userId }) => [
    primaryKey({ columns: [issuer, subject] }),
    index('auth_identities_member').on(userId),
  ],
)

/** One row: the version of the signing keys, and the stamp of the last `revokeAll`. */
export const state = sqliteTable('auth_state', {
  id: integer().primaryKey(),
  keysVersion: integer('keys_version').notNull(),
  epoch: text().notNull(),
})

export const signingKeys = sqliteTable('auth_signing_keys', {
  id: text().primaryKey(),
  record: text({ mode: 'json' }).$type<SigningKeyRecord>().notNull(),
})

export const clients = sqliteTable('auth_clients', {
  id: text().primaryKey(),
  record: text({ mode: 'json' }).$type<ClientRecord>().notNull(),
})

export const throttle = sqliteTable(
  'auth_throttle',
  {
    key: text().primaryKey(),
    account: text(),
    failures: integer().notNull(),
    wait: integer().notNull(),
    blockedUntil: integer('blocked_until').notNull(),
    countedAt: integer('counted_at').notNull(),
    succeededAt: integer('succeeded_at'),
  },
  ({ account }) => [index('auth_throttle_account').on(account)],
)

/** The columns are for queries; the record is the event. */
export const events = sqliteTable(
  'auth_events',
  {
    id: text().primaryKey(),
    at: integer().notNull(),
    type: text().$type<AuthEventType>().notNull(),
    userId: text('user_id'),
    clientId: text('client_id'),
    actor: text(),
    record: text({ mode: 'json' }).$type<AuthEvent>().notNull(),
  },
  ({ at, id, userId }) => [
    index('auth_events_at').on(at, id),
    index('auth_events_user').on(userId, at),
  ],
)
