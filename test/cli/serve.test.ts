import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import {
  createDirectory,
  createInstallation,
  main,
  run,
  serve,
  sourceMain,
  start,
} from './process.ts'

const password = 'seven quiet otters juggle'
const form = { 'content-type': 'application/x-www-form-urlencoded' }

async function login(url: string, username: string): Promise<Response> {
  const body = new URLSearchParams({ username, password })
  return await fetch(`${url}/auth/token`, { method: 'POST', body })
}

async function addUser(directory: string, username = 'alice', role = 'admin'): Promise<void> {
  const words = ['user', 'add', username, '--role', role]
  const { code, stderr } = await run(directory, words, { input: `${password}\n` })
  assert.equal(code, 0, stderr)
}

test('a first start makes the data directory and says how to create the first administrator', async () => {
  const directory = createDirectory()
  // The greeting names the command in the way in which the server was started.
  const server = await serve(directory, {}, { command: sourceMain })
  try {
    const mode = (name: string): number => statSync(join(directory, name)).mode & 0o777
    assert.equal(mode('data'), 0o700)
    assert.equal(mode('data/portcullis.db'), 0o600)
    assert.equal(mode('data/portcullis.db.key'), 0o600)
    assert.match(server.greeting, /http:\/\/localhost:\d+\/setup#[\w-]{43}\n/)
    assert.match(server.greeting, /npm run portcullis -- user add alice --role admin/)
    assert.equal((await fetch(`${server.url}/docs`)).status, 200)
  } finally {
    assert.equal(await server.stop(), 0)
  }
})

test('the link of the first start leads to where users reach the server, and --port wins', async () => {
  const environment = { PORT: 'x', ISSUER: 'https://auth.example.com/id/' }
  const server = await serve(createDirectory(), environment, { words: ['--port', '0'] })
  assert.match(server.greeting, / https:\/\/auth\.example\.com\/id\/setup#[\w-]{43}\n/)
  assert.match(server.greeting, /Swagger UI: {2}https:\/\/auth\.example\.com\/id\/docs\n/)
  assert.equal(await server.stop(), 0)
})

test('the link of the first start creates the first administrator, who then logs in', async () => {
  const server = await serve(createDirectory())
  try {
    const code = server.greeting.match(/#(\S+)/)?.[1] ?? ''
    const body = new URLSearchParams({ code, username: 'alice', password, repeated: password })
    const created = await fetch(`${server.url}/setup`, { method: 'POST', body })
    assert.equal(created.status, 201)
    assert.equal((await login(server.url, 'alice')).status, 200)
    assert.equal((await fetch(`${server.url}/setup`, { method: 'POST', body })).status, 410)
  } finally {
    await server.stop()
  }
})

test('a second start finds users, keys and sessions again, and prints no link', async () => {
  const directory = createInstallation()
  await addUser(directory)
  const first = await serve(directory)
  assert.doesNotMatch(first.greeting, /setup/)
  const { access_token } = await (await login(first.url, 'alice')).json()
  await first.stop()
  const second = await serve(directory)
  try {
    const headers = { authorization: `Bearer ${access_token}` }
    assert.equal((await fetch(`${second.url}/me`, { headers })).status, 200)
  } finally {
    await second.stop()
  }
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} finishes the request in flight and closes the database (DD-11)`, async () => {
    const directory = createInstallation()
    await addUser(directory)
    const server = await serve(directory)
    const body = new URLSearchParams({ username: 'alice', password }).toString()
    const { hostname, port } = new URL(server.url)
    const socket = connect({ host: hostname, port: Number(port) })
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    await once(socket, 'connect')
    // The server says "continue" when it has read the head: from then on the request is in flight.
    socket.write(
      `POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${form['content-type']}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    )
    await once(socket, 'data')
    assert.match(answer, /^HTTP\/1\.1 100 /)
    const stopped = server.stop(signal)
    socket.write(body)
    assert.equal(await stopped, 0)
    assert.match(answer, /HTTP\/1\.1 200 OK[\s\S]*"access_token"/)
    assert.equal(existsSync(join(directory, 'data/portcullis.db-wal')), false)
  })
}

