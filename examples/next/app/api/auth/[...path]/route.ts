// POST /api/auth/token, /api/auth/revoke and /api/auth/introspect.

export { answer as GET, answer as POST } from '../../../../oauth.ts'
