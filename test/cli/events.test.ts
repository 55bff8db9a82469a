import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Auth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import type { User } from '../../src/core/users/user.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../fixtures.ts'
import { createInstallation, rowsOf, run, start } from './process.ts'

/** Opens the database that the command line finds in a directory. */
async function openIn(directory: string, clock?: TestClock): Promise<Auth> {
  mkdirSync(join(directory, 'data'), { recursive: true, mode: 0o700 })
  const store = sqlite(join(directory, 'data/portcullis.db'))
  return await createTestAuth({ store, ...(clock && { clock }) })
}

describe('events list', () => {
  const directory = createInstallation()
  const clock = createTestClock()
  const started = clock()
  let auth: Auth
  let alice: User

  // Each a minute after the one before.
  before(async () => {
    auth = await openIn(directory, clock)
    const { users, clients } = auth
    const { login } = auth[internals]
    clock.advance(60)
    alice = await users.create({ username: 'alice', password: goodPassword }, { actor: 'cli:ann' })
    clock.advance(60)
    await clients.register({ id: 'app', confidential: false }, { actor: 'cli:ben' })
    clock.advance(60)
    const wrong = { username: 'alice', password: 'wrong', address: '192.0.2.1', clientId: 'app' }
    await login.authenticate(wrong)
    clock.advance(60)
    await users.changeRole(alice.id, 'admin', { actor: 'cli:ann', requestId: 'a\u001b[2J\nb' })
  })
  after(() => auth.close())

  const at = (minutes: number): string => new Date((started + 60 * minutes) * 1000).toISOString()
  const list = (...words: string[]) => run(directory, ['events', 'list', ...words])
  const typesOf = (stdout: string): string[] =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).type)

  const inOrder = [
    'privilege_permissions_changed',
    'authn_login_fail',
    'client_created',
    'user_created',
  ] as const
  const [changed, failed, registered, created] = inOrder

  test('shows people a table, the newest first', async () => {
    const rows = rowsOf(await list('--limit', '4'))
    assert.deepEqual(rows, [
      [at(4).slice(0, 19).concat('Z'), changed, 'alice', 'cli:ann', '-', 'role admin'],
      [
        at(3).slice(0, 19).concat('Z'),
        failed,
        'alice',
        '-',
        '192.0.2.1',
        'client app, wrong password',
      ],
      [at(2).slice(0, 19).concat('Z'), registered, '-', 'cli:ben', '-', 'client app'],
      [at(1).slice(0, 19).concat('Z'), created, 'alice', 'cli:ann', '-', 'role member'],
    ])
  })

  test('shows programs an object a line, in the words of the API', async () => {
    const { stdout } = await list('--json', '--limit', '1')
    const { id, ...event } = JSON.parse(stdout)
    assert.match(id, /^[0-9a-f-]{36}$/)
    assert.deepEqual(event, {
      type: changed,
      at: started + 240,
      outcome: 'success',
      actor: 'cli:ann',
      user_id: alice.id,
      request_id: 'a\u001b[2J\nb',
      details: { role: 'admin' },
    })
    assert.equal(stdout.split('\n').length, 2, 'one line, whatever is in it')
  })

  test('filters, by each condition and by all of them together', async () => {
    const filters = [
      [['--type', failed], [failed]],
      [
        ['--user', 'ALICE'],
        [changed, failed, created],
      ],
      [
        ['--client', 'app'],
        [failed, registered],
      ],
      [
        ['--since', at(2), '--until', at(4)],
        [failed, registered],
      ],
      [['--user', 'alice', '--actor', 'cli:ann', '--until', at(4)], [created]],
    ] as const
    for (const [words, expected] of filters) {
      const { stdout, code } = await list('--json', ...words)
      assert.equal(code, 0)
      assert.deepEqual(typesOf(stdout), expected, words.join(' '))
    }
    assert.deepEqual(rowsOf(await list('--client', 'none')), [], 'a heading alone')
  })

  test('goes on to older ones with the time of the last', async () => {
    const pages: string[] = []
    // The key of the first start is older than all of them.
    for (let until = at(9); pages.length < inOrder.length; ) {
      const { stdout } = await list('--json', '--limit', '2', '--until', until)
      const page = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      pages.push(...page.map(({ type }) => type))
      until = new Date(page.at(-1).at * 1000).toISOString()
    }
    assert.deepEqual(pages, inOrder)
  })

  test('refuses what it does not understand, and whom it does not know', async () => {
    for (const [words, code, reason] of [
      [['--type', 'nothing'], 64, /Allowed choices are authn_login_success/],
      [['--since', 'yesterday'], 64, /must be a time such as/],
      [['--user', 'nobody'], 1, /no such user/i],
    ] as const) {
      const finished = await list(...words)
      assert.equal(finished.code, code, words.join(' '))
      assert.match(finished.stderr, reason)
      assert.equal(finished.stdout, '')
    }
  })

  test('ends quietly when a pipe is closed early', async () => {
    // More than a pipe holds.
    for (let times = 0; times < 1500; times++) {
      await auth[internals].events.record({
        type: 'sys_startup',
        actor: 'system',
        details: { pid: times },
      })
    }
    const child = start(directory, ['events', 'list', '--json', '--limit', '9999'])
    const head = spawn('head', ['-n', '1'], {
      stdio: [child.stdout ?? 'ignore', 'pipe', 'inherit'],
    })
    // The pipe is head's alone now: it is closed when head has read its line.
    child.stdout?.destroy()
    let stderr = ''
    child.stderr?.on('data', (chunk) => {
      stderr += chunk
    })
    const [[code], [line]] = await Promise.all([once(child, 'close'), once(head.stdout, 'data')])
    assert.equal(JSON.parse(String(line)).type, 'sys_startup')
    assert.equal(stderr, '')
    assert.equal(code, 0)
  })
})

