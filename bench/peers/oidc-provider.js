// oidc-provider with its adapter in memory, as it comes: people log in on its pages for development. Access tokens
// are JWTs for one API; all tokens are signed with ES256.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { announce } from './listen.js'

const { API, REDIRECT_URI } = process.env
const { privateKey } = await generateKeyPair('ES256', { extractable: true })

let answer
const server = createServer((request, response) => {
  if (request.url !== '/cpu') return answer(request, response)
  response.end(JSON.stringify(process.cpuUsage()))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

answer = new Provider(`http://127.0.0.1:${server.address().port}`, {
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'key-1', alg: 'ES256', use: 'sig' }] },
  cookies: { keys: ['a key of the cookies'] },
  clients: [
    {
      client_id: 'third',
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['openid', 'items:read'],
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: {
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'items:read',
        audience: API,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  // As Portcullis does it for a client that has the grant.
  issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
}).callback()
announce(server)
