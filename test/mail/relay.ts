// Mail relays of every temper, on ports of this machine.

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { generate } from 'selfsigned'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A mail as a relay took it. */
export interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly user: string | undefined
  readonly secure: boolean
  readonly source: string
}

export interface Relay {
  readonly port: number
  readonly received: readonly Received[]
}

export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** For these names and addresses, signed by itself. */
export async function aCertificate(...names: readonly string[]): Promise<Certificate> {
  const altNames = names.map((name) =>
    /^[\d.]+$/.test(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
  )
  const { private: key, cert } = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    extensions: [{ name: 'subjectAltName', altNames }],
  })
  return { key, cert }
}

/** An answer of a relay: a status and a text that holds the address, as many do. */
export function answer(responseCode: number, address: string): Error {
  return Object.assign(new Error(`5.1.1 <${address}> is not wanted`), { responseCode })
}

/** A real relay; without TLS unless it is given a certificate. */
export async function startRelay(t: TestContext, options: SMTPServerOptions = {}): Promise<Relay> {
  const received: Received[] = []
  const relay = new SMTPServer({
    authOptional: true,
    // Milliseconds that connections get which a mailer keeps open.
    closeTimeout: 1,
    ...(options.cert === undefined && { hideSTARTTLS: true }),
    onData(stream, { envelope, user, secure }, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        received.push({
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          ...{ user: user as string | undefined, secure },
          source: Buffer.concat(parts).toString(),
        })
        done()
      })
    },
    ...options,
  })
  // A client that refuses the certificate breaks off.
  relay.on('error', () => {})
  const { promise, resolve } = Promise.withResolvers<void>()
  relay.listen(0, resolve)
  await promise
  t.after(() => new Promise<void>((ended) => relay.close(ended)))
  return { port: (relay.server.address() as AddressInfo).port, received }
}

/** What takes connections and does with each what it is told. */
export async function startListener(
  t: TestContext,
  onConnection: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, resolve)
  await promise
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, server }
}
