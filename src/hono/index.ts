// The public surface of `portcullis/hono`.

export type { OAuthPaths } from '../http/endpoints/mount.ts'
export { answerErrors } from './answer-errors.ts'
export { oauthEndpoints } from './oauth-endpoints.ts'
export { guarded, secured } from './secured.ts'
