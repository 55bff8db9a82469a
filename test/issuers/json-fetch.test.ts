import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bodyMaxBytes, FetchError, fetchJson, urlProblem } from '../../src/issuers/json-fetch.ts'
import { startProvider, type TestProvider } from './provider.ts'

let provider: TestProvider
before(async () => {
  provider = await startProvider()
})
after(() => provider.close())

const get = (path: string, options: { timeout?: number; signal?: AbortSignal } = {}) =>
  fetchJson(`${provider.origin}${path}`, {
    timeout: 30_000,
    allowInsecureLoopback: true,
    signal: new AbortController().signal,
    ...options,
  })

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof FetchError && pattern.test(error.message)

/** Serves a body of this type. */
function serveBody(path: string, type: string, body: string | Buffer, more: object = {}): void {
  provider.serve(path, (_request, response) => {
    response.writeHead(200, { 'content-type': type, ...more }).end(body)
  })
}

test('a JSON document is fetched, without cookies and under our own name (XI-03)', async () => {
  serveBody('/json', 'application/json; charset=utf-8', '{"a":1}', { 'set-cookie': 'a=b' })
  assert.deepEqual(await get('/json'), { a: 1 })
  assert.deepEqual(await get('/json'), { a: 1 })
  const { cookie, 'user-agent': agent, accept } = provider.lastHeaders()
  assert.deepEqual([cookie, agent], [undefined, 'portcullis'])
  assert.match(String(accept), /application\/json/)
  serveBody('/jwks', 'application/jwk-set+json', '{}')
  assert.deepEqual(await get('/jwks'), {})
})

test('no redirect is followed, wherever it leads (XI-03)', async () => {
  for (const [status, location] of [
    [302, '/json'],
    [301, 'http://169.254.169.254/latest/meta-data/'],
    [307, 'https://example.invalid/'],
  ] as const) {
    provider.serve('/moved', (_request, response) => {
      response.writeHead(status, { location }).end()
    })
    const before = provider.requests.length
    await assert.rejects(get('/moved'), refused(new RegExp(`answered ${status}, not 200`)))
    assert.deepEqual(provider.requests.slice(before), ['/moved'])
  }
})

test('what is not JSON is refused, by its type or by what it holds (XI-03)', async () => {
  serveBody('/html', 'text/html', '{}')
  await assert.rejects(get('/html'), refused(/content type that is not JSON/))
  serveBody('/jsonp', 'application/jsonp', '{}')
  await assert.rejects(get('/jsonp'), refused(/content type that is not JSON/))
  for (const body of ['<html>', '', '{"a":', Buffer.from([0x22, 0xff, 0x22])]) {
    serveBody('/garbage', 'application/json', body)
    await assert.rejects(get('/garbage'), refused(/something that is not JSON/))
  }
  await assert.rejects(get('/nothing'), refused(/answered 404, not 200/))
})

test('a body is read up to 512 KiB, however it comes (XI-03)', async () => {
  const text = (size: number): string => `"${'a'.repeat(size - 2)}"`
  serveBody('/most', 'application/json', text(bodyMaxBytes))
  assert.equal(String(await get('/most')).length, bodyMaxBytes - 2)
  const tooLarge = refused(/more than 524288 bytes/)
  serveBody('/large', 'application/json', text(bodyMaxBytes + 1))
  await assert.rejects(get('/large'), tooLarge)

  serveBody('/bomb', 'application/json', gzipSync(' '.repeat(50_000_000)), {
    'content-encoding': 'gzip',
  })
  await assert.rejects(get('/bomb'), tooLarge)

  // Without an end: reading must stop by itself, and let go of the connection.
  let closed: (() => void) | undefined
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  provider.serve('/endless', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.on('close', () => closed?.())
    pour(response)
  })
  await assert.rejects(get('/endless'), tooLarge)
  await isClosed
})

function pour(response: ServerResponse): void {
  while (!response.destroyed && response.write(' '.repeat(65_536))) {}
  if (!response.destroyed) response.once('drain', () => pour(response))
}

test('a slow answer is waited for no longer than the limit, its body included (XI-03, DR-07)', async () => {
  provider.serve('/silent', () => {})
  await assert.rejects(
    get('/silent', { timeout: 50 }),
    refused(/did not answer whole within 0.05 s/),
  )
  provider.serve('/dripping', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{')
  })
  await assert.rejects(get('/dripping', { timeout: 50 }), refused(/did not answer whole/))
})

test('an answer that is refused is not read to its end', { timeout: 60_000 }, async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  provider.serve('/endless', (_request, response) => {
    response.on('close', resolve)
    response.writeHead(500).write('x')
  })
  await assert.rejects(get('/endless'), refused(/answered 500, not 200/))
  await closed
})

test('a fetch ends when its owner is closed', async () => {
  const closing = new AbortController()
  provider.serve('/silent', () => closing.abort())
  await assert.rejects(get('/silent', { signal: closing.signal }), refused(/could not be reached/))
})

test('nothing but https is fetched, and http of this machine by choice (XI-03)', async () => {
  const before = provider.requests.length
  await assert.rejects(
    fetchJson(`${provider.origin}/json`, {
      timeout: 1000,
      allowInsecureLoopback: false,
      signal: new AbortController().signal,
    }),
    refused(/must be https, or allowInsecureLoopback must be set/),
  )
  assert.equal(provider.requests.length, before)

  for (const [url, strict, loopback] of [
    ['https://sso.example.com/realms/a', null, null],
    ['http://localhost:8080/', /allowInsecureLoopback/, null],
    ['http://127.9.9.9/', /allowInsecureLoopback/, null],
    ['http://[::1]/', /allowInsecureLoopback/, null],
    ['http://127.0.0.1.example.com/', /must be https$/, /must be https$/],
    ['http://localhost.example.com/', /must be https$/, /must be https$/],
    ['http://sso.example.com/', /must be https$/, /must be https$/],
    ['http://10.0.0.1/', /must be https$/, /must be https$/],
    ['file:///etc/passwd', /must be https$/, /must be https$/],
    ['data:application/json,{}', /must be https$/, /must be https$/],
    ['https://user:secret@example.com/', /no user/, /no user/],
    ['https://example.com/#a', /no user/, /no user/],
    ['not a url', /no URL/, /no URL/],
  ] as const) {
    for (const [allowed, expected] of [
      [false, strict],
      [true, loopback],
    ] as const) {
      const problem = urlProblem(url, allowed)
      if (expected === null) assert.equal(problem, null, url)
      else assert.match(String(problem), expected, url)
    }
  }
})
