import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ManagedKey } from '../../src/core/keys/rotation.ts'
import { createInstallation, type Finished, run, serve } from './process.ts'

const password = 'seven quiet otters juggle'
const secretKey = 'b7e151628aed2a6abf7158809cf4f3c7'
const instant = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.source
const kid = /[\w-]{43}/.source

const key = (directory: string, ...words: string[]): Promise<Finished> =>
  run(directory, ['key', ...words])

async function list(directory: string): Promise<ManagedKey[]> {
  return JSON.parse((await key(directory, 'list', '--json')).stdout)
}

async function addUser(directory: string): Promise<void> {
  const { code } = await run(directory, ['user', 'add', 'alice', '--role', 'admin'], {
    input: password,
  })
  assert.equal(code, 0)
}

async function requestToken(url: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields)
  const answer = await fetch(`${url}/auth/token`, { method: 'POST', body })
  return { status: answer.status, ...(await answer.json()) }
}

const login = (url: string) => requestToken(url, { username: 'alice', password })
const refresh = (url: string, refresh_token: string) =>
  requestToken(url, { grant_type: 'refresh_token', refresh_token })

async function statusOfMe(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${url}/me`, { headers })).status
}

test('keys are listed, for people and for programs, rotated and retired', async () => {
  const directory = createInstallation()
  const first = await key(directory, 'list')
  assert.equal(first.code, 0)
  assert.match(
    first.stdout,
    new RegExp(
      `^KEY {42}ALGORITHM  STATE   CREATED {15}SIGNS FROM {12}VERIFIES UNTIL\n${kid}  ES256      active  ${instant}  ${instant}  -\n$`,
    ),
  )

  const published = await key(directory, 'rotate')
  assert.match(
    published.stdout,
    new RegExp(`^The key ${kid} \\(ES256\\) is published, and signs from ${instant} on\\.\n$`),
  )
  assert.equal((await key(directory, 'rotate')).stdout, published.stdout, 'it is published once')
  const [active, next] = await list(directory)
  assert.deepEqual([active?.state, next?.state], ['active', 'next'])
  assert.match(published.stdout, new RegExp(next?.id ?? 'x'))
  assert.deepEqual(Object.keys(next ?? {}), [
    'id',
    'algorithm',
    'state',
    'createdAt',
    'signsFrom',
    'verifiesUntil',
  ])

  const atOnce = await key(directory, 'rotate', '--now')
  assert.equal(atOnce.stdout, `The key ${next?.id} (ES256) is published, and signs from now on.\n`)
  assert.deepEqual(
    (await list(directory)).map(({ id, state }) => [id, state]),
    [
      [active?.id, 'retiring'],
      [next?.id, 'active'],
    ],
  )

  const retired = await key(directory, 'retire', next?.id ?? '')
  assert.equal(retired.code, 0)
  const [, latest] = await list(directory)
  assert.equal(
    retired.stdout,
    `The key ${next?.id} is deleted, and its access tokens are refused from now on.\nThe key ${latest?.id} signs.\n`,
  )
  assert.equal(latest?.state, 'active')
})

test('a key that is not there is refused, whatever its id begins with', async () => {
  const directory = createInstallation()
  for (const id of ['nothing', '-Version', '--help-me']) {
    const { code, stderr } = await key(directory, 'retire', id)
    assert.deepEqual([code, stderr], [1, 'There is no signing key of this id.\n'], id)
  }
  assert.equal((await key(directory, 'retire')).code, 64)
  assert.equal((await key(directory, 'rotate', '--later')).code, 64)
})

test('where SECRET_KEY signs, there are no keys to rotate, and it says what to do instead', async () => {
  const directory = createInstallation()
  for (const words of [['list'], ['rotate', '--now'], ['retire', 'x']]) {
    const environment = { SECRET_KEY: secretKey }
    const { code, stdout, stderr } = await run(directory, ['key', ...words], { environment })
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^Tokens are signed with SECRET_KEY, .*SECRET_KEY_PREVIOUS.*\.\n$/)
  }
})

test('a server that runs follows at once: nobody is logged out, and a retired key is refused (KM-03)', async () => {
  const directory = createInstallation()
  await addUser(directory)
  const server = await serve(directory)
  try {
    const { access_token: old, refresh_token } = await login(server.url)
    assert.equal((await key(directory, 'rotate', '--now')).code, 0)
    assert.equal(await statusOfMe(server.url, old), 200, 'a rotation ends no token')
    const { access_token: newer } = await login(server.url)

    const [retiring, active] = await list(directory)
    assert.equal((await key(directory, 'retire', active?.id ?? '')).code, 0)
    assert.equal(await statusOfMe(server.url, newer), 401)
    assert.equal(await statusOfMe(server.url, old), 200, 'of a key that was not retired')
    assert.equal((await key(directory, 'retire', retiring?.id ?? '')).code, 0)
    assert.equal(await statusOfMe(server.url, old), 401)

    const refreshed = await refresh(server.url, refresh_token)
    assert.equal(refreshed.status, 200, 'the session goes on')
    assert.equal(await statusOfMe(server.url, refreshed.access_token), 200)
  } finally {
    assert.equal(await server.stop(), 0)
  }
})

test('a changed SECRET_KEY logs nobody out while the old one is in SECRET_KEY_PREVIOUS', async () => {
  const directory = createInstallation()
  await addUser(directory)
  const before = await serve(directory, { SECRET_KEY: secretKey })
  const { access_token, refresh_token } = await login(before.url)
  await before.stop()

  const after = await serve(directory, {
    SECRET_KEY: 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d',
    SECRET_KEY_PREVIOUS: secretKey,
  })
  try {
    assert.equal(await statusOfMe(after.url, access_token), 200)
    const refreshed = await refresh(after.url, refresh_token)
    assert.equal(refreshed.status, 200)
    assert.equal(await statusOfMe(after.url, refreshed.access_token), 200)
  } finally {
    await after.stop()
  }
})
