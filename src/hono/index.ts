// The public surface of `portcullis/hono`.

export type { EndpointOptions, OAuthPaths } from '../http/endpoints/mount.ts'
export type { PageOptions, SiteAccent, SiteLogo } from '../http/pages/page-options.ts'
export { answerErrors } from './answer-errors.ts'
export { oauthEndpoints } from './oauth-endpoints.ts'
export { guarded, secured } from './secured.ts'
