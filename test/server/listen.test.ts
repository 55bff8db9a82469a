import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Listeners, listen, type Place } from '../../src/server/listen.ts'

const hasIPv6 = await new Promise<boolean>((resolve) => {
  const probe = createServer().once('error', () => resolve(false))
  probe.listen(0, '::1', () => probe.close(() => resolve(true)))
})
const skip = hasIPv6 ? false : 'this machine has no IPv6'

interface Started extends Listeners {
  readonly app: FastifyInstance
  readonly port: number
}

async function start(t: TestContext, place: Partial<Place> = {}): Promise<Started> {
  const app = Fastify({ forceCloseConnections: true })
  app.get('/', () => 'here')
  t.after(() => app.close())
  const listeners = await listen(app, { host: 'localhost', port: 0, ...place })
  return { app, port: (app.server.address() as AddressInfo).port, ...listeners }
}

async function join(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port })
  await once(socket, 'connect')
  return socket
}

async function ask(host: string, port: number): Promise<string> {
  return await (await fetch(`http://${host}:${port}/`)).text()
}

const isRefused = ({ code }: NodeJS.ErrnoException): boolean => code === 'ECONNREFUSED'

test('localhost is both loopback addresses, whichever a browser tries first', {
  skip,
}, async (t) => {
  const { port } = await start(t)
  for (const host of ['127.0.0.1', '[::1]', 'localhost'])
    assert.equal(await ask(host, port), 'here')
})

test('an address is that one alone', { skip }, async (t) => {
  const { port } = await start(t, { host: '127.0.0.1' })
  assert.equal(await ask('127.0.0.1', port), 'here')
  await assert.rejects(join('::1', port), isRefused)
})

test('a machine without the second address listens on the first', async (t) => {
  const { port, finished } = await start(t, { second: '192.0.2.1' })
  assert.equal(await ask('127.0.0.1', port), 'here')
  await finished()
})

test('another program on the second address is a port in use', { skip }, async (t) => {
  const free = await start(t, { host: '127.0.0.1' })
  await free.app.close()
  const other = createServer().listen(free.port, '::1')
  t.after(() => other.close())
  await once(other, 'listening')
  await assert.rejects(start(t, { port: free.port }), { code: 'EADDRINUSE', address: '::1' })
})

test('what accepts no more answers the connections that it has', { skip }, async (t) => {
  const { port, stopAccepting } = await start(t)
  const socket = await join('::1', port)
  stopAccepting()
  for (const host of ['127.0.0.1', '::1']) await assert.rejects(join(host, port), isRefused)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 OK[\s\S]*here$/)
})

test('the end closes both, and tells when the last connection is gone', { skip }, async (t) => {
  const { app, port, finished } = await start(t)
  const socket = await join('::1', port)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  const ended = once(socket, 'close')
  await Promise.all([app.close(), finished()])
  await ended
  await assert.rejects(join('::1', port), isRefused)
})
