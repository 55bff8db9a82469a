// The public surface of `portcullis/stores`: the ports that a store implements, the records that it keeps,
// and the errors that it throws.

export type {
  ApiKeyCondition,
  ApiKeyRecord,
  ApiKeyStore,
  ApiKeySubject,
} from '../core/api-keys/api-key-store.ts'
export type {
  AuthorizationCodeRecord,
  AuthorizationCodeStore,
  BrowserLogin,
  CodeExchange,
  CodeToExchange,
} from '../core/authorization/authorization-code-store.ts'
export type { ConsentRecord, ConsentStore } from '../core/authorization/consent-store.ts'
export type {
  LogoutNoticeClaim,
  LogoutNoticeRecord,
  LogoutNoticeStore,
} from '../core/authorization/logout-notice-store.ts'
export type {
  ClientRecord,
  ClientStore,
  ClientSubject,
  TokenEndpointAuthMethod,
} from '../core/clients/client-store.ts'
export { ConflictError, UnavailableError } from '../core/errors.ts'
export {
  type AuthEvent,
  type EventQuery,
  type EventStore,
  eventRetentionMinimum,
} from '../core/events/event-store.ts'
export type { AuthEventType } from '../core/events/vocabulary.ts'
export type {
  FactorConfirmation,
  FactorKind,
  FactorRecord,
  FactorRemoval,
  FactorReseal,
  FactorStore,
  FirstFactor,
  PasskeyRecord,
  SealedFactorQuery,
  StepUse,
} from '../core/factors/factor-store.ts'
export type {
  PasskeyAddition,
  PasskeyStore,
  PasskeyUse,
  Spending,
  StoredWithPasskey,
} from '../core/factors/passkey-store.ts'
export type { IdentityRecord, IdentityStore } from '../core/issuers/identity-store.ts'
export type {
  SigningKeyChange,
  SigningKeyRecord,
  SigningKeySet,
  SigningKeyStore,
} from '../core/keys/key-store.ts'
export type { SigningAlgorithm } from '../core/keys/signing-key.ts'
export type { MailKind, NoticeKind } from '../core/mail/kinds.ts'
export type {
  OneTimeTokenKind,
  OneTimeTokenQuery,
  OneTimeTokenRecord,
  OneTimeTokenStore,
  TokenReseal,
} from '../core/mail/one-time-token-store.ts'
export type {
  MailOutcome,
  MailRecord,
  NewMail,
  OutboxCounts,
  OutboxStore,
} from '../core/mail/outbox-store.ts'
export { coalescesFor } from '../core/mail/outbox-store.ts'
export type {
  NotifiedClients,
  Redemption,
  StoredWith,
  StoreTransaction,
} from '../core/mail/stored-with.ts'
export type { MaybePromise } from '../core/maybe-promise.ts'
export type {
  PrunedSessions,
  Reauthentication,
  Revocation,
  Rotation,
  SessionKind,
  SessionRecord,
  SessionStore,
  Subject,
} from '../core/sessions/session-store.ts'
export type {
  CacheCounts,
  ConnectionCounts,
  StoreStatistics,
  SubjectCounts,
} from '../core/statistics.ts'
export type { Store } from '../core/store.ts'
export {
  noEnd,
  type ThrottleAdmission,
  type ThrottleAdmitted,
  type ThrottleCount,
  type ThrottleOutcome,
  type ThrottleRule,
  type ThrottleState,
  type ThrottleStore,
  type ThrottleSuccess,
  waitOf,
} from '../core/throttle/throttle-store.ts'
export type { AskingToken, Authentication } from '../core/tokens/authentication.ts'
export type { KeptSession } from '../core/users/kept-session.ts'
export type { UserFields } from '../core/users/user-fields.ts'
export type {
  GuardedWrite,
  HashReplacement,
  StampRenewal,
  UserChanges,
  UserCounts,
  UserQuery,
  UserRecord,
  UserStore,
} from '../core/users/user-store.ts'
