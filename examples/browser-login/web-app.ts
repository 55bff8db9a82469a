// A server-rendered application with openid-client: a secret, and the tokens stay on the server.

import { randomBytes } from 'node:crypto'
import express, { type Request } from 'express'
import * as client from 'openid-client'
import { serverUrl, webPort, webUrl } from './urls.ts'

const { WEB_SECRET: secret } = process.env
const server = new URL(serverUrl)
// By http, as here, it must be told that this is on purpose.
const options = { execute: [client.allowInsecureRequests] }
const configuration = await client.discovery(server, 'web', secret, undefined, options)

interface Session {
  /** Of a login under way. */
  checks?: client.AuthorizationCodeGrantChecks
  /** Of the user. */
  name?: string
  idToken?: string
}
// They stay in this process, so a restart logs everyone out here.
const sessions = new Map<string, Session>()

const sessionOf = ({ headers }: Request): Session | undefined =>
  sessions.get(/(?:^|; )web=([\w-]+)/.exec(headers.cookie ?? '')?.[1] ?? '')

const app = express()

app.get('/', (request, response) => {
  const name = sessionOf(request)?.name
  const greeting = name === undefined ? 'Nobody is logged in' : `Hello, ${escapeHtml(name)}`
  response.send(`<!doctype html><html lang="en"><title>Web application</title><h1>${greeting}</h1>
<a href="/login">Log in</a> <a href="/logout">Log out</a></html>`)
})

app.get('/login', async (_request, response) => {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  }
  // A new number for each login, so that a number planted before it is worth nothing.
  const id = randomBytes(32).toString('base64url')
  sessions.set(id, { checks })
  response.cookie('web', id, { httpOnly: true, sameSite: 'lax' })
  const url = client.buildAuthorizationUrl(configuration, {
    ...{ redirect_uri: `${webUrl}/callback`, scope: 'openid profile' },
    ...{ state: checks.expectedState, nonce: checks.expectedNonce },
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  response.redirect(303, url.href)
})

app.get('/callback', async (request, response) => {
  const session = sessionOf(request)
  const { checks } = session ?? {}
  if (!session || !checks) return response.redirect(303, '/login')
  delete session.checks
  const url = new URL(request.originalUrl, webUrl)
  const tokens = await client.authorizationCodeGrant(configuration, url, checks)
  const { sub } = tokens.claims() ?? {}
  const about = await client.fetchUserInfo(configuration, tokens.access_token, sub ?? '')
  session.name = about.preferred_username ?? about.sub
  session.idToken = tokens.id_token ?? ''
  return response.redirect(303, '/')
})

app.get('/logout', (request, response) => {
  const session = sessionOf(request)
  const idToken = session?.idToken
  delete session?.name
  if (idToken === undefined) return response.redirect(303, '/')
  const end = { id_token_hint: idToken, post_logout_redirect_uri: `${webUrl}/` }
  return response.redirect(303, client.buildEndSessionUrl(configuration, end).href)
})

app.listen(webPort, 'localhost', () => console.log(webUrl))

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
