// The public surface of `portcullis`: core and http, by name.

export type { Permissions } from './core/access/permissions.ts'
export type { RoleMap, Roles } from './core/access/roles.ts'
export { type Auth, createAccessToken, createAuth } from './core/auth.ts'
export type { AuthOptions } from './core/auth-options.ts'
export type { ClientChanges } from './core/clients/changes.ts'
export type { ClientRecord, ClientStore, ClientSubject } from './core/clients/client-store.ts'
export type {
  AuthenticatedClient,
  Client,
  ClientCredentials,
  Clients,
} from './core/clients/clients.ts'
export type { ConfiguredClient } from './core/clients/configured.ts'
export type { NewClient } from './core/clients/registration.ts'
export { firstPartyClientId } from './core/clients/registration.ts'
export type { ClientRegistry } from './core/clients/registry.ts'
export type { Caller, CallingClient } from './core/clients/token-client.ts'
export { type Clock, systemClock } from './core/clock.ts'
export {
  ClientError,
  type ClientErrorCode,
  ConfigError,
  ConflictError,
  KeyError,
  type KeyErrorCode,
  OAuthError,
  type OAuthErrorCode,
  OverloadedError,
  ThrottledError,
  UnavailableError,
  UserError,
  type UserErrorCode,
} from './core/errors.ts'
export {
  type AuthEvent,
  type EventQuery,
  type EventStore,
  eventRetentionMinimum,
} from './core/events/event-store.ts'
export type { Actor, AuthEvents, NewEvent } from './core/events/events.ts'
export { type AuthEventType, type EventType, eventTypes } from './core/events/vocabulary.ts'
export type {
  IssuerStatus,
  LinkFunction,
  PermissionMapping,
  RoleMapping,
  TrustedIssuer,
} from './core/issuers/external-issuer.ts'
export type { Identities } from './core/issuers/identities.ts'
export type { IdentityRecord, IdentityStore } from './core/issuers/identity-store.ts'
export type { Issuers } from './core/issuers/issuers.ts'
export type { KeyRing } from './core/keys/key-ring.ts'
export type {
  SigningKeyChange,
  SigningKeyRecord,
  SigningKeySet,
  SigningKeyStore,
} from './core/keys/key-store.ts'
export type { KeyState } from './core/keys/lifecycle.ts'
export type { ManagedKey, ManagedKeys } from './core/keys/rotation.ts'
export type { SigningAlgorithm, SigningKey } from './core/keys/signing-key.ts'
export type { MaybePromise } from './core/maybe-promise.ts'
export {
  type FirebaseParameters,
  formatFirebaseHash,
} from './core/passwords/formats/firebase-scrypt.ts'
export {
  createHashPool,
  type FinishedJob,
  type HashPool,
  type HashPoolOptions,
  type HashResources,
  hashConcurrency,
} from './core/passwords/hash-pool.ts'
export {
  type Argon2Parameters,
  createPasswordHasher,
  type PasswordHasher,
  type PasswordHasherOptions,
} from './core/passwords/password-hash.ts'
export {
  createPasswordPolicy,
  type PasswordPolicy,
  type PasswordPolicyOptions,
} from './core/passwords/password-policy.ts'
export type { PepperOptions } from './core/passwords/peppers.ts'
export type {
  Rotation,
  SessionRecord,
  SessionStore,
  Subject,
} from './core/sessions/session-store.ts'
export type {
  InspectedSession,
  NewSession,
  OpenSession,
  SessionOptions,
  Sessions,
} from './core/sessions/sessions.ts'
export type { AttemptCounts, CacheCounts, StoreStatistics } from './core/statistics.ts'
export type { Store } from './core/store.ts'
export {
  type Admission,
  type Attempt,
  type Throttle,
  unthrottledAdmission,
} from './core/throttle/throttle.ts'
export type { ThrottleCount, ThrottleRule, ThrottleStore } from './core/throttle/throttle-store.ts'
export type {
  AccessToken,
  AccessTokenClaims,
  AccessTokenIssuer,
  AccessTokenSubject,
  IssuedAccessToken,
} from './core/tokens/access-token.ts'
export type { ExternalIdentity, ExternalSubject, UserMode } from './core/tokens/external-subject.ts'
export type { Credentials, Login } from './core/users/login.ts'
export type { User } from './core/users/user.ts'
export type {
  ImportCounts,
  ImportEntry,
  ImportedUser,
  ImportOptions,
  ImportSource,
  ImportUsers,
  RefusedEntry,
} from './core/users/user-import.ts'
export type {
  StampRenewal,
  UserChanges,
  UserCounts,
  UserQuery,
  UserRecord,
  UserStore,
} from './core/users/user-store.ts'
export { canonicalUsername } from './core/users/username.ts'
export type { NewUser, PasswordChange, Users } from './core/users/users.ts'
export type { GuardedRequest } from './http/bearer.ts'
export { readBearerToken } from './http/bearer.ts'
export { createIntrospectionEndpoint } from './http/endpoints/introspection.ts'
export { createRevocationEndpoint } from './http/endpoints/revocation.ts'
export { createTokenEndpoint, type TokenEndpoint } from './http/endpoints/token.ts'
export { all, type GuardValue, optional, type Resolved, refine } from './http/guards/combinators.ts'
export type { GuardDocumentation, GuardOptions } from './http/guards/documentation.ts'
export { type Guard, guard, isGuard, recheck } from './http/guards/guard.ts'
export { createGuards, type Guards } from './http/guards/guards.ts'
export { createProblem, type Problem } from './http/problem.ts'
export { BearerError, type BearerErrorCode, Forbidden, Refusal } from './http/refusal.ts'
export type {
  IntrospectionResponse,
  TokenAnswer,
  TokenErrorResponse,
  TokenRequest,
  TokenResponse,
} from './http/token-messages.ts'
