// The public surface of `portcullis`: what an application writes, 50 names at most. Ports and records are
// in `portcullis/stores`.

export type { RoleMap } from './core/access/roles.ts'
export { type Auth, createAuth } from './core/auth.ts'
export type { AuthOptions } from './core/auth-options.ts'
export type { Client, Clients } from './core/clients/clients.ts'
export { browserClientId, firstPartyClientId } from './core/clients/registration.ts'
export type { Caller, CallingClient } from './core/clients/token-client.ts'
export type { Clock } from './core/clock.ts'
export type { Compatibility } from './core/compatibility.ts'
export { createAccessToken } from './core/create-access-token.ts'
export {
  ClientError,
  ConfigError,
  KeyError,
  OAuthError,
  ThrottledError,
  UnavailableError,
  UserError,
} from './core/errors.ts'
export type { AuthEvent } from './core/events/event-store.ts'
export type { Actor, Events } from './core/events/events.ts'
export type { AuthEventType } from './core/events/vocabulary.ts'
export type { Identities } from './core/issuers/identities.ts'
export type { ManagedKeys } from './core/keys/rotation.ts'
export { createHashPool } from './core/passwords/hash-pool.ts'
export type { Passwords } from './core/passwords/passwords.ts'
export type { Session } from './core/sessions/session-store.ts'
export type { Sessions } from './core/sessions/sessions.ts'
export type { AccessToken, AccessTokens } from './core/tokens/access-token.ts'
export type { NewUser } from './core/users/new-user.ts'
export type { StandardSchema } from './core/users/standard-schema.ts'
export type { User } from './core/users/user.ts'
export type { UserFields } from './core/users/user-fields.ts'
export type { Users } from './core/users/users.ts'
export type { GuardedRequest } from './http/bearer.ts'
export { all, optional, type Resolved, refine } from './http/guards/combinators.ts'
export { type Guard, guard, recheck } from './http/guards/guard.ts'
export { createGuards, type Guards } from './http/guards/guards.ts'
export { BearerError, Forbidden, Refusal } from './http/refusal.ts'
