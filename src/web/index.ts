// The public surface of `portcullis/web`: guards and OAuth endpoints on a web-standard `Request`, and on
// Node's, for any framework or server. Nothing here loads a framework, a database or a password hash.

export type { Caller, CallingClient } from '../core/clients/token-client.ts'
export { ThrottledError, UnavailableError } from '../core/errors.ts'
export type { AccessToken, AccessTokenClaims } from '../core/tokens/access-token.ts'
export type { User } from '../core/users/user.ts'
export type { GuardedRequest } from '../http/bearer.ts'
export type { OAuthPaths } from '../http/endpoints/mount.ts'
export { type AnswerStyle, answerError, type ErrorAnswer } from '../http/error-answers.ts'
export { all, type GuardValue, optional, refine } from '../http/guards/combinators.ts'
export type { GuardDocumentation, GuardOptions } from '../http/guards/documentation.ts'
export { type Guard, guard, isGuard, recheck } from '../http/guards/guard.ts'
export { createGuards, type Guards } from '../http/guards/guards.ts'
export { createProblem, type ErrorDetail, type Problem } from '../http/problem.ts'
export { BearerError, type BearerErrorCode, Forbidden, Refusal } from '../http/refusal.ts'
export { type NodeOAuthHandler, nodeOAuthEndpoints, sendRefusal } from './node.ts'
export { type OAuthHandler, oauthEndpoints } from './oauth-endpoints.ts'
export { refusalResponse, secured, type WebHandler } from './secured.ts'