test('a port in use is one line, and exit code 69', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const environment = { PORT: String(port), LOG_LEVEL: 'silent' }
  const { code, stderr } = await run(createDirectory(), ['serve'], { environment })
  other.close()
  assert.equal(code, 69)
  assert.match(stderr, /^Cannot listen on 127\.0\.0\.1 port \d+: the port is in use.*\n$/)
})

test('a HOST that is no address of this machine is one line, and exit code 69', async () => {
  const environment = { HOST: 'nosuchhost.invalid', LOG_LEVEL: 'silent' }
  const { code, stderr } = await run(createDirectory(), ['serve'], { environment })
  assert.equal(code, 69)
  assert.equal(
    stderr,
    'Cannot listen on nosuchhost.invalid: not an address of this machine: set HOST.\n',
  )
})

test('every mistake of the configuration is told at once, without secrets, and nothing listens (SC-01)', async () => {
  const canary = 'change-me-canary'
  const environment = { PORT: 'eight', SECRET_KEY: canary, ARGON2_MEMORY: '64', LOG_LEVEL: 'loud' }
  const directory = createDirectory()
  const { code, stdout, stderr } = await run(directory, ['serve'], { environment })
  assert.equal(code, 78)
  for (const name of ['PORT', 'SECRET_KEY', 'ARGON2_MEMORY', 'LOG_LEVEL']) {
    assert.match(stderr, new RegExp(`^ {2}${name}`, 'm'))
  }
  assert.doesNotMatch(stdout + stderr, /canary|listens/)
  assert.equal(existsSync(join(directory, 'data')), false)
})

test('an issuer that others reach by http is refused at start, but for --dev (HH-09)', async () => {
  const environment = { ISSUER: 'http://auth.example.com' }
  const refused = await run(createDirectory(), ['serve'], { environment })
  assert.equal(refused.code, 78)
  assert.match(refused.stderr, /ISSUER must be https: .* or set ALLOW_INSECURE_ISSUER=true\.$/m)
  for (const [more, words] of [
    [{}, ['--dev']],
    [{ ALLOW_INSECURE_ISSUER: 'true' }, []],
  ] as const) {
    const server = await serve(createDirectory(), { ...environment, ...more }, { words })
    assert.equal(await server.stop(), 0)
  }
})

test('a server that lets others in without TLS says so at its start (HH-09)', async () => {
  const warning = /^WARNING: HOST \S+ accepts connections from other machines without TLS, /m
  const open = await serve(createDirectory(), { HOST: '0.0.0.0' })
  await open.stop()
  assert.match(open.greeting, warning)
  const ISSUER = 'https://auth.example.com'
  const proxied = await serve(createDirectory(), { HOST: '0.0.0.0', ISSUER })
  await proxied.stop()
  assert.doesNotMatch(proxied.greeting, warning)
})

test('without a terminal all of standard output is JSON, from the greeting to the end', async () => {
  let output = ''
  const child = start(createDirectory(), ['serve'])
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  while (!output.includes('listens on')) await once(child.stdout ?? child, 'data')
  child.kill('SIGTERM')
  await once(child, 'close')
  const lines = output.trimEnd().split('\n')
  const log = lines.map((line) => JSON.parse(line))
  assert.ok(log.length > 5)
  for (const { level, time, pid, msg } of log) {
    assert.deepEqual([level, pid, typeof time, typeof msg], [30, child.pid, 'number', 'string'])
  }
  assert.equal(log.at(-1).msg, 'Stopped.')
})

const hasScript = spawnSync('script', ['--version']).status === 0

