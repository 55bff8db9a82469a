// An identity provider that does what a test tells it to: real HTTP on this machine, real keys.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as jose from 'jose'

/** A key that tokens are signed with. */
export interface ProviderKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: jose.CryptoKey
  readonly jwk: jose.JWK
}

export async function makeKey(kid: string, alg = 'RS256'): Promise<ProviderKey> {
  const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await jose.exportJWK(publicKey)), kid, alg, use: 'sig' }
  return { kid, alg, privateKey, jwk }
}

/** Signs claims; a header member that is undefined is left out. */
export async function sign(
  key: ProviderKey,
  claims: jose.JWTPayload,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const whole = { alg: key.alg, typ: 'JWT', kid: key.kid, ...header }
  const present = Object.entries(whole).filter(([, value]) => value !== undefined)
  return await new jose.SignJWT(claims)
    .setProtectedHeader(Object.fromEntries(present) as jose.JWTHeaderParameters)
    .sign(key.privateKey)
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface TestProvider {
  /** The URL that it listens at, without a slash. */
  readonly origin: string
  /** The paths that were asked for, in order. */
  readonly requests: string[]
  /** The headers of the last request. */
  readonly lastHeaders: () => IncomingMessage['headers']
  /** What is at a path: a document, or whatever the function does. */
  serve(path: string, answer: object | Answer): void
  /** Nothing is at the path any more. */
  remove(path: string): void
  /** Serves OpenID Connect metadata of an issuer below this origin, and these keys. */
  publish(keys: readonly ProviderKey[], issuer?: string): void
  close(): Promise<void>
}

export async function startProvider(): Promise<TestProvider> {
  const answers = new Map<string, object | Answer>()
  const requests: string[] = []
  let headers: IncomingMessage['headers'] = {}
  const server = createServer((request, response) => {
    requests.push(String(request.url))
    headers = request.headers
    const answer = answers.get(String(request.url))
    if (answer === undefined) response.writeHead(404).end()
    else if (typeof answer === 'function') (answer as Answer)(request, response)
    else sendJson(response, answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    requests,
    lastHeaders: () => headers,
    serve: (path, answer) => void answers.set(path, answer),
    remove: (path) => void answers.delete(path),
    publish(keys, issuer = origin) {
      const path = new URL(issuer).pathname.replace(/\/$/, '')
      answers.set(`${path}/.well-known/openid-configuration`, {
        issuer,
        jwks_uri: `${origin}/jwks`,
      })
      answers.set('/jwks', { keys: keys.map(({ jwk }) => jwk) })
    },
    async close() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
