// The public surface of `portcullis/hono`.

export { oauthEndpoints } from './oauth-endpoints.ts'
export { guarded, secured } from './secured.ts'
