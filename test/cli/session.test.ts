import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInstallation, rowsOf, run, serve } from './process.ts'

const password = 'seven quiet otters juggle'

test('sessions are listed and ended from the command line', async () => {
  const directory = createInstallation()
  const command = (...words: string[]) => run(directory, words)
  await run(directory, ['user', 'add', 'alice', '--role', 'admin'], { input: password })
  const server = await serve(directory)
  try {
    const login = async (device: string): Promise<string> => {
      const answer = await fetch(`${server.url}/auth/token`, {
        method: 'POST',
        headers: { 'user-agent': device },
        body: new URLSearchParams({ username: 'alice', password }),
      })
      return (await answer.json()).access_token
    }
    const statusOf = async (token: string): Promise<number> =>
      (await fetch(`${server.url}/me`, { headers: { authorization: `Bearer ${token}` } })).status
    const phone = await login('phone')
    const laptop = await login('laptop')
    const agent = `Mozilla/5.0 ${'(x) '.repeat(30)}`
    const long = await login(agent)
    const rows = rowsOf(await command('session', 'list', 'alice'))
    assert.deepEqual(
      rows.map((cells) => cells.at(-1)),
      [`${agent.slice(0, 39)}…`, 'laptop', 'phone'],
    )
    const listed = JSON.parse((await command('session', 'list', 'alice', '--json')).stdout)
    assert.deepEqual(
      listed.map(({ id }: { id: string }) => id),
      rows.map(([id]) => id),
    )
    assert.ok(!JSON.stringify(listed).includes('stamp'))

    assert.equal(listed[0].label, agent.trim())
    assert.equal(await statusOf(long), 200)
    const id = rows[2]?.[0] ?? ''
    assert.equal((await command('session', 'end', id)).stdout, `The session ${id} has ended.\n`)
    assert.deepEqual([await statusOf(phone), await statusOf(laptop)], [401, 200])
    assert.equal((await command('session', 'end', id)).code, 1)
    assert.equal((await command('session', 'end', '--user', 'ALICE')).code, 0)
    assert.equal(await statusOf(laptop), 401)
    assert.deepEqual(rowsOf(await command('session', 'list', 'alice')), [])

    const shown = JSON.parse((await command('user', 'show', 'alice', '--json')).stdout)
    assert.deepEqual([shown.username, shown.role, shown.sessions], ['alice', 'admin', 0])
    assert.match((await command('user', 'show', 'alice')).stdout, /^username {2,}alice$/m)
  } finally {
    await server.stop()
  }
})

test('one session, or all of a user, is ended, never both', async () => {
  const directory = createInstallation()
  for (const words of [[], ['x', '--user', 'alice']]) {
    const { code, stderr } = await run(directory, ['session', 'end', ...words])
    assert.equal(code, 64)
    assert.match(stderr, /name either the id of a session, or a user/)
  }
})
