// Commands on a PostgreSQL server that cannot be used: not yet, or not at all.

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'
import { freePort, startPostgresOrSkip } from '../stores/postgres-server.ts'
import { createDirectory, type Finished, inWords, run, start } from './process.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

const password = 'seven quiet otters juggle'
/** A guard against waiting for ever. */
const timeout = 600_000

/** All that a process has said, and when. */
interface Listener {
  readonly text: () => string
  until(text: string): Promise<void>
}

function listenTo(child: ChildProcess, name: 'stdout' | 'stderr'): Listener {
  const stream = child[name]
  assert.ok(stream)
  let text = ''
  stream.on('data', (chunk) => {
    text += chunk
  })
  return {
    text: () => text,
    async until(wanted) {
      while (!text.includes(wanted)) {
        const ended = once(stream, 'end').then(() => true)
        const said = once(stream, 'data').then(() => false)
        if ((await Promise.race([ended, said])) && !text.includes(wanted)) {
          assert.fail(`${name} ended with: ${text}`)
        }
      }
    },
  }
}

/** The first answer of something that may not listen yet. */
async function firstAnswer(url: string): Promise<Response> {
  for (;;) {
    try {
      return await fetch(url)
    } catch {
      await turn()
    }
  }
}

describe('serve, with the database down', { skip, timeout }, () => {
  let url: string
  let port: number
  let at: string

  before(async () => {
    url = (await server?.createDatabase('late')) ?? ''
  })
  beforeEach(async () => {
    await server?.stop()
    port = await freePort()
    at = `http://127.0.0.1:${port}`
  })

  const serve = (environment: Record<string, string> = {}) =>
    start(createDirectory(), ['serve'], {
      DATABASE_URL: url,
      PORT: String(port),
      LOG_LEVEL: 'error',
      ...environment,
    })

  test('lives, is not ready, answers 503, and takes over when the database comes', async () => {
    const child = serve()
    const exited = once(child, 'close')
    const [stdout, stderr] = [listenTo(child, 'stdout'), listenTo(child, 'stderr')]

    await stderr.until('Waiting for it.')
    assert.deepEqual(await (await firstAnswer(`${at}/health/live`)).json(), { status: 'ok' })
    for (const [path, init] of [
      ['/health/ready', {}],
      ['/me', { headers: { authorization: 'Bearer x' } }],
      ['/docs', {}],
      ['/nothing', { method: 'PUT', body: '{', headers: { 'content-type': 'text/x' } }],
      ['/auth/token', { method: 'POST', body: new URLSearchParams({ username: 'a' }) }],
    ] as const) {
      const answer = await fetch(at + path, init)
      assert.equal(answer.status, 503, path)
      assert.match(String(answer.headers.get('retry-after')), /^\d+$/)
      assert.match(String(answer.headers.get('content-type')), /^application\/problem\+json/)
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
      assert.equal((await answer.json()).detail, 'The database cannot be used yet.')
    }
    assert.equal(stdout.text(), '')
    const line = `The database cannot be used: 127.0.0.1:${server?.port} refuses connections. Waiting for it.\n`
    assert.equal(stderr.text(), line)

    await server?.start()
    await stdout.until(`Portcullis listens on http://localhost:${port}`)
    assert.equal((await fetch(`${at}/health/ready`)).status, 200)
    assert.equal((await fetch(`${at}/me`)).status, 401)
    // The server was starting for a moment, which is another reason.
    const lines = stderr.text().slice(line.length).split('\n').filter(Boolean)
    for (const more of lines) assert.match(more, /is starting or stopping\. Waiting for it\.$/)
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    assert.match(inWords(stdout.text()), /\nStopped\.\n$/)
  })

  test('is told to stop while it waits, and stops', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const child = serve()
      const exited = once(child, 'close')
      const [stdout, stderr] = [listenTo(child, 'stdout'), listenTo(child, 'stderr')]
      await stderr.until('Waiting for it.')
      child.kill(signal)
      assert.deepEqual(await exited, [0, null], stderr.text())
      assert.equal(inWords(stdout.text()), 'Stopped.\n')
    }
  })

  test('waits for a host name that nobody knows yet', async () => {
    const child = serve({ DATABASE_URL: 'postgres://u:canary@db.invalid/d' })
    const exited = once(child, 'close')
    const stderr = listenTo(child, 'stderr')
    await stderr.until('Waiting for it.')
    assert.match(
      stderr.text(),
      /^The database cannot be used: db\.invalid:5432 (is not a known|cannot be)/,
    )
    child.kill('SIGTERM')
    await exited
    assert.doesNotMatch(stderr.text(), /canary/)
  })

  test('a port in use ends it', async () => {
    const other = serve()
    await listenTo(other, 'stderr').until('Waiting for it.')
    await firstAnswer(`${at}/health/live`)
    const { code, stderr } = await run(createDirectory(), ['serve'], {
      environment: { DATABASE_URL: url, PORT: String(port) },
    })
    assert.equal(code, 69)
    assert.match(stderr, /the port is in use/)
    const exited = once(other, 'close')
    other.kill('SIGTERM')
    await exited
  })
})

