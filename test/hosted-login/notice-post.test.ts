// How a client is asked, against servers that hang, redirect, answer too much, or are not to be reached.
// What listens on 127.0.0.1 stands for what must not be asked; names lead there through the resolver.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { generate } from 'selfsigned'
import { createNoticePost, type NoticePostOptions } from '../../src/hosted-login/notice-post.ts'

const issuer = 'https://auth.example.com'
const never = new AbortController().signal

interface Listening {
  readonly port: number
  readonly requests: readonly (IncomingMessage & { readonly body: string })[]
  readonly connections: readonly Socket[]
}

/** A server on loopback that keeps what it is asked. */
async function listen(
  t: TestContext,
  answer: RequestListener,
  { host = '127.0.0.1', tls }: { host?: string; tls?: { key: string; cert: string } } = {},
): Promise<Listening> {
  const requests: (IncomingMessage & { body: string })[] = []
  const connections: Socket[] = []
  const listener: RequestListener = async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push(Object.assign(request, { body }))
    await answer(request, response)
  }
  const server = tls ? createSecureServer(tls, listener) : createServer(listener)
  server.on('connection', (socket: Socket) => connections.push(socket))
  server.listen(0, host)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests, connections }
}

const ok: RequestListener = (_, response) => void response.end()

/** Posts to a server by a name that the resolver knows. */
function postTo(options: Partial<NoticePostOptions> = {}, address = '127.0.0.1') {
  return createNoticePost({
    issuer,
    allowHosts: ['rp.internal'],
    resolve: async () => [{ address, family: 4 }],
    ...options,
  })
}

test('a client is sent the token as a form, and 200 and 204 say that it took it (OP-77)', async (t) => {
  for (const status of [200, 204]) {
    const { port, requests } = await listen(
      t,
      (_, response) => void response.writeHead(status).end(),
    )
    const uri = `http://rp.internal:${port}/logout?of=1`
    assert.equal(await postTo()(uri, 'a.b.c', never), null)
    const [request] = requests
    assert.deepEqual([request?.method, request?.url], ['POST', '/logout?of=1'])
    assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded')
    assert.equal(request?.headers.host, `rp.internal:${port}`)
    assert.equal(request?.body, 'logout_token=a.b.c')
  }
})

test('another status says that the client did not take it, and no redirect is followed (OP-77)', async (t) => {
  const other = await listen(t, ok)
  for (const status of [201, 301, 302, 303, 307, 308, 400, 404, 500, 503]) {
    const location = `http://rp.internal:${other.port}/`
    const { port } = await listen(t, (_, response) => {
      response.writeHead(status, { location }).end()
    })
    assert.equal(await postTo()(`http://rp.internal:${port}/`, 'x', never), `status_${status}`)
  }
  assert.equal(other.connections.length, 0)
})

test('a name that leads to an address that is not public is not asked (OP-77)', async (t) => {
  const { port, connections } = await listen(t, ok)
  for (const address of ['127.0.0.1', '169.254.169.254', '10.0.0.1', '::1', '::ffff:127.0.0.1']) {
    const post = postTo({ allowHosts: [], resolve: async () => [{ address, family: 4 }] })
    const problem = await post(`http://rp.example.com:${port}/`, 'x', never)
    assert.equal(problem, 'address_not_public', address)
  }
  assert.equal(connections.length, 0)
})

