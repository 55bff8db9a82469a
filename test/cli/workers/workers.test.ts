import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { request as send } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { createDirectory, createInstallation, main, run, type Serving, serve } from '../process.ts'

const password = 'seven quiet otters juggle'
const formType = 'application/x-www-form-urlencoded'
/** Milliseconds after which a test has hung. */
const timeout = 120_000

interface Answer {
  readonly status: number
  readonly body: string
}

/** One request on a connection of its own, so that it can be any worker's. */
function request(
  url: string,
  { headers = {}, form }: { headers?: Record<string, string>; form?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = form
      ? { method: 'POST', headers: { ...headers, 'content-type': formType } }
      : { headers }
    const sent = send(url, { ...options, agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    sent.setTimeout(timeout / 4, () => sent.destroy(new Error('no answer')))
    sent.on('error', reject)
    sent.end(form && new URLSearchParams(form).toString())
  })
}

async function addUser(directory: string): Promise<void> {
  const words = ['user', 'add', 'alice', '--role', 'admin']
  const { code, stderr } = await run(directory, words, { input: `${password}\n` })
  assert.equal(code, 0, stderr)
}

async function logIn(url: string): Promise<Record<string, string>> {
  const form = { username: 'alice', password }
  const { status, body } = await request(`${url}/auth/token`, { form })
  assert.equal(status, 200, body)
  return { authorization: `Bearer ${JSON.parse(body).access_token}` }
}

/** The processes that serve, by their places, as far as they were told. */
function workersOf(server: Serving): number[] {
  let workers: number[] = []
  for (const line of server.said().split('\n')) {
    const all = line.match(/^Workers: +([\d, ]+) \(the primary is \d+\)$/)
    if (all) workers = (all[1] ?? '').split(', ').map(Number)
    const one = line.match(/^Worker (\d+) .*; (\d+) takes its place/)
    if (one) workers[workers.indexOf(Number(one[1]))] = Number(one[2])
  }
  return workers
}

/** Does something while one worker alone can answer. */
async function withOnly<T>(server: Serving, worker: number, work: () => Promise<T>): Promise<T> {
  const others = workersOf(server).filter((each) => each !== worker)
  for (const other of others) process.kill(other, 'SIGSTOP')
  try {
    return await work()
  } finally {
    for (const other of others) process.kill(other, 'SIGCONT')
  }
}

interface Load {
  /** Resolves after so many more answers. */
  answers(count: number): Promise<void>
  /** From now on failed requests count too, not only those without an answer. */
  judge(): void
  /** Ends it, and returns what failed. */
  end(): Promise<readonly string[]>
}

/** A steady stream of requests, each on a connection of its own. */
function load(url: string, headers: Record<string, string>, judged: boolean): Load {
  const failures: string[] = []
  const waiting = new Set<() => void>()
  let going = true
  let answered = 0
  async function stream(): Promise<void> {
    while (going) {
      const counts = judged
      try {
        const { status, body } = await request(url, { headers })
        if (status !== 200) failures.push(`${status} ${body}`)
      } catch (error) {
        if (counts || String(error).includes('no answer')) failures.push(String(error))
      }
      answered += 1
      for (const look of waiting) look()
    }
  }
  const streams = Array.from({ length: 4 }, stream)
  return {
    answers(count) {
      const enough = answered + count
      return new Promise((resolve) => {
        waiting.add(function look() {
          if (answered < enough) return
          waiting.delete(look)
          resolve()
        })
      })
    },
    judge() {
      judged = true
    },
    async end() {
      going = false
      await Promise.all(streams)
      return failures
    },
  }
}

/** Resolves when nothing listens there any more. */
async function refused(url: string): Promise<void> {
  const { hostname: host, port } = new URL(url)
  for (let code: unknown; code !== 'ECONNREFUSED'; ) {
    const socket = connect({ host, port: Number(port) })
    code = await new Promise((resolve) => {
      socket.on('connect', () => resolve('connected'))
      socket.on('error', (error) => resolve((error as NodeJS.ErrnoException).code))
    })
    socket.destroy()
  }
}

/** A login of which the head has been read, and the body is still to come. */
async function beginLogin(url: string): Promise<{ finish(): Promise<string> }> {
  const body = new URLSearchParams({ username: 'alice', password }).toString()
  const { hostname: host, port } = new URL(url)
  const socket = connect({ host, port: Number(port) })
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  await once(socket, 'connect')
  socket.write(
    `POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${formType}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
  )
  await once(socket, 'data')
  assert.match(answer, /^HTTP\/1\.1 100 /)
  return {
    async finish() {
      socket.write(body)
      await once(socket, 'close')
      return answer
    },
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('serve --workers', () => {
  let server: Serving
  let headers: Record<string, string>

  after(async () => {
    assert.equal(await server?.stop(), 0)
    assert.equal(server.said().match(/^Stopped\.$/gm)?.length, 1, server.said())
  })
  const directory = createInstallation()

  before(async () => {
    await addUser(directory)
    server = await serve(directory, {}, { words: ['--workers', '2'] })
    headers = await logIn(server.url)
  })

  test('greets once, and every worker serves the one port that PORT=0 found', {
    timeout,
  }, async () => {
    assert.equal(server.said().match(/listens on/g)?.length, 1)
    assert.match(server.greeting, new RegExp(` \\(the primary is ${server.child.pid}\\)$`, 'm'))
    const workers = workersOf(server)
    assert.equal(new Set(workers).size, 2)
    for (const worker of workers) {
      const answer = await withOnly(server, worker, () => request(`${server.url}/health/ready`))
      assert.equal(answer.status, 200)
    }
  })

  test('a login on one worker is good on all, and so is a log-out', { timeout }, async () => {
    const workers = workersOf(server)
    const [first = 0, second = 0] = workers
    const me = (worker: number, as: Record<string, string>): Promise<Answer> =>
      withOnly(server, worker, () => request(`${server.url}/me`, { headers: as }))
    const own = await withOnly(server, first, () => logIn(server.url))
    for (const worker of workers) assert.equal((await me(worker, own)).status, 200)
    const token = own.authorization?.split(' ')[1] ?? ''
    const revoked = await withOnly(server, second, () =>
      request(`${server.url}/auth/revoke`, { form: { token } }),
    )
    assert.equal(revoked.status, 200)
    for (const worker of workers) assert.equal((await me(worker, own)).status, 401)
  })

  test('a worker that is killed under load is replaced, and no later request is lost', {
    timeout,
  }, async () => {
    const [victim = 0, other = 0] = workersOf(server)
    const requests = load(`${server.url}/me`, headers, false)
    await requests.answers(50)
    process.kill(victim, 'SIGKILL')
    const pattern = new RegExp(
      `^Worker ${victim} was ended by SIGKILL; (\\d+) takes its place`,
      'm',
    )
    const newcomer = Number((await server.until(pattern))[1])
    // From here on the dead process has no connections to take along.
    requests.judge()
    await requests.answers(200)
    assert.deepEqual(await requests.end(), [])
    assert.deepEqual(workersOf(server), [newcomer, other])
    const answer = await withOnly(server, newcomer, () => request(`${server.url}/me`, { headers }))
    assert.equal(answer.status, 200)
  })

  test('SIGTERM to one worker lets it finish its request, and it is replaced', {
    timeout,
  }, async () => {
    const [, worker = 0] = workersOf(server)
    const login = await withOnly(server, worker, () => beginLogin(server.url))
    process.kill(worker, 'SIGTERM')
    assert.match(await login.finish(), /HTTP\/1\.1 200 OK[\s\S]*"access_token"/)
    const pattern = new RegExp(`^Worker ${worker} ended with exit code 0; (\\d+) takes`, 'm')
    const newcomer = Number((await server.until(pattern))[1])
    const answer = await withOnly(server, newcomer, () => request(`${server.url}/me`, { headers }))
    assert.equal(answer.status, 200)
  })

  test('SIGHUP replaces all workers under load without losing a request', { timeout }, async () => {
    const old = workersOf(server)
    // What is in a file is read again: the new workers have the new configuration.
    writeFileSync(join(directory, '.env'), 'DOCS=false\n')
    assert.equal((await request(`${server.url}/openapi.json`)).status, 200)
    const requests = load(`${server.url}/me`, headers, true)
    await requests.answers(50)
    server.child.kill('SIGHUP')
    await server.until(/^All workers were replaced, and listen on .*\nWorkers: .*\n/m)
    await requests.answers(50)
    assert.deepEqual(await requests.end(), [])
    const workers = workersOf(server)
    assert.equal(new Set([...old, ...workers]).size, 4)
    assert.deepEqual(old.filter(runs), [])
    for (const worker of workers) {
      const answer = await withOnly(server, worker, () => request(`${server.url}/openapi.json`))
      assert.equal(answer.status, 404)
    }
  })

  test('SIGHUP with a configuration that is wrong says so, and replaces nothing', {
    timeout,
  }, async () => {
    const workers = workersOf(server)
    writeFileSync(join(directory, '.env'), 'ROLES=x\n')
    server.child.kill('SIGHUP')
    await server.until(
      /not usable:\n {2}ROLES must be .*\nNo more workers are replaced; those that run go on\.\n/,
    )
    assert.deepEqual(workers.filter(runs), workers)
    assert.equal((await request(`${server.url}/me`, { headers })).status, 200)
    rmSync(join(directory, '.env'))
  })

  test('workers that end again and again are replaced later and later', { timeout }, async () => {
    const [first = 0] = workersOf(server)
    process.kill(first, 'SIGKILL')
    const second = (
      await server.until(new RegExp(`^Worker ${first} .*; (\\d+) takes its place`, 'm'))
    )[1]
    process.kill(Number(second), 'SIGKILL')
    await server.until(
      new RegExp(`^Worker ${second} was ended by SIGKILL; another one starts in 0\\.5 s\\.$`, 'm'),
    )
  })
})

test('a set-up code that was used on one worker is gone on all', { timeout }, async () => {
  const server = await serve(createDirectory(), { WORKERS: '2' })
  try {
    const code = server.greeting.match(/\/setup#([\w-]{43})\n/)?.[1] ?? ''
    const form = { code, username: 'alice', password, repeated: password }
    const use = (worker: number): Promise<Answer> =>
      withOnly(server, worker, () => request(`${server.url}/setup`, { form }))
    const look = (worker: number): Promise<Answer> =>
      withOnly(server, worker, () => request(`${server.url}/setup`))
    const [first = 0, second = 0] = workersOf(server)
    for (const worker of [first, second]) assert.equal((await look(worker)).status, 200)
    assert.equal((await use(second)).status, 201)
    for (const worker of [first, second]) {
      assert.equal((await look(worker)).status, 410)
      assert.equal((await use(worker)).status, 410)
    }
    await withOnly(server, first, () => logIn(server.url))
  } finally {
    assert.equal(await server.stop(), 0)
  }
})

const waysToStop = [
  ['SIGTERM to the primary process', 'SIGTERM', false],
  ['SIGINT to the whole process group, twice to the primary', 'SIGINT', true],
] as const

for (const [name, signal, group] of waysToStop) {
  test(`${name} finishes the request in flight and closes the database`, { timeout }, async () => {
    const directory = createInstallation()
    await addUser(directory)
    const server = await serve(directory, { WORKERS: '2' }, { detached: true })
    const login = await beginLogin(server.url)
    if (group) process.kill(-(server.child.pid ?? 0), signal)
    server.child.kill(signal)
    await refused(server.url)
    assert.match(await login.finish(), /HTTP\/1\.1 200 OK[\s\S]*"access_token"/)
    assert.equal(await server.exited, 0)
    assert.equal(server.said(), `${server.greeting}Stopped.\n`)
    assert.equal(existsSync(join(directory, 'data/portcullis.db-wal')), false)
  })
}

test('workers whose primary process was killed finish their requests and end', {
  timeout,
}, async () => {
  const directory = createInstallation()
  await addUser(directory)
  const server = await serve(directory, { WORKERS: '2' })
  const login = await beginLogin(server.url)
  server.child.kill('SIGKILL')
  await refused(server.url)
  assert.match(await login.finish(), /HTTP\/1\.1 200 OK[\s\S]*"access_token"/)
  // They hold the other end of its output: this comes when the last of them has ended.
  await server.exited
  assert.equal(existsSync(join(directory, 'data/portcullis.db-wal')), false)
})

test('a worker that could never start again ends all, with its exit code', {
  timeout,
}, async () => {
  const directory = createInstallation()
  await addUser(directory)
  const server = await serve(directory, { WORKERS: '2' })
  const database = new DatabaseSync(join(directory, 'data/portcullis.db'), { timeout: 30_000 })
  database.exec("insert into portcullis_migration values ('9999_from_the_future', '2030-01-01')")
  database.close()

  // Those that run already are not given up for a restart that cannot be.
  const [first = 0, second = 0] = workersOf(server)
  server.child.kill('SIGHUP')
  await server.until(/newer version of Portcullis.*\nNo more workers are replaced/)
  assert.deepEqual([first, second].filter(runs), [first, second])

  process.kill(first, 'SIGKILL')
  assert.equal(await server.exited, 74)
  assert.equal(server.said().match(/newer version of Portcullis/g)?.length, 2, server.said())
  assert.equal(runs(second), false)
})

describe('what keeps all workers from starting is told once', () => {
  async function startTwo(directory: string, environment: Record<string, string> = {}) {
    return await run(directory, ['serve', '--workers', '2'], { environment })
  }

  test('a mistake of the configuration', { timeout }, async () => {
    const directory = createDirectory()
    const { code, stdout, stderr } = await startTwo(directory, { PORT: 'eight', ROLES: 'x' })
    assert.equal(code, 78)
    assert.match(stderr, /^The configuration is not usable:\n {2}PORT .*\n {2}ROLES .*\n$/)
    assert.equal(stdout, '')
    assert.equal(existsSync(join(directory, 'data')), false)
  })

  test('a number of workers that is none', { timeout }, async () => {
    const words = ['serve', '--workers', 'many']
    const { code, stderr } = await run(createDirectory(), words, { environment: { WORKERS: '2' } })
    assert.equal(code, 78)
    assert.match(stderr, /^ {2}WORKERS must be a whole number from 1 to 256, or auto/m)
  })

  test('a corrupt database', { timeout }, async () => {
    const directory = createInstallation()
    await addUser(directory)
    writeFileSync(join(directory, 'data/portcullis.db'), 'not a database '.repeat(1000))
    const { code, stdout, stderr } = await startTwo(directory)
    assert.equal(code, 74)
    assert.match(stderr, /^\S*portcullis\.db is not a usable SQLite database.*\n$/)
    assert.equal(stdout, '')
  })

  test('a port in use', { timeout }, async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const { code, stdout, stderr } = await startTwo(createDirectory(), { PORT: String(port) })
    other.close()
    assert.equal(code, 69)
    assert.match(stderr, /^Cannot listen on 127\.0\.0\.1 port \d+: the port is in use.*\n$/)
    assert.equal(stdout, '')
  })
})

test('one worker is the server itself, without another process', { timeout }, async () => {
  const server = await serve(createDirectory(), { WORKERS: '2' }, { words: ['--workers', '1'] })
  assert.deepEqual(workersOf(server), [])
  assert.equal(await server.stop(), 0)
})

test('a worker is not to be started by hand', { timeout }, async () => {
  const { code, stderr } = await run(createDirectory(), ['worker'])
  assert.equal(code, 64)
  assert.match(stderr, /^error: workers are started by `serve --workers`\n/)
})

const hasScript = spawnSync('script', ['--version']).status === 0

test('closing the terminal ends all, though SIGHUP is for replacing workers', {
  skip: hasScript ? false : 'not checked: the command `script` of util-linux is not here',
  timeout,
}, async () => {
  const command = `${process.execPath} ${main} serve --workers 2`
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: createDirectory(),
    env: { PATH: process.env.PATH, PORT: '0' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let screen = ''
  while (!/^Workers: /m.test(screen)) screen += (await once(terminal.stdout, 'data'))[0]
  const url = screen.match(/listens on (http:\S+)/)?.[1] ?? ''
  assert.equal((await request(`${url}/health/live`)).status, 200)
  terminal.kill('SIGKILL')
  await refused(url)
})
