// The public surface of `portcullis/express`, for Express 5 and 4.

export { oauthEndpoints } from './oauth-endpoints.ts'
export { guarded, secured } from './secured.ts'
