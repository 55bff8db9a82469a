// The public surface of `portcullis/web`: guards and OAuth endpoints on a web-standard `Request`, and on
// Node's, for whatever runs them. Nothing here loads a framework, a database or a password hash.

export type { AccessToken, AccessTokenClaims } from '../core/access-token.ts'
export { ThrottledError, UnavailableError } from '../core/errors.ts'
export type { Caller, CallingClient } from '../core/token-client.ts'
export type { User } from '../core/user.ts'
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
} from '../http/guard.ts'
export { createGuards, type Guards } from '../http/guards.ts'
export { BearerError, type BearerErrorCode, Forbidden, Refusal } from '../http/refusal.ts'
export { type NodeOAuthHandler, nodeOAuthEndpoints, sendRefusal } from './node.ts'
export { type OAuthHandler, oauthEndpoints } from './oauth-endpoints.ts'
export { refusalResponse, secured, type WebHandler } from './secured.ts'
