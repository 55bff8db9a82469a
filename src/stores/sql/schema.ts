import type { AuthEventType } from '../../core/events/vocabulary.ts'
import type { SigningAlgorithm } from '../../core/keys/signing-key.ts'

/** The tables, as Kysely sees them. Booleans are 0 and 1, so that both engines agree. */
export interface Schema {
  users: UsersTable
  sessions: SessionsTable
  identities: IdentitiesTable
  signing_keys: SigningKeysTable
  throttle: ThrottleTable
  clients: ClientsTable
  events: EventsTable
  signing_key_set: SigningKeySetTable
}

export interface UsersTable {
  id: string
  username: string
  password_hash: string | null
  role: string
  active: number
  created_at: number
  security_stamp: string
}

/** The identity of a user at another issuer. */
export interface IdentitiesTable {
  issuer: string
  subject: string
  user_id: string
  created_at: number
}

export interface SigningKeysTable {
  id: string
  algorithm: SigningAlgorithm
  sealed_private_key: string
  created_at: number
  signs_from: number
  verifies_until: number | null
}

/** One row, whose lock chooses among processes that would change the keys. */
export interface SigningKeySetTable {
  id: number
  version: number
  epoch: string
}

export interface ClientsTable {
  id: string
  name: string
  secret_hash: string | null
  grants: string
  scope: string | null
  introspect: number
  created_at: number
}

export interface SessionsTable {
  id: string
  user_id: string
  client_id: string
  scope: string
  generation: number
  rotated_at: number
  created_at: number
  expires_at: number
  revoked_at: number | null
  security_stamp: string
  label: string
  address: string
  authenticated_at: number
  acr: string
  /** With spaces between. */
  amr: string
}

/** A count of failed attempts. Keys are digests: no name and no address is in them. */
export interface ThrottleTable {
  key: string
  account: string | null
  failures: number
  wait: number
  blocked_until: number
  counted_at: number
  /** When the source of this count last succeeded; null for a source that never has. */
  succeeded_at: number | null
}

/** What happened. The database refuses changes, see event-migration.ts. */
export interface EventsTable {
  at: number
  id: string
  type: AuthEventType
  actor: string | null
  user_id: string | null
  client_id: string | null
  session_id: string | null
  address: string | null
  request_id: string | null
  reason: string | null
  /** JSON. */
  details: string | null
}
