import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createDirectory, createInstallation, run, serve } from '../cli/process.ts'
import { root } from './sources.ts'

const document = readFileSync(join(root, 'docs/scaling.md'), 'utf8')
const issuer = 'https://auth.example.com'

/** Runs the example of the document against a server, and returns where it listens. */
async function startExample(t: TestContext, server: string): Promise<string> {
  const [, example = ''] = /```ts\n(\/\/ resource-server\.ts\n[\s\S]*?)```/.exec(document) ?? []
  const directory = createDirectory()
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'junction')
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }))
  const code = example
    .replace(`${issuer}/.well-known`, `${server}/.well-known`)
    .replace('port: 8000', 'port: 0')
  assert.ok(code.includes(`${server}/.well-known`))
  const file = join(directory, 'resource-server.ts')
  writeFileSync(file, `${code}\nconsole.log(app.addresses()[0]?.port)\n`)
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill())
  const [port] = await once(child.stdout, 'data')
  return `http://localhost:${String(port).trim()}`
}

test('a resource server verifies by the JWK Set alone, and does not see a log-out', async (t) => {
  const directory = createInstallation()
  const password = 'seven quiet otters juggle'
  await run(directory, ['user', 'add', 'alice', '--role', 'admin'], { input: password })
  const server = await serve(directory, { ISSUER: issuer })
  t.after(() => server.stop())
  const example = await startExample(t, server.url)

  async function logIn(scope: string): Promise<string> {
    const body = new URLSearchParams({ username: 'alice', password, scope })
    const response = await fetch(`${server.url}/auth/token`, { method: 'POST', body })
    return ((await response.json()) as { access_token: string }).access_token
  }
  async function call(url: string, token?: string) {
    const { status, headers } = await fetch(url, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
    return [status, headers.get('www-authenticate')]
  }

  // Of an administrator, who may do everything here: elsewhere `*` means nothing.
  const everything = await logIn('')
  const other = await logIn('users:read')
  const token = await logIn('stats:read')
  const stats = `${example}/stats`
  assert.deepEqual(await call(stats), [401, 'Bearer'])
  assert.deepEqual(await call(stats, token), [200, null])
  for (const wrong of [everything, other]) {
    assert.deepEqual(await call(stats, wrong), [
      403,
      'Bearer error="insufficient_scope", scope="stats:read"',
    ])
  }
  const [header, payload] = token.split('.')
  const [, , signature] = other.split('.')
  for (const bad of [`${header}.${payload}.${signature}`, `${header}.${payload}.`, 'x.y.z', 'x']) {
    assert.deepEqual(await call(stats, bad), [401, 'Bearer error="invalid_token"'])
  }

  const body = new URLSearchParams({ token })
  assert.equal((await fetch(`${server.url}/auth/revoke`, { method: 'POST', body })).status, 200)
  assert.equal((await call(`${server.url}/me`, token))[0], 401)
  assert.deepEqual(await call(stats, token), [200, null])
})
