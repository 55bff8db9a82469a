// A web server of a test, by https with a certificate of its own or by http, whose handler may be replaced.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { generate } from 'selfsigned'

export interface WebServer {
  readonly port: number
  /** Every request, in the order of arrival. */
  readonly seen: readonly SeenRequest[]
  /** Answers from now on. */
  answerWith(listener: RequestListener): void
  close(): Promise<void>
}

export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

/** Listens on a free port of loopback. */
export async function startWebServer({ tls }: { readonly tls: boolean }): Promise<WebServer> {
  const seen: SeenRequest[] = []
  let answer: RequestListener = (_request, response) => response.writeHead(503).end()
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers })
    answer(request, response)
  }
  const server: Server = tls
    ? createSecureServer(await certificate(), listener)
    : createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    ...{ port: (server.address() as AddressInfo).port, seen },
    answerWith(next) {
      answer = next
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function certificate(): Promise<{ readonly key: string; readonly cert: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...{ keyType: 'ec', algorithm: 'sha256' },
  })
  return { key, cert }
}
