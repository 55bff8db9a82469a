import type { TokenEndpointAuthMethod } from '../../core/clients/client-store.ts'
import type { AuthEventType } from '../../core/events/vocabulary.ts'
import type { FactorKind } from '../../core/factors/factor-store.ts'
import type { SigningAlgorithm } from '../../core/keys/signing-key.ts'
import type { MailKind } from '../../core/mail/kinds.ts'
import type { OneTimeTokenKind } from '../../core/mail/one-time-token-store.ts'
import type { SessionKind } from '../../core/sessions/session-store.ts'

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
  one_time_tokens: OneTimeTokensTable
  mail_outbox: MailOutboxTable
  authorization_codes: AuthorizationCodesTable
  consents: ConsentsTable
  logout_notices: LogoutNoticesTable
  api_keys: ApiKeysTable
  factors: FactorsTable
  recovery_codes: RecoveryCodesTable
}

export interface UsersTable {
  id: string
  username: string
  password_hash: string | null
  role: string
  active: number
  created_at: number
  security_stamp: string
  email: string | null
  email_key: string | null
  email_verified_at: number | null
  suspended_until: number | null
  delete_at: number | null
  /** JSON. Null for none. */
  fields: string | null
}

/** A link or a code that is used once: its digest alone. */
export interface OneTimeTokensTable {
  digest: string
  kind: OneTimeTokenKind
  subject: string
  user_id: string | null
  security_stamp: string | null
  address_digest: string | null
  /** Sealed. */
  payload: string
  tries: number
  created_at: number
  expires_at: number
}

/** A mail that waits, or what became of it. */
export interface MailOutboxTable {
  id: string
  kind: MailKind
  /** Sealed; empty when it does not wait any more. */
  recipient: string
  coalesce_key: string | null
  /** Sealed; as above. */
  payload: string
  created_at: number
  due_at: number
  expires_at: number
  state: 'waiting' | 'sent' | 'failed'
  attempts: number
  claimed_until: number | null
  reason: string | null
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
  /** JSON. */
  redirect_uris: string
  /** JSON. */
  post_logout_redirect_uris: string
  first_party: number
  auth_method: TokenEndpointAuthMethod | null
  pkce: 'required' | 'optional'
  logo_uri: string | null
  client_uri: string | null
  policy_uri: string | null
  tos_uri: string | null
  backchannel_logout_uri: string | null
}

/** A code of the authorization endpoint: its digest alone. */
export interface AuthorizationCodesTable {
  digest: string
  client_id: string
  user_id: string
  session_id: string
  security_stamp: string
  scope: string
  redirect_uri: string
  code_challenge: string | null
  nonce: string | null
  auth_time: number
  acr: string
  /** With spaces between. */
  amr: string
  created_at: number
  expires_at: number
  used_at: number | null
  opened_session_id: string | null
}

/** What a user has allowed a client. */
export interface ConsentsTable {
  user_id: string
  client_id: string
  scope: string
  created_at: number
  updated_at: number
}

/** A log-out that a client is to be told of. The user and the client may be gone. */
export interface LogoutNoticesTable {
  session_id: string
  client_id: string
  user_id: string
  created_at: number
  due_at: number
  attempts: number
  claimed_until: number | null
}

/** An API key of a user. */
export interface ApiKeysTable {
  id: string
  digest: string
  user_id: string
  name: string
  scope: string
  created_at: number
  expires_at: number
  last_used_at: number | null
  expiry_told: number
}

/** A second factor. The last seven are of passkeys alone. */
export interface FactorsTable {
  id: string
  user_id: string
  kind: FactorKind
  name: string
  created_at: number
  confirmed_at: number | null
  last_used_at: number | null
  /** Sealed. */
  sealed_secret: string | null
  last_step: number | null
  credential_id: string | null
  public_key: string | null
  counter: number | null
  backup_eligible: number | null
  backed_up: number | null
  /** With spaces between. */
  transports: string | null
  aaguid: string | null
}

/** A code for who has lost every factor: its digest alone. */
export interface RecoveryCodesTable {
  digest: string
  user_id: string
}

export interface SessionsTable {
  id: string
  user_id: string
  client_id: string
  scope: string
  generation: number
  retry_of: number | null
  rotated_at: number
  /** `rotated_at` as pruning saw it last: an index on that one would make every refresh dearer. */
  seen_at: number
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
  kind: SessionKind
  parent_id: string | null
  offline: number
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
