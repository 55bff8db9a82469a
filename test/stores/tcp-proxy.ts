import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What becomes of connections, those that are there and those that come:
 * `pass` them on; `refuse` them, nobody listens; `reset` them; or `swallow` every byte, so that the
 * other side hears nothing ever again. A connection that was swallowed does not come back.
 */
export type ProxyMode = 'pass' | 'refuse' | 'reset' | 'swallow'

/** A network between a client and a server, which can fail. */
export interface TcpProxy {
  readonly port: number
  /** How many connections it has accepted. */
  readonly accepted: number
  switchTo(mode: ProxyMode): Promise<void>
  close(): Promise<void>
}

interface Link {
  readonly ends: readonly Socket[]
  swallows: boolean
}

export async function startProxy(target: number): Promise<TcpProxy> {
  let mode: ProxyMode = 'pass'
  const links = new Set<Link>()
  let accepted = 0
  let server = await listen(0)
  const { port } = server.address() as { port: number }

  async function listen(on: number): Promise<Server> {
    const listening = createServer(accept).listen(on, '127.0.0.1')
    await once(listening, 'listening')
    return listening
  }

  function accept(client: Socket): void {
    accepted++
    client.on('error', () => {})
    if (mode === 'reset') {
      client.resetAndDestroy()
      return
    }
    const upstream = mode === 'swallow' ? undefined : connect(target, '127.0.0.1')
    const link: Link = { ends: upstream ? [client, upstream] : [client], swallows: !upstream }
    links.add(link)
    client.on('close', () => links.delete(link))
    join(client, upstream, link)
    if (upstream) join(upstream, client, link)
  }

  function join(from: Socket, to: Socket | undefined, link: Link): void {
    from.on('error', () => {})
    from.on('data', (bytes) => {
      if (!link.swallows) to?.write(bytes)
    })
    from.on('close', () => {
      if (!link.swallows) to?.destroy()
    })
  }

  function cut(): void {
    for (const { ends } of links) for (const end of ends) end.resetAndDestroy()
  }

  return {
    port,
    get accepted() {
      return accepted
    },
    async switchTo(next) {
      mode = next
      if (next === 'swallow') for (const link of links) link.swallows = true
      if (next === 'reset' || next === 'refuse') cut()
      if (next === 'refuse') await new Promise((resolve) => server.close(resolve))
      else if (!server.listening) server = await listen(port)
    },
    async close() {
      cut()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}
