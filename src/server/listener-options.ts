import type { AddressInfo, Socket } from 'node:net'
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, RawServerDefault } from 'fastify'
import { sendProblem } from '../fastify/refusal-handler.ts'
import { createProblem, problemMediaType } from '../http/problem.ts'
import { bareHeaders } from './security-headers.ts'

/** Milliseconds within which a request must have arrived whole; slower clients are cut off. */
const requestTimeout = 15_000
/** The same for its head. Node.js would use the longer of the two for both. */
const headersTimeout = 10_000
/** Milliseconds between two looks for slow clients. */
const connectionsCheckingInterval = 2_000

/** How everything that listens deals with slow clients, and with what is not a request. */
export const listenerOptions: Pick<
  FastifyHttpOptions<RawServerDefault>,
  'requestTimeout' | 'http' | 'clientErrorHandler' | 'frameworkErrors'
> = {
  requestTimeout,
  http: { headersTimeout, connectionsCheckingInterval },
  // Fastify's own answers to a request that is not HTTP, or has no readable path, have another form.
  clientErrorHandler: answerBrokenRequest,
  frameworkErrors: (error, _request, reply) => {
    reply.headers(bareHeaders)
    sendProblem(reply as FastifyReply, error.statusCode ?? 400, 'The path cannot be read.')
  },
}

/**
 * Where an application that listens is reached from this machine, such as `http://localhost:8000`: an
 * address only if it listens on that one alone. A browser has passkeys for a name, and none for an address.
 */
export function urlOf(app: FastifyInstance, listensOn: string): string {
  const { address, family, port } = app.server.address() as AddressInfo
  const isNamed = [listensOn, address].some((each) => named.has(each))
  const host = isNamed ? 'localhost' : address
  return `http://${family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${port}`
}

/** What the machine's own name reaches. */
const named: ReadonlySet<string> = new Set(['localhost', '0.0.0.0', '::'])

function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, detail] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'The path and headers are larger than 16 KiB.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'The request did not arrive in time.']
        : [400, 'The request is not valid HTTP.']
  const body = JSON.stringify(createProblem(status, detail))
  const headers = {
    ...bareHeaders,
    'content-type': problemMediaType,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} \r\n${lines.join('')}\r\n${body}`)
}
