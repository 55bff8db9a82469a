// What tests of the ready server need: its answers judged, its log read, its port spoken to in bytes.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { byPassword } from '../../src/core/tokens/authentication.ts'
import { goodPassword } from '../fixtures.ts'

/** Another password that the policy accepts. */
export const otherPassword = 'nine brave lanterns whisper'

/** Fails unless the answer is a problem (RFC 9457) of this status, which says this. */
export function assertProblem(
  answer: Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body'>,
  status: number,
  detail?: string | RegExp,
): void {
  assert.equal(answer.statusCode, status, answer.body)
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
  const problem: Record<string, unknown> = JSON.parse(answer.body)
  assert.equal(problem.status, status)
  assert.equal(problem.type, 'about:blank')
  assert.equal(typeof problem.title, 'string')
  if (typeof detail === 'string') assert.equal(problem.detail, detail)
  else if (detail) assert.match(String(problem.detail), detail)
}

/** A whole answer but its date and its id, to the byte, in the order in which its headers were sent. */
export function wholeAnswer(answer: LightMyRequestResponse): string {
  const { statusCode, statusMessage, headers, rawPayload } = answer
  const { date: _, 'request-id': __, ...others } = headers
  return JSON.stringify([statusCode, statusMessage, others, rawPayload.toString('latin1')])
}

/** Sends a form. */
export async function sendForm(
  app: FastifyInstance,
  url: string,
  fields: Readonly<Record<string, string>>,
): Promise<LightMyRequestResponse> {
  return await app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  })
}

/** Logs in, by default with the good password and for all that the role grants. */
export async function login(
  app: FastifyInstance,
  username: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<LightMyRequestResponse> {
  return await sendForm(app, '/auth/token', { username, password: goodPassword, ...fields })
}

/** An access token like that of a login at this instant. */
export async function recentToken(
  auth: Auth,
  userId: string,
  scopes?: readonly string[],
): Promise<string> {
  return String(await createAccessToken(auth, userId, scopes, byPassword(auth.clock())))
}

/** The part of a log that tests read: Fastify's `logger` option, and what it wrote. */
export interface TestLog {
  readonly options: { readonly level: string; readonly stream: { write(line: string): void } }
  readonly lines: string[]
}

export function createTestLog(level = 'trace'): TestLog {
  const lines: string[] = []
  return { lines, options: { level, stream: { write: (line) => void lines.push(line) } } }
}

/** A connection to a server that listens, and all that came from it. */
export interface Connection {
  readonly socket: Socket
  readonly received: () => string
  /** Resolves when the other side has said this. */
  until(text: string): Promise<void>
  /** Resolves with all that came when the connection is closed. */
  readonly closed: Promise<string>
}

export async function connectTo(port: number): Promise<Connection> {
  const socket = connect({ host: '127.0.0.1', port })
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  // The server may close while bytes are still on their way to it.
  socket.on('error', () => {})
  await once(socket, 'connect')
  const closed = once(socket, 'close').then(() => received)
  return {
    socket,
    received: () => received,
    async until(text) {
      while (!received.includes(text)) {
        const ended = await Promise.race([once(socket, 'data').then(() => false), closed])
        if (ended !== false && !received.includes(text)) assert.fail(`closed after: ${received}`)
      }
    },
    closed,
  }
}

export function portOf(app: FastifyInstance): number {
  const address = app.server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}
