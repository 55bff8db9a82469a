import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, Server as NetServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { followArrivals } from '../../../src/cli/workers/arrivals.ts'

const never = new AbortController().signal

async function listen(t: TestContext) {
  const server = createServer((_request, response) => response.end('answered'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  const stop = () => void NetServer.prototype.close.call(server)
  return { server, awaitArrivals: followArrivals(server, stop) }
}

/** A connection that the server has accepted, and that has said nothing. */
async function join(server: Server): Promise<Socket> {
  const accepted = once(server, 'connection')
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await Promise.all([once(socket, 'connect'), accepted])
  return socket
}

async function ask(socket: Socket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  return String((await once(socket, 'data'))[0])
}

test('a request on a connection that was made before the end is waited for and answered', async (t) => {
  const { server, awaitArrivals } = await listen(t)
  const socket = await join(server)
  let arrived = false
  const arrivals = awaitArrivals(never).then(() => {
    arrived = true
  })
  assert.equal(server.listening, false)
  assert.equal(arrived, false)
  assert.match(await ask(socket), /^HTTP\/1\.1 200 OK[\s\S]*answered$/)
  await arrivals
})

test('connections that have brought a request, or are gone, are not waited for', async (t) => {
  const { server, awaitArrivals } = await listen(t)
  const served = await join(server)
  await ask(served)
  const gone = await join(server)
  const arrivals = awaitArrivals(never)
  gone.destroy()
  await arrivals
  assert.equal(served.destroyed, false, 'what is kept alive is for the server to close')
})

test('who has to hurry waits for none', async (t) => {
  const { server, awaitArrivals } = await listen(t)
  await join(server)
  const hurry = new AbortController()
  const arrivals = awaitArrivals(hurry.signal)
  hurry.abort()
  await arrivals
  const again = await listen(t)
  await join(again.server)
  await again.awaitArrivals(AbortSignal.abort())
})