/** A command that goes on, and what it has said. */
function follow(directory: string, ...words: string[]) {
  const child: ChildProcess = start(directory, ['events', 'tail', '--follow', ...words])
  const closed = once(child, 'close')
  const heard = new EventEmitter()
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      said += chunk
      heard.emit('more')
    })
  }
  closed.then(() => heard.emit('more'))
  return {
    said: () => said,
    async until(text: string): Promise<void> {
      while (!said.includes(text)) {
        assert.equal(child.exitCode ?? child.signalCode, null, `it ended after: ${said}`)
        await once(heard, 'more')
      }
    },
    async stop(signal: NodeJS.Signals) {
      child.kill(signal)
      const [code] = await closed
      return code
    },
  }
}

describe('events tail', () => {
  test('prints the last ones, the newest last, and ends', async () => {
    const directory = createInstallation()
    const auth = await openIn(directory)
    for (let pid = 1; pid <= 12; pid++) {
      await auth[internals].events.record({ type: 'sys_startup', details: { pid } })
    }
    await auth.close()
    const { stdout, code } = await run(directory, ['events', 'tail', '--type', 'sys_startup'])
    assert.equal(code, 0)
    const pids = [...stdout.matchAll(/pid (\d+)$/gm)].map(([, pid]) => Number(pid))
    assert.deepEqual(pids, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  for (const [signal, words] of [
    ['SIGINT', []],
    ['SIGTERM', ['--json']],
  ] as const) {
    test(`goes on with what happens, each once, until ${signal} (exit code 0)`, async () => {
      const directory = createInstallation()
      const auth = await openIn(directory)
      const { users } = auth
      const { id } = await users.create({ username: 'alice', password: null })
      const tail = follow(directory, '--limit', '1', '--user', 'alice', ...words)
      await tail.until('user_created')
      await users.deactivate(id)
      await tail.until('user_updated')
      await users.create({ username: 'bob', password: null })
      await users.endSessions(id)
      await tail.until('sessions_ended')
      assert.equal(await tail.stop(signal), 0)
      const types = tail.said().match(/user_created|user_updated|sessions_ended/g)
      assert.deepEqual(types, ['user_created', 'user_updated', 'sessions_ended'])
      if (words[0] === '--json') {
        const lines = tail.said().trimEnd().split('\n')
        assert.deepEqual(
          lines.map((line) => JSON.parse(line).type),
          types,
        )
      }
      await auth.close()
    })
  }
})
