// A list of stolen passwords that a test tells what to answer: real HTTP on this machine.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha1Of } from '../../../src/core/passwords/breach-lookup.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

export interface BreachServer {
  /** The URL of the range API. */
  readonly url: string
  readonly requests: readonly IncomingMessage[]
  /** The most connections that were open at the same time. */
  readonly mostConnections: () => number
  answer(answer: Answer): void
  /** Answers with these lines. */
  answerLines(...lines: readonly string[]): void
  close(): Promise<void>
}

export async function startBreachServer(): Promise<BreachServer> {
  let answer: Answer = (response) => response.writeHead(404).end()
  const requests: IncomingMessage[] = []
  let open = 0
  let most = 0
  const server = createServer((request, response) => {
    requests.push(request)
    answer(response, request)
  })
  server.on('connection', (socket) => {
    open++
    most = Math.max(most, open)
    socket.on('close', () => open--)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`,
    requests,
    mostConnections: () => most,
    answer(given) {
      answer = given
    },
    answerLines(...lines) {
      answer = (response) => response.end(lines.join('\r\n'))
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The line of a password in an answer. */
export function rangeLine(password: string, count = 1): string {
  return `${sha1Of(password).slice(5)}:${count}`
}

/** A whole list of these passwords, as a file has it. */
export function listOf(passwords: readonly string[], end = '\n'): string {
  return passwords
    .map((password) => `${sha1Of(password)}:7${end}`)
    .sort()
    .join('')
}
