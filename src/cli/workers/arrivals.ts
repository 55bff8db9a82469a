import type { Socket } from 'node:net'
import type { RunningServer } from '../../server/start.ts'

/** Milliseconds that a connection has to bring its first request. */
const patience = 3_000

/**
 * Follows the connections of a server that listens. Returns what stops it from listening and then
 * waits until every connection that was made has brought a request, or was given up, or the signal says
 * to hurry.
 *
 * `server.close()` alone would cut off connections that have brought none yet, though the request may be
 * a moment away. If another process serves the same port, no client needs to notice the stop.
 */
export function followArrivals(
  server: RunningServer['app']['server'],
  stopAccepting: () => void,
): (hurry: AbortSignal) => Promise<void> {
  const silent = new Set<Socket>()
  let settle = (): void => {}

  function heard(socket: Socket): void {
    silent.delete(socket)
    if (silent.size === 0) settle()
  }
  server.on('connection', (socket: Socket) => {
    silent.add(socket)
    socket.once('close', () => heard(socket))
  })
  server.on('request', ({ socket }) => heard(socket))

  return async (hurry) => {
    stopAccepting()
    if (silent.size === 0 || hurry.aborted) return
    await new Promise<void>((resolve) => {
      settle = resolve
      hurry.addEventListener('abort', () => resolve())
      setTimeout(resolve, patience).unref()
    })
  }
}
