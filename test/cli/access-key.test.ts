import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createInstallation, rowsOf, run, serve } from './process.ts'

const password = 'seven quiet otters juggle'

test('API keys are listed and ended from the command line', async () => {
  const directory = createInstallation()
  writeFileSync(join(directory, '.env'), 'API_KEYS=true\n', { mode: 0o600 })
  const command = (...words: string[]) => run(directory, words)
  await run(directory, ['user', 'add', 'alice', '--role', 'admin'], { input: password })
  const server = await serve(directory)
  try {
    const body = new URLSearchParams({ username: 'alice', password })
    const login = await fetch(`${server.url}/auth/token`, { method: 'POST', body })
    const { access_token } = await login.json()
    const make = async (name: string, scope: string): Promise<string> => {
      const answer = await fetch(`${server.url}/me/keys`, {
        method: 'POST',
        headers: {
          ...{ authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
        },
        body: JSON.stringify({ name, scope }),
      })
      return (await answer.json()).key
    }
    const statusOf = async (token: string): Promise<number> =>
      (await fetch(`${server.url}/me`, { headers: { authorization: `Bearer ${token}` } })).status
    const [one, two] = [await make('backup', 'users:read'), await make('x'.repeat(60), '')]
    assert.deepEqual([await statusOf(one), await statusOf(two)], [200, 200])
    const rows = rowsOf(await command('access-key', 'list', 'ALICE'))
    assert.deepEqual(
      rows.map(([, name, scope]) => [name, scope]),
      [
        ['backup', 'users:read'],
        [`${'x'.repeat(39)}…`, '-'],
      ],
    )
    const { stdout } = await command('access-key', 'list', 'alice', '--json')
    const [listed] = JSON.parse(stdout)
    assert.deepEqual([listed.name, listed.scope], ['backup', 'users:read'])
    assert.deepEqual(Object.keys(listed).toSorted(), [
      ...['created_at', 'expires_at', 'id', 'last_used_at', 'name', 'scope'],
    ])
    assert.ok(!stdout.includes(one.slice(5)))

    const ended = await command('access-key', 'end', 'alice', listed.id)
    assert.equal(ended.stdout, `The API key ${listed.id} has ended.\n`)
    assert.deepEqual([await statusOf(one), await statusOf(two)], [401, 200])
    assert.equal((await command('access-key', 'end', 'alice', listed.id)).code, 1)
    const all = await command('access-key', 'end', 'alice', '--all')
    assert.equal(all.stdout, 'Ended 1 of the API keys of alice.\n')
    assert.equal(await statusOf(two), 401)
    const verdict = await run(directory, ['token', 'inspect'], { input: two })
    assert.match(verdict.stdout + verdict.stderr, /form of an API key/)
  } finally {
    await server.stop()
  }
})

test('one key is ended, or all, never both; and none where they are switched off', async () => {
  const directory = createInstallation()
  await run(directory, ['user', 'add', 'alice'], { input: password })
  for (const words of [[], ['x', '--all']]) {
    const { code, stderr } = await run(directory, ['access-key', 'end', 'alice', ...words])
    assert.equal(code, 64)
    assert.match(stderr, /give the id of a key, or --all/)
  }
  const { code, stderr } = await run(directory, ['access-key', 'list', 'alice'])
  assert.equal(code, 78)
  assert.match(stderr, /API keys are switched off/)
})
