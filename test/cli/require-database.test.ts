import assert from 'node:assert/strict'
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { goodPassword } from '../fixtures.ts'
import { createDirectory, createInstallation, run } from './process.ts'

test('a command where there is no database makes none, and names the one above it', async () => {
  const directory = realpathSync(createInstallation())
  const inside = join(directory, 'packages/web')
  mkdirSync(inside, { recursive: true })
  const refused = await run(inside, ['user', 'add', 'dana'], { input: `${goodPassword}\n` })
  assert.equal(refused.code, 66)
  assert.equal(refused.stdout, '')
  assert.match(refused.stderr, /There is no database here/)
  assert.ok(refused.stderr.includes(`Did you mean ${join(directory, 'data/portcullis.db')}?`))
  assert.equal(existsSync(join(inside, 'data')), false)
})

test('no command but serve and migrate makes a database', async () => {
  const directory = createDirectory()
  for (const words of [['key', 'list', '--json'], ['backup', 'copy.db'], ['revoke-all']]) {
    const { code, stderr } = await run(directory, words)
    assert.equal(code, 66, words.join(' '))
    assert.match(stderr, /Run serve or migrate, which make one, or set DATA_DIR/)
  }
  assert.equal(existsSync(join(directory, 'data')), false)
})

test('a command names the database that it works on, but not to programs', async () => {
  const directory = realpathSync(createInstallation())
  const listed = await run(directory, ['user', 'list'], { naming: true })
  assert.equal(listed.stderr, `Database: ${join(directory, 'data/portcullis.db')}\n`)
  const json = await run(directory, ['user', 'list', '--json'], { naming: true })
  assert.deepEqual([json.code, json.stderr, JSON.parse(json.stdout)], [0, '', []])
})

test('help of a command within a command is its own', async () => {
  const { stdout, code } = await run(createDirectory(), ['help', 'user', 'import'])
  assert.equal(code, 0)
  assert.match(stdout, /^Usage: portcullis user import \[options\] <file>/)
  const unknown = await run(createDirectory(), ['help', 'user', 'nope'])
  assert.equal(unknown.code, 64)
  assert.match(unknown.stderr, /unknown command 'nope'/)
})
