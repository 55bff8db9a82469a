// The public surface of `portcullis`: core and http, by name.

export type {
  AccessToken,
  AccessTokenClaims,
  AccessTokenIssuer,
  AccessTokenSubject,
  ExternalSubject,
  IssuedAccessToken,
} from './core/access-token.ts'
export type { Accounts, NewUser, PasswordChange } from './core/accounts.ts'
export { type Auth, createAccessToken, createAuth } from './core/auth.ts'
export type { AuthOptions } from './core/auth-options.ts'
export type { ClientChanges } from './core/client-changes.ts'
export type { NewClient } from './core/client-registration.ts'
export { firstPartyClientId } from './core/client-registration.ts'
export type { ClientRegistry } from './core/client-registry.ts'
export type { ClientRecord, ClientStore } from './core/client-store.ts'
export type { AuthenticatedClient, Client, ClientCredentials, Clients } from './core/clients.ts'
export { type Clock, systemClock } from './core/clock.ts'
export type { ConfiguredClient } from './core/configured-clients.ts'
export {
  AccountError,
  type AccountErrorCode,
  ClientError,
  type ClientErrorCode,
  ConfigError,
  KeyError,
  type KeyErrorCode,
  OAuthError,
  type OAuthErrorCode,
  OverloadedError,
  ThrottledError,
  UnavailableError,
} from './core/errors.ts'
export {
  type AuthEvent,
  type EventQuery,
  type EventStore,
  eventRetentionMinimum,
} from './core/event-store.ts'
export { type AuthEventType, type EventType, eventTypes } from './core/event-vocabulary.ts'
export type { AuthEvents, NewEvent, Origin } from './core/events.ts'
export type {
  ExternalIdentity,
  IssuerStatus,
  LinkFunction,
  PermissionMapping,
  RoleMapping,
  TrustedIssuer,
  UserMode,
} from './core/external-issuer.ts'
export { type FirebaseParameters, formatFirebaseHash } from './core/hash-formats/firebase-scrypt.ts'
export {
  createHashPool,
  type FinishedJob,
  type HashPool,
  type HashPoolOptions,
  type HashResources,
  hashConcurrency,
} from './core/hash-pool.ts'
export type { Identities } from './core/identities.ts'
export type { Issuers } from './core/issuers.ts'
export type { KeyState } from './core/key-lifecycle.ts'
export type { KeyRing } from './core/key-ring.ts'
export type { ManagedKey, ManagedKeys } from './core/key-rotation.ts'
export type { Credentials, Login } from './core/login.ts'
export {
  type Argon2Parameters,
  createPasswordHasher,
  type PasswordHasher,
  type PasswordHasherOptions,
} from './core/password-hash.ts'
export {
  createPasswordPolicy,
  type PasswordPolicy,
  type PasswordPolicyOptions,
} from './core/password-policy.ts'
export type { PepperOptions } from './core/peppers.ts'
export type { Permissions } from './core/permissions.ts'
export type { RoleMap, Roles } from './core/roles.ts'
export type {
  InspectedSession,
  NewSession,
  OpenSession,
  SessionOptions,
  Sessions,
} from './core/sessions.ts'
export type { SigningAlgorithm, SigningKey } from './core/signing-key.ts'
export type {
  SigningKeyChange,
  SigningKeyRecord,
  SigningKeySet,
  SigningKeyStore,
} from './core/signing-key-store.ts'
export type { AttemptCounts, CacheCounts, StoreStatistics } from './core/statistics.ts'
export {
  type ClientSubject,
  ConflictError,
  type IdentityRecord,
  type IdentityStore,
  type MaybePromise,
  type Rotation,
  type SessionRecord,
  type SessionStore,
  type StampRenewal,
  type Store,
  type Subject,
  type UserChanges,
  type UserCounts,
  type UserQuery,
  type UserRecord,
  type UserStore,
} from './core/store.ts'
export {
  type Admission,
  type Attempt,
  type Throttle,
  unthrottledAdmission,
} from './core/throttle.ts'
export type { ThrottleCount, ThrottleRule, ThrottleStore } from './core/throttle-store.ts'
export type { Caller, CallingClient } from './core/token-client.ts'
export type { User } from './core/user.ts'
export type {
  ImportCounts,
  ImportEntry,
  ImportedUser,
  ImportOptions,
  ImportSource,
  ImportUsers,
  RefusedEntry,
} from './core/user-import.ts'
export { canonicalUsername } from './core/username.ts'
export { readBearerToken } from './http/bearer.ts'
export {
  all,
  type Guard,
  type GuardDocumentation,
  type GuardedRequest,
  type GuardOptions,
  type GuardValue,
  guard,
  isGuard,
  optional,
  type Resolved,
  refine,
} from './http/guard.ts'
export { createGuards, type Guards } from './http/guards.ts'
export { createIntrospectionEndpoint } from './http/introspection-endpoint.ts'
export { createProblem, type Problem } from './http/problem.ts'
export { BearerError, type BearerErrorCode, Forbidden, Refusal } from './http/refusal.ts'
export { createRevocationEndpoint } from './http/revocation-endpoint.ts'
export { createTokenEndpoint, type TokenEndpoint } from './http/token-endpoint.ts'
export type {
  IntrospectionResponse,
  TokenAnswer,
  TokenErrorResponse,
  TokenRequest,
  TokenResponse,
} from './http/token-messages.ts'
