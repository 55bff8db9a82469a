import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { samplePasswords } from '../../src/core/passwords/sample-passwords.ts'
import { createDirectory, createInstallation, run, serve, sourceMain } from '../cli/process.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const hasCurl = spawnSync('curl', ['--version']).status === 0

test('the login and the call of the README work word for word', {
  skip: hasCurl ? false : 'not checked: there is no curl here',
}, async () => {
  const [, block = ''] = /```sh\n(TOKENS=[\s\S]*?)```/.exec(readme) ?? []
  // The one that is shown is refused outside of `--dev`: everybody knows it.
  const password = 'seven quiet otters juggle'
  const directory = createInstallation()
  const words = ['user', 'add', 'alice', '--role', 'admin']
  assert.equal((await run(directory, words, { input: password })).code, 0)
  const server = await serve(directory)
  try {
    // Only the port and the password are others.
    const script = block
      .replaceAll('http://localhost:8000', server.url)
      .replaceAll(samplePasswords.alice, password)
    const { stdout } = await promisify(execFile)('sh', ['-euc', script], { cwd: directory })
    const [tokens = '', answer = ''] = stdout.split('\n')
    const names = ['access_token', 'token_type', 'expires_in', 'refresh_token', 'scope']
    assert.deepEqual(Object.keys(JSON.parse(tokens)), names)
    for (const name of names) assert.match(block, new RegExp(`"${name}":`))
    const expected = /^# (\{"id":"0)19…(.*),…\}$/m.exec(block)
    assert.ok(expected, 'the README shows the answer')
    const user = JSON.parse(answer)
    assert.ok(answer.startsWith(String(expected[1])), 'ids are of the time they were made')
    for (const [name, value] of Object.entries(JSON.parse(`{${expected[2]?.slice(2)}}`))) {
      assert.deepEqual(user[name], value)
    }
  } finally {
    await server.stop()
  }
})

test('the greeting that the README shows is the one that the server prints', async () => {
  const [, shown = ''] =
    /\$ npm install portcullis fastify && npx portcullis serve\n([\s\S]*?)```/.exec(readme) ?? []
  const server = await serve(createDirectory(), {}, { command: sourceMain })
  await server.stop()
  const printed = server.greeting
    .replaceAll(/:\d{4,5}/g, ':8000')
    .replace(/#\S+/, '#…')
    // From source it names the command of a clone.
    .replace('npm run portcullis --', 'npx portcullis')
  // Lines of the log, here, of which none is empty.
  assert.equal(printed.trim(), shown.trim().replaceAll('\n\n', '\n'))
})

test('the README is short, and shows a guarded route on its first screen, as the application has it', () => {
  const lines = readme.trimEnd().split('\n')
  assert.ok(lines.length <= 120, `${lines.length} lines`)
  assert.match(lines.slice(0, 15).join('\n'), /^app\.get\(.*secured\(/m)
  const [routes = '', application = ''] = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, code = '']) => code,
  )
  assert.match(application, /^\/\/ app\.ts\n/)
  assert.ok(application.includes(routes), 'the routes at the top are those of the application')
})
