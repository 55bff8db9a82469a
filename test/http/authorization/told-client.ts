// A client that is told of log-outs: a real server, whose answer a test may change.

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HostedLogin } from '../../../src/core/authorization/hosted-login.ts'
import type { ConfiguredClient } from '../../../src/core/clients/configured.ts'
import { hostedLogin } from '../../../src/hosted-login/hosted-login.ts'
import { callbackOf, claimsIn } from './relying-party.ts'

export interface ToldClient {
  /** Where it is told. */
  readonly uri: string
  /** The tokens that it was sent, in this order. */
  readonly tokens: readonly string[]
  /** The sessions that it was told of, in this order. */
  readonly told: readonly unknown[]
  /** Answers from now on. */
  answerWith(answer: RequestListener): void
  /** Resolves when it has been sent so many tokens in all. */
  reached(count: number): Promise<void>
}

/** Listens on loopback until the test ends. */
export async function startToldClient(t: { after(end: () => void): void }): Promise<ToldClient> {
  const tokens: string[] = []
  const arrivals = new EventTarget()
  let answer: RequestListener = (_, response) => void response.end()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    tokens.push(new URLSearchParams(body).get('logout_token') ?? '')
    arrivals.dispatchEvent(new Event('token'))
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    ...{ uri: `http://127.0.0.1:${port}/logout`, tokens },
    get told() {
      return tokens.map((token) => claimsIn(token).sid)
    },
    answerWith(next) {
      answer = next
    },
    async reached(count) {
      while (tokens.length < count) await once(arrivals, 'token')
    },
  }
}

/** An application's own page that is told of log-outs. */
export function tellable(id: string, backchannelLogoutUri: string): ConfiguredClient {
  return { id, firstParty: true, redirectUris: [callbackOf(id)], backchannelLogoutUri }
}

/** The option that tells clients on this machine. */
export const telling: HostedLogin = hostedLogin({ backchannel: { allowHosts: ['127.0.0.1'] } })
