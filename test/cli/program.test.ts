import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runEnvironment } from '../prepared.ts'
import { createDirectory, main, run, start } from './process.ts'

test('the command alone shows what it can do, and exits with 0', async () => {
  const { code, stdout, stderr } = await run(createDirectory(), [])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^Usage: portcullis/)
  assert.match(stdout, /\n {2}doctor/)
})

test('a pipe that is closed early ends a command quietly', async () => {
  const child = start(createDirectory(), ['completion', 'bash'])
  child.stdout?.destroy()
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  assert.deepEqual([code, stderr], [0, ''])
})

test('migrate makes the tables and says which, and with --check only whether', async () => {
  const directory = createDirectory()
  const check = () => run(directory, ['migrate', '--check'])
  const absent = await check()
  assert.deepEqual(
    [absent.code, absent.stdout],
    [1, 'There is no database yet: `migrate` creates it.\n'],
  )
  assert.equal(existsSync(join(directory, 'data')), false)
  const made = await run(directory, ['migrate'])
  assert.equal(made.code, 0)
  assert.match(made.stdout, /^Made: 0001_users_and_keys, 0002_sessions, /)
  assert.equal((await run(directory, ['migrate'])).stdout, 'The tables were up to date.\n')
  const today = await check()
  assert.deepEqual([today.code, today.stdout], [0, 'The tables are up to date.\n'])
})

test('in a directory that was removed every command ends with a sentence', async () => {
  for (const words of [['serve'], ['migrate'], ['user', 'list'], ['doctor']]) {
    const directory = createDirectory()
    const place = join(directory, 'gone')
    mkdirSync(place)
    // The shell is in it while it goes.
    const child = spawn(
      'sh',
      ['-c', 'rmdir "$PWD" && exec "$@"', 'sh', process.execPath, main, ...words],
      { cwd: place, env: { PATH: process.env.PATH ?? '', ...runEnvironment, PORT: '0' } },
    )
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    const [code] = await once(child, 'close')
    assert.equal(code, 66, said)
    assert.match(said, /The working directory was removed: change to one that is there\./)
  }
})
