import type { ApiKeyStore } from './api-keys/api-key-store.ts'
import type { AuthorizationCodeStore } from './authorization/authorization-code-store.ts'
import type { ConsentStore } from './authorization/consent-store.ts'
import type { LogoutNoticeStore } from './authorization/logout-notice-store.ts'
import type { ClientStore, ClientSubject } from './clients/client-store.ts'
import type { AuthEvent, EventStore } from './events/event-store.ts'
import type { FactorStore } from './factors/factor-store.ts'
import type { IdentityStore } from './issuers/identity-store.ts'
import type { SigningKeyStore } from './keys/key-store.ts'
import type { OneTimeTokenStore } from './mail/one-time-token-store.ts'
import type { OutboxStore } from './mail/outbox-store.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { SessionStore, Subject } from './sessions/session-store.ts'
import type { StoreStatistics } from './statistics.ts'
import type { ThrottleStore } from './throttle/throttle-store.ts'
import type { UserStore } from './users/user-store.ts'

/** What Portcullis keeps. One suite of tests, the contract, holds every implementation. */
export interface Store {
  /** The one read of a guarded request: keep it cheap. Null if there is no such user. */
  findSubject(userId: string, sessionId: string | null): MaybePromise<Subject | null>
  /** The same for a request with a client's own token. Never from a cache. */
  findClientSubject(clientId: string): MaybePromise<ClientSubject>
  /** Users and their password hashes. */
  readonly users: UserStore
  /** Logins, and the generation of their refresh tokens. */
  readonly sessions: SessionStore
  /** Links between identities of other issuers and users. */
  readonly identities: IdentityStore
  /** Managed signing keys, encrypted. */
  readonly signingKeys: SigningKeyStore
  /** Counts of failed attempts. */
  readonly throttle: ThrottleStore
  /** Registered OAuth clients. */
  readonly clients: ClientStore
  /** The record of what happened. */
  readonly events: EventStore
  /** Links and codes that are used once. Absent: nothing that needs them can be switched on. */
  readonly oneTimeTokens?: OneTimeTokenStore
  /** Mails that wait to be sent. Absent: as above. */
  readonly outbox?: OutboxStore
  /** Codes of the authorization endpoint. Absent: nobody can log in by browser. */
  readonly authorizationCodes?: AuthorizationCodeStore
  /** What users have allowed clients. Absent: as above. */
  readonly consents?: ConsentStore
  /** Log-outs that clients are to be told of. Absent: no client is told. */
  readonly logoutNotices?: LogoutNoticeStore
  /** API keys of users. Absent: there are none, and the option `apiKeys` is refused. */
  readonly apiKeys?: ApiKeyStore
  /** Second factors and recovery codes. Absent: nobody has a second factor. */
  readonly factors?: FactorStore
  /** Opens the database and brings its tables up to date. Called once, before anything else. */
  open(): Promise<void>
  /**
   * In one step: this stamp for all users and as the epoch, no signing key, a version of them new to
   * everybody, no one-time token but for challenges of passkeys that were used, no authorization code, no API key, and no mail that waits.
   */
  revokeAll(securityStamp: string, now: number, event?: AuthEvent): Promise<true>
  /** Rejects when the store cannot answer now. */
  check(): Promise<void>
  /**
   * 32 bytes, kept apart from the records, that private keys are sealed under. Absent for a store
   * that has no safe place; then the key must be configured.
   */
  keyEncryptionKey?(): Promise<Uint8Array>
  /**
   * Others, each of 32 bytes, that something may be sealed under: earlier ones, and one that is to come. That
   * of today may be among them. Absent: there are none.
   */
  previousKeyEncryptionKeys?(): Promise<readonly Uint8Array[]>
  /** What it counts about itself, in this process. Absent where there is nothing to count. */
  statistics?(): StoreStatistics
  /** Closes the database. Nothing of the store can be used afterwards. */
  close(): Promise<void>
}
