// A program on somebody's machine, with oauth4webapi: no secret, and a port of the day (RFC 8252 §7.3).

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oauth from 'oauth4webapi'
import { serverUrl } from './urls.ts'

const http = { [oauth.allowInsecureRequests]: true }
const client = { client_id: 'tool' }
const issuer = new URL(serverUrl)
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, http),
)

const listener = createServer()
listener.listen(0, '127.0.0.1')
await once(listener, 'listening')
const redirectUri = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const url = new URL(server.authorization_endpoint ?? '')
url.search = new URLSearchParams({
  ...{ client_id: client.client_id, redirect_uri: redirectUri, response_type: 'code' },
  ...{ scope: 'openid profile', state },
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
}).toString()
console.log(`Open this in a browser:\n${url}`)

const [request, response] = (await once(listener, 'request')) as [IncomingMessage, ServerResponse]
const arrived = new URL(request.url ?? '', redirectUri)
const parameters = oauth.validateAuthResponse(server, client, arrived, state)
const answer = await oauth.authorizationCodeGrantRequest(
  ...([server, client, oauth.None(), parameters, redirectUri, verifier, http] as const),
)
const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
  requireIdToken: true,
})
const headers = new Headers({ authorization: `Bearer ${tokens.access_token}` })
const { hello } = (await (await fetch(`${serverUrl}/hello`, { headers })).json()) as {
  readonly hello: string
}
response.setHeader('connection', 'close').end(`Hello, ${hello}. You may close this window.`)
listener.close()
console.log(`Hello, ${hello}`)
