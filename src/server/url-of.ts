import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where a server that listens is reached from this machine, such as `http://127.0.0.1:8000`. */
export function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address
  return `http://${family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${port}`
}
