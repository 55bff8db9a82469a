// GET /api/.well-known/jwks.json, and the metadata.

export { answer as GET } from '../../../../oauth.ts'
