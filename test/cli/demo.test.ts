import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { createDirectory, run, serve } from './process.ts'

async function login(url: string, username: string, password: string) {
  const body = new URLSearchParams({ username, password })
  return await fetch(`${url}/auth/token`, { method: 'POST', body })
}

test('--dev serves demo users, says loudly what they are, and leaves nothing behind', async () => {
  const directory = createDirectory()
  const temporary = createDirectory()
  const server = await serve(directory, { TMPDIR: temporary }, { words: ['--dev'] })
  assert.match(server.greeting, /WARNING: demo users/)
  assert.doesNotMatch(server.greeting, /setup/)
  const users = [...server.greeting.matchAll(/^ {2}(\w+), (\w+), with the password: (.+)$/gm)]
  assert.deepEqual(
    users.map(([, name, role]) => [name, role]),
    [
      ['alice', 'admin'],
      ['bob', 'member'],
    ],
  )
  for (const [, name = '', , password = ''] of users) {
    assert.equal((await login(server.url, name, password)).status, 200)
  }
  assert.equal(readdirSync(temporary).length, 1)
  assert.equal(await server.stop(), 0)
  assert.deepEqual(readdirSync(temporary), [])
  assert.equal(existsSync(`${directory}/data`), false)
})

test('--dev refuses whatever could be a real server, every reason at once [SC-02]', async () => {
  const environment = {
    NODE_ENV: 'production',
    DATABASE_URL: 'postgres://app@127.0.0.1/app',
    HOST: '0.0.0.0',
    WORKERS: '2',
  }
  const directory = createDirectory()
  const { code, stderr } = await run(directory, ['serve', '--dev'], { environment })
  assert.equal(code, 78)
  for (const name of Object.keys(environment)) assert.match(stderr, new RegExp(`--dev .*${name}`))
  for (const [name, value] of Object.entries(environment)) {
    const alone = await run(directory, ['serve', '--dev'], { environment: { [name]: value } })
    assert.equal(alone.code, 78, name)
  }
})

test('without --dev there is no user and no demo password [SC-02]', async () => {
  const directory = createDirectory()
  const server = await serve(directory)
  assert.doesNotMatch(server.greeting, /demo|password:/)
  for (const [name, password] of [
    ['alice', 'three green tractors sing'],
    ['bob', 'four blue tractors dance'],
  ] as const) {
    assert.equal((await login(server.url, name, password)).status, 401)
  }
  await server.stop()
  const { stdout } = await run(directory, ['user', 'list', '--json'])
  assert.deepEqual(JSON.parse(stdout), [])
})

test('--dev opens all that needs mails, without a relay, and shows the mails', async () => {
  const environment = { REGISTRATION: 'open', EMAIL_CHANGE: 'true', NOTICES: 'true' }
  const server = await serve(createDirectory(), environment, { words: ['--dev'] })
  try {
    const answer = await fetch(`${server.url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ann@example.com' }),
    })
    assert.equal(answer.status, 202)
    assert.equal((await fetch(`${server.url}/dev/mail`)).status, 200)
  } finally {
    await server.stop()
  }
})
