import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDirectory, run, type Serving, serve } from '../cli/process.ts'
import { root } from '../house/sources.ts'

const timeout = 120_000
const metricsUrl = ({ greeting }: Serving): string => /Metrics: +(\S+)/.exec(greeting)?.[1] ?? ''

async function read(url: string): Promise<string> {
  const response = await fetch(url)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return await response.text()
}

/** The sum of the series that begin like this. */
function sum(page: string, series: string): number {
  const lines = page.split('\n').filter((line) => line.startsWith(series))
  return lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
}

async function failToLogIn(url: string): Promise<void> {
  const body = new URLSearchParams({ username: 'canary-name', password: 'canary-password' })
  const response = await fetch(`${url}/auth/token?canary=1`, { method: 'POST', body })
  assert.equal(response.status, 401)
  await response.text()
}

test('metrics are off, and prom-client is not loaded, until they are asked for (HH-07)', async () => {
  const directory = createDirectory()
  const loaded = join(directory, 'loaded.mjs')
  const script = `import { registerHooks } from 'node:module'
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'prom-client') console.error('prom-client is loaded')
    return next(specifier, context)
  },
})`
  writeFileSync(loaded, script)
  const NODE_OPTIONS = `--import ${loaded}`
  const silent = await serve(directory, { NODE_OPTIONS })
  assert.equal((await fetch(`${silent.url}/metrics`)).status, 404)
  await silent.stop()
  assert.doesNotMatch(silent.said(), /prom-client|Metrics/)
  const measured = await serve(directory, { NODE_OPTIONS, METRICS_PORT: '0' })
  await measured.stop()
  assert.match(measured.said(), /prom-client is loaded/)
})

test('metrics are served on a port of their own, on this machine alone, and say no secret (HH-07, LA-04)', async () => {
  const server = await serve(createDirectory(), { METRICS_PORT: '0' })
  const url = metricsUrl(server)
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  await failToLogIn(server.url)
  const page = await read(url)
  assert.equal(sum(page, 'portcullis_logins_total{result="failed"}'), 1)
  assert.equal(sum(page, 'portcullis_hash_jobs_running_peak'), 1)
  const requests = 'portcullis_http_request_duration_seconds_count'
  const series = `${requests}{method="POST",route="/auth/token",status="401"}`
  assert.equal(sum(page, series), 1)
  assert.match(page, /^portcullis_build_info\{version="\d[^"]*",node="\d[^"]*"\} 1$/m)
  assert.match(page, /^nodejs_eventloop_lag_p99_seconds /m)
  assert.match(page, /^process_resident_memory_bytes /m)
  assert.doesNotMatch(page, /canary/)
  // Neither port has what the other has.
  assert.equal((await fetch(`${server.url}/metrics`)).status, 404)
  assert.equal((await fetch(url.replace('/metrics', '/health/live'))).status, 404)
  assert.equal(await server.stop(), 0)
})

test('a port for metrics that is taken is told by its name', { timeout }, async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1')
  t.after(() => blocker.close())
  await once(blocker, 'listening')
  const { port } = blocker.address() as { readonly port: number }
  for (const WORKERS of ['1', '2']) {
    const environment = { METRICS_PORT: String(port), WORKERS, LOG_LEVEL: 'silent' }
    const { code, stderr } = await run(createDirectory(), ['serve'], { environment })
    assert.equal(code, 69)
    assert.match(stderr, /stop the other process, or set METRICS_PORT\.$/m)
  }
})

test('one page tells of all workers, each by its place, and a new one takes over the place', {
  timeout,
}, async () => {
  const environment = { METRICS_PORT: '0' }
  const server = await serve(createDirectory(), environment, { words: ['--workers', '2'] })
  const url = metricsUrl(server)
  for (let failure = 0; failure < 3; failure++) await failToLogIn(server.url)
  const page = await read(url)
  assert.equal(sum(page, 'portcullis_logins_total{result="failed"'), 3)
  const places = (text: string): string[] =>
    [...text.matchAll(/^portcullis_build_info\{.*worker="(\d)"\} 1$/gm)].map(([, at = '']) => at)
  assert.deepEqual(places(page), ['0', '1'])
  assert.equal(page.match(/^# TYPE portcullis_logins_total counter$/gm)?.length, 1)
  // Each process has a time of its own at which it started.
  assert.equal(page.match(/^process_start_time_seconds\{worker="\d"\}/gm)?.length, 2)

  const [, pid = ''] = /Workers: +(\d+)/.exec(server.greeting) ?? []
  process.kill(Number(pid), 'SIGKILL')
  const [, successor] = await server.until(/takes its place|(\d+) takes its place/)
  assert.notEqual(successor, pid)
  // The page is whole again when the new one serves; until then it tells of the others.
  for (let seen: string[] = []; seen.length < 2; ) {
    seen = places(await read(url))
    assert.ok(seen.includes('1'))
  }
  assert.equal(await server.stop(), 0)
})

test('the example of tracing works: a span for each request, without what a client typed (LA-04)', {
  timeout,
}, async () => {
  const document = readFileSync(join(root, 'docs/metrics.md'), 'utf8')
  const [, example = ''] = /```js\n(\/\/ tracing\.mjs\n[\s\S]*?)```/.exec(document) ?? []
  const directory = createDirectory()
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction')
  writeFileSync(join(directory, 'tracing.mjs'), example)
  const NODE_OPTIONS = '--import ./tracing.mjs'
  const server = await serve(directory, { NODE_OPTIONS })
  await failToLogIn(server.url)
  const headers = { authorization: 'Bearer canary-token' }
  assert.equal((await fetch(`${server.url}/me?canary=2`, { headers })).status, 401)
  assert.equal(await server.stop(), 0)
  const said = server.said()
  for (const route of ['/auth/token', '/me']) {
    assert.match(said, new RegExp(`'http.route': '${route}',\\n +'http.response.status_code': 401`))
    assert.match(said, new RegExp(`'url.path': '${route}'`))
  }
  assert.doesNotMatch(said, /canary/)
})