for (const [what, environment, coloured] of [
  ['coloured', {}, true],
  ['plain with NO_COLOR', { NO_COLOR: '1' }, false],
] as const) {
  test(`in a terminal the greeting is for people, ${what}, and so is the end`, {
    skip: hasScript ? false : 'not checked: the command `script` of util-linux is not here',
  }, async () => {
    const command = `exec ${process.execPath} ${main} serve`
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: createDirectory(),
      env: { PATH: process.env.PATH, TERM: 'xterm', PORT: '0', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let screen = ''
    terminal.stdout.on('data', (chunk) => {
      screen += chunk
    })
    while (!screen.includes('user add alice')) await once(terminal.stdout, 'data')
    // Ctrl-C, as the terminal sends it on.
    terminal.stdin.write('\u0003')
    await once(terminal, 'close')
    const plain = stripVTControlCharacters(screen)
    assert.equal(screen !== plain, coloured)
    assert.match(plain, /^Portcullis listens on http:\S+\r\nSwagger UI: {2}http:\S+\/docs\r\n/)
    assert.match(plain, /\r\n\r\nThere are no users yet/)
    assert.match(plain, /Stopped\.\r\n$/)
    assert.ok(!plain.includes('{"level"'))
  })
}

test('a .env file is read, and the environment wins over it', async () => {
  const directory = createDirectory()
  writeFileSync(join(directory, '.env'), 'DOCS=false\nDATA_DIR=elsewhere\n')
  const server = await serve(directory, { DOCS: 'true' })
  await server.stop()
  assert.ok(existsSync(join(directory, 'elsewhere/portcullis.db')))
  assert.match(server.greeting, /docs/)
})

async function startOn(damage: (database: string) => void) {
  const directory = createInstallation()
  await addUser(directory)
  const database = join(directory, 'data/portcullis.db')
  damage(database)
  const { code, stderr } = await run(directory, ['serve'])
  assert.equal(code, 74, stderr)
  assert.equal(stderr.trim().split('\n').length, 1, stderr)
  return stderr
}

test('a corrupt database is one line, and exit code 74', async () => {
  const stderr = await startOn((path) => writeFileSync(path, 'not a database '.repeat(1000)))
  assert.match(stderr, /not a usable SQLite database: restore it/)
})

test('a read-only database is one line, and exit code 74', async () => {
  const stderr = await startOn((path) => chmodSync(path, 0o400))
  assert.match(stderr, /cannot be written: make the file/)
})

test('a database of a newer version is one line, and exit code 74', async () => {
  const stderr = await startOn((path) => {
    const database = new DatabaseSync(path)
    database.exec("insert into portcullis_migration values ('9999_from_the_future', '2030-01-01')")
    database.close()
  })
  assert.match(stderr, /newer version of Portcullis/)
})

test('a database, a key file or a data directory that others may read is closed, and told', async () => {
  const directory = createInstallation()
  await addUser(directory)
  const data = join(directory, 'data')
  const paths = [data, join(data, 'portcullis.db'), join(data, 'portcullis.db.key')]
  for (const modes of [
    [0o777, 0o666, 0o640],
    [0o770, 0o640, 0o644],
  ]) {
    paths.forEach((path, index) => {
      chmodSync(path, modes[index] ?? 0)
    })
    const server = await serve(directory)
    assert.equal(await server.stop(), 0)
    for (const path of paths) {
      assert.equal(statSync(path).mode & (path === data ? 0o022 : 0o077), 0, path)
      assert.ok(
        server
          .said()
          .includes(
            `Other users could read or change ${path.replace(data, path === data ? './data' : 'data')}: it is closed`,
          ),
        server.said(),
      )
    }
  }
})

test('a lost key file is a mistake of the configuration, told in one line', async () => {
  const directory = createInstallation()
  await addUser(directory)
  const key = join(directory, 'data/portcullis.db.key')
  writeFileSync(key, `${readFileSync(key, 'utf8').slice(0, 20)}${'A'.repeat(23)}\n`)
  const { code, stderr } = await run(directory, ['serve'])
  assert.equal(code, 78)
  assert.match(stderr, /sealed under another key-encryption key/)
})
