import { once } from 'node:events'
import { type AddressInfo, createServer, Server as NetServer, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** A server that listens, at one address or at two. */
export interface Listeners {
  /** Accepts no more connections. Those that were made stay, and their requests are answered. */
  stopAccepting(): void
  /** Resolves when every connection is closed. Does not close any: that is the application's part. */
  finished(): Promise<void>
}

/** Where to listen. */
export interface Place {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** What `localhost` is beside 127.0.0.1. Default `::1`. */
  readonly second?: string
}

/** A machine without IPv6 says one of these. */
const withoutIPv6: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/**
 * Listens. `localhost` is 127.0.0.1 and, if the machine has IPv6, `::1`, since a browser may try either
 * first. What the system says of the name decides nothing: it often names only one of them.
 *
 * @throws the error of `listen`, such as `EADDRINUSE` for either address.
 */
export async function listen(
  app: FastifyInstance,
  { host, port, second = '::1' }: Place,
): Promise<Listeners> {
  if (host !== 'localhost') {
    await app.listen({ host, port })
    return { stopAccepting: () => stop(app.server), finished: async () => {} }
  }
  // Its connections become those of the application's server, which limits and closes them.
  const twin = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
    app.server.emit('connection', socket)
  })
  const closed = new Promise<void>((resolve) => twin.once('close', resolve))
  app.addHook('preClose', async () => stop(twin))
  await app.listen({ host: '127.0.0.1', port })
  const hasTwin = await startTwin(twin, { host: second, port: portOf(app) })
  return {
    stopAccepting() {
      stop(app.server)
      stop(twin)
    },
    async finished() {
      if (hasTwin) await closed
    },
  }
}

function portOf(app: FastifyInstance): number {
  return (app.server.address() as AddressInfo).port
}

/** What an HTTP server adds to this is the end of connections without a request. */
function stop(server: NetServer): void {
  NetServer.prototype.close.call(server)
}

/** Returns false if the machine has no such address. */
async function startTwin(twin: NetServer, { host, port }: Place): Promise<boolean> {
  twin.listen({ host, port })
  try {
    await once(twin, 'listening')
    return true
  } catch (error) {
    if (withoutIPv6.has((error as NodeJS.ErrnoException).code)) return false
    throw error
  }
}
