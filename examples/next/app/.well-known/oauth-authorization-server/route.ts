// The metadata, where RFC 8414 looks for them.

export { answer as GET } from '../../../oauth.ts'
