// The public surface of `portcullis`: core and http, by name.

export type {
  AccessToken,
  AccessTokenClaims,
  AccessTokenIssuer,
  AccessTokenSubject,
  ExternalSubject,
  IssuedAccessToken,
} from './core/access-token.ts'
export type { Accounts, NewUser, PasswordChange, User } from './core/accounts.ts'
export { type Auth, createAccessToken, createAuth, firstPartyClientId } from './core/auth.ts'
export type { AuthOptions } from './core/auth-options.ts'
export { type Clock, systemClock } from './core/clock.ts'
export {
  AccountError,
  type AccountErrorCode,
  ConfigError,
  OAuthError,
  type OAuthErrorCode,
  ThrottledError,
  UnavailableError,
} from './core/errors.ts'
export type { AuthEvent, AuthEvents, AuthEventType } from './core/events.ts'
export type {
  ExternalIdentity,
  IssuerStatus,
  LinkFunction,
  PermissionMapping,
  RoleMapping,
  TrustedIssuer,
  UserMode,
} from './core/external-issuer.ts'
export { createHashPool, type HashPool, type HashPoolOptions } from './core/hash-pool.ts'
export type { Identities } from './core/identities.ts'
export type { Issuers } from './core/issuers.ts'
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
export type { Permissions } from './core/permissions.ts'
export type { RoleMap, Roles } from './core/roles.ts'
export type { NewSession, OpenSession, SessionOptions, Sessions } from './core/sessions.ts'
export type { KeyRing, SigningAlgorithm, SigningKey } from './core/signing-key.ts'
export {
  ConflictError,
  type IdentityRecord,
  type IdentityStore,
  type MaybePromise,
  type Rotation,
  type SessionRecord,
  type SessionStore,
  type SigningKeyRecord,
  type SigningKeyStore,
  type StampRenewal,
  type Store,
  type Subject,
  type ThrottleCount,
  type ThrottleRule,
  type ThrottleStore,
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
  refine,
} from './http/guard.ts'
export { createGuards, type Guards } from './http/guards.ts'
export { createProblem, type Problem } from './http/problem.ts'
export { BearerError, type BearerErrorCode, Forbidden, Refusal } from './http/refusal.ts'
export { createRevocationEndpoint } from './http/revocation-endpoint.ts'
export { createTokenEndpoint, type TokenEndpoint } from './http/token-endpoint.ts'
export type {
  TokenAnswer,
  TokenErrorResponse,
  TokenRequest,
  TokenResponse,
} from './http/token-messages.ts'