describe('what waiting does not mend is one line', { skip, timeout }, () => {
  let url: URL

  before(async () => {
    await server?.start()
    url = new URL((await server?.createDatabase('wrong')) ?? '')
  })

  function changed(change: (url: URL) => void): string {
    const copy = new URL(url)
    change(copy)
    return copy.href
  }

  async function command(words: readonly string[], DATABASE_URL: string): Promise<Finished> {
    const finished = await run(createDirectory(), words, {
      environment: { DATABASE_URL },
      input: `${password}\n`,
    })
    assert.equal(finished.stdout, '')
    assert.match(finished.stderr, /^The .*\.\n$/)
    assert.doesNotMatch(finished.stderr, /canary|postgres:postgres/)
    return finished
  }

  for (const words of [['serve'], ['user', 'list'], ['user', 'add', 'ann']]) {
    test(`of ${words.join(' ')}, with exit code 74`, async () => {
      const wrong = await command(
        words,
        changed((each) => Object.assign(each, { password: 'canary' })),
      )
      assert.equal(wrong.code, 74)
      assert.match(wrong.stderr, /refuses the user or the password of the URL/)

      const absent = await command(
        words,
        changed((each) => Object.assign(each, { pathname: '/absent' })),
      )
      assert.equal(absent.code, 74)
      assert.match(absent.stderr, /has no database of the name in the URL/)

      const plain = await command(
        words,
        changed((each) => each.searchParams.set('sslmode', 'require')),
      )
      assert.equal(plain.code, 74)
      assert.match(plain.stderr, /does not offer TLS/)
    })
  }

  test('a user who may not make tables', async () => {
    await operate("create role reader login password 'canary'")
    const { code, stderr } = await command(
      ['serve'],
      changed((each) => Object.assign(each, { username: 'reader', password: 'canary' })),
    )
    assert.equal(code, 74)
    assert.match(stderr, /grant it usage and create on the schema/)
  })

  test('a database of a newer version', async () => {
    const environment = { DATABASE_URL: url.href }
    const words = ['migrate']
    assert.equal((await run(createDirectory(), words, { environment })).code, 0)
    await operate("insert into portcullis_migration values ('9999_from_the_future', '2030-01-01')")
    const { code, stderr } = await command(['serve'], url.href)
    assert.equal(code, 74)
    assert.match(stderr, /newer version of Portcullis/)
  })

  test('a command that is not a server does not wait: exit code 69', async () => {
    const nobody = await freePort()
    const down = await command(['user', 'list'], `postgres://u:canary@127.0.0.1:${nobody}/d`)
    assert.equal(down.code, 69)
    assert.equal(
      down.stderr,
      `The database cannot be used: 127.0.0.1:${nobody} refuses connections.\n`,
    )
    const unknown = await command(['user', 'add', 'ann'], 'postgres://u:canary@db.invalid/d')
    assert.equal(unknown.code, 69)
  })

  async function operate(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
})
