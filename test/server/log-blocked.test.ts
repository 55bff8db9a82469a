// A log that nobody reads.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDirectory, createInstallation, run, serve } from '../cli/process.ts'
import { goodPassword } from '../fixtures.ts'

test('a log that is not read stops no login, fills no memory, and what it lacks is counted (LA-08)', async () => {
  const directory = createInstallation()
  const added = await run(directory, ['user', 'add', 'alice'], {
    input: goodPassword,
  })
  assert.equal(added.code, 0, added.stderr)
  const server = await serve(directory, { LOG_LEVEL: 'trace', METRICS_PORT: '0' })
  const metrics = server.greeting.match(/Metrics: +(\S+)/)?.[1] ?? ''
  const dropped = async (): Promise<number> => {
    const page = await (await fetch(metrics)).text()
    return Number(page.match(/^portcullis_log_lines_dropped_total (\d+)$/m)?.[1])
  }
  assert.equal(await dropped(), 0)

  server.child.stdout?.pause()
  // So much of a path is logged.
  const long = 'x'.repeat(1000)
  for (let times = 0; times < 2000; times++) {
    assert.equal((await fetch(`${server.url}/${long}`)).status, 404)
  }
  const body = new URLSearchParams({ username: 'alice', password: goodPassword })
  const login = await fetch(`${server.url}/auth/token`, { method: 'POST', body })
  assert.equal(login.status, 200)
  const missing = await dropped()
  assert.ok(missing > 0)

  server.child.stdout?.resume()
  // When what waited was read, the next line says what is missing.
  while (!/"dropped":\d+/.test(server.said())) await fetch(`${server.url}/`)
  assert.equal(await server.stop(), 0)
  assert.ok(server.said().length < 2000 * long.length, 'not all of it was kept')
  const lines = server.said().split('\n')
  const log = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const told = log.find((line) => line.dropped)
  assert.ok(told.dropped >= missing)
})

test('a log that nobody ever reads does not keep the server from ending (LA-08)', async () => {
  const server = await serve(createDirectory(), { LOG_LEVEL: 'trace' })
  server.child.stdout?.pause()
  for (let times = 0; times < 1000; times++) await fetch(`${server.url}/${'x'.repeat(1000)}`)
  const ended = new Promise((resolve) => server.child.once('exit', resolve))
  server.child.kill('SIGTERM')
  assert.equal(await ended, 0)
  server.child.stdout?.resume()
})

test('a log that cannot be written stops no answer (LA-08)', async () => {
  const server = await serve(createDirectory(), { LOG_LEVEL: 'trace' })
  server.child.stdout?.destroy()
  for (let times = 0; times < 5; times++) {
    assert.equal((await fetch(`${server.url}/nothing`)).status, 404)
  }
  server.child.kill('SIGTERM')
  assert.equal(await server.exited, 0)
})
