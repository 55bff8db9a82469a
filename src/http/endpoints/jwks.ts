import { internals } from '../../core/internals.ts'
import { jwksMaxAge } from '../../core/keys/lifecycle.ts'
import type { DocumentEndpoint } from './endpoint.ts'

/**
 * The public signing keys (RFC 7517 §5). A new key is published ahead for longer than verifiers elsewhere
 * may keep this.
 */
export const jwksEndpoint: DocumentEndpoint = {
  method: 'GET',
  path: '/.well-known/jwks.json',
  create(auth) {
    const headers = { 'cache-control': `public, max-age=${jwksMaxAge}` }
    return async () => {
      await auth[internals].keys.update()
      return { status: 200, headers, body: auth[internals].keys.publicJwks }
    }
  },
}