test('one address that is not public is enough to refuse all of a name (OP-77)', async (t) => {
  const { port, connections } = await listen(t, ok)
  const resolve = async () => [
    { address: '8.8.8.8', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]
  const post = postTo({ allowHosts: [], resolve })
  assert.equal(await post(`http://rp.example.com:${port}/`, 'x', never), 'address_not_public')
  assert.equal(connections.length, 0)
})

test('an address in the place of a name is judged in each of its spellings, and not looked up (OP-77)', async (t) => {
  const { port, connections } = await listen(t, ok)
  const post = postTo({ resolve: () => assert.fail('looked up') })
  const spellings = ['127.0.0.1', '127.1', '2130706433', '0x7f.1', '017700000001', '[::1]', '0']
  for (const host of [...spellings, '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '169.254.169.254']) {
    assert.equal(await post(`http://${host}:${port}/`, 'x', never), 'address_not_public', host)
  }
  assert.equal(connections.length, 0)
})

test('a name is looked up once, and the connection goes to the address that was judged (OP-77)', async (t) => {
  const first = await listen(t, ok, { host: '127.0.0.2' })
  let looks = 0
  const resolve = async () => [{ address: looks++ === 0 ? '127.0.0.2' : '127.0.0.1', family: 4 }]
  const post = postTo({ resolve })
  assert.equal(await post(`http://rp.internal:${first.port}/`, 'x', never), null)
  assert.deepEqual([looks, first.requests.length], [1, 1])
})

test('a host that is allowed by name may have any address; another name may not (OP-77)', async (t) => {
  const { port, requests } = await listen(t, ok)
  const post = postTo({ allowHosts: ['rp.internal', '127.0.0.1'] })
  assert.equal(await post(`http://RP.internal:${port}/`, 'x', never), null)
  assert.equal(await post(`http://127.0.0.1:${port}/`, 'x', never), null)
  for (const host of ['a.rp.internal', 'rp.internal.example.com', 'internal', '127.0.0.2']) {
    assert.equal(await post(`http://${host}:${port}/`, 'x', never), 'address_not_public', host)
  }
  assert.equal(requests.length, 2)
})

test('a server on loopback tells clients on loopback, by their names alone (OP-77)', async (t) => {
  const { port, requests } = await listen(t, ok)
  for (const site of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000/t1']) {
    const post = postTo({ issuer: site, allowHosts: [] })
    assert.equal(await post(`http://127.0.0.1:${port}/`, 'x', never), null)
    assert.equal(await post(`http://localhost:${port}/`, 'x', never), null)
    const problem = await post(`http://rp.example.com:${port}/`, 'x', never)
    assert.equal(problem, 'address_not_public')
  }
  assert.equal(requests.length, 6)
})

test('a client that does not answer is given up at the deadline, wherever it hangs (OP-77)', async (t) => {
  const { port } = await listen(t, () => {})
  const hanging = await listen(t, (_, response) => {
    response.writeContinue()
  })
  const look = postTo({ resolve: () => new Promise(() => {}) })
  const problems = await Promise.all([
    postTo()(`http://rp.internal:${port}/`, 'x', never),
    postTo()(`http://rp.internal:${hanging.port}/`, 'x', never),
    look(`http://rp.internal:${port}/`, 'x', never),
  ])
  assert.deepEqual(problems, ['no_answer', 'no_answer', 'no_answer'])
})

test('a client that cannot be reached is told from one that does not answer', async (t) => {
  const { port } = await listen(t, (request) => request.socket.destroy())
  const unknown = postTo({ resolve: async () => Promise.reject(new Error('ENOTFOUND')) })
  const nowhere = postTo({ resolve: async () => [] })
  const uri = `http://rp.internal:${port}/`
  assert.equal(await postTo()(uri, 'x', never), 'unreachable')
  assert.equal(await postTo()('http://rp.internal:1/', 'x', never), 'unreachable')
  assert.equal(await postTo()(`https://rp.internal:${port}/`, 'x', never), 'unreachable')
  assert.equal(await postTo()('not a URI', 'x', never), 'unreachable')
  assert.equal(await unknown(uri, 'x', never), 'unreachable')
  assert.equal(await nowhere(uri, 'x', never), 'unreachable')
})

test('of an answer without an end not all is read: the connection is cut off (OP-77)', async (t) => {
  const cut = Promise.withResolvers<void>()
  const { port } = await listen(t, (_, response) => {
    response.on('close', cut.resolve)
    const more = (): void => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', more)
    }
    more()
  })
  assert.equal(await postTo()(`http://rp.internal:${port}/`, 'x', never), null)
  await cut.promise
})

test('who is told to stop ends what is under way, and begins nothing', async (t) => {
  const stop = new AbortController()
  const { port, connections } = await listen(t, () => stop.abort())
  assert.equal(await postTo()(`http://rp.internal:${port}/`, 'x', stop.signal), 'stopped')
  assert.equal(await postTo()(`http://rp.internal:${port}/`, 'x', stop.signal), 'stopped')
  assert.equal(connections.length, 1)
})

test('by https the certificate must be of the name, though the address was looked up before (OP-77)', async (t) => {
  const certificateOf = async (name: string) => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
    })
    return { key, cert }
  }
  const right = await certificateOf('rp.internal')
  const wrong = await certificateOf('other.internal')
  const known = getCACertificates()
  setDefaultCACertificates([...known, right.cert, wrong.cert])
  t.after(() => setDefaultCACertificates(known))
  const trusted = await listen(t, ok, { tls: right })
  const stranger = await listen(t, ok, { tls: wrong })
  assert.equal(await postTo()(`https://rp.internal:${trusted.port}/`, 'x', never), null)
  const problem = await postTo()(`https://rp.internal:${stranger.port}/`, 'x', never)
  assert.equal(problem, 'unreachable')
  assert.deepEqual([trusted.requests.length, stranger.requests.length], [1, 0])
})
