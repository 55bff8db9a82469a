// The client as a package of its own, as those who install it meet it: in Node and in a browser.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { clientPackageName, writeClientPackage } from '../../scripts/client-package.ts'
import type { createClient } from '../../src/client/index.ts'
import { type RunningServer, startServer } from '../client/server.ts'
import { goodPassword } from '../fixtures.ts'
import { root } from '../house/sources.ts'
import { launchChromium } from './chromium.ts'

const execute = promisify(execFile)

let project: string
let installed: string
let tarballPath: string
let server: RunningServer

before(async () => {
  project = mkdtempSync(join(tmpdir(), 'portcullis-client-'))
  const made = join(project, 'made')
  await writeClientPackage(made)
  await execute('npm', ['pack', '--silent', '--pack-destination', project], { cwd: made })
  const [tarball = ''] = readdirSync(project).filter((name) => name.endsWith('.tgz'))
  tarballPath = join(project, tarball)
  installed = join(project, 'node_modules', clientPackageName)
  mkdirSync(installed, { recursive: true })
  await execute('tar', ['-xzf', tarballPath, '-C', installed, '--strip-components=1'])
  server = await startServer((app) => {
    app.get('/page', (_request, reply) => {
      reply.header('content-security-policy', "default-src 'self'")
      reply.type('text/html').send('<!doctype html><title>page</title>')
    })
    app.get('/client.js', (_request, reply) => {
      reply.type('text/javascript').send(readFileSync(join(installed, 'index.js'), 'utf8'))
    })
  })
})

after(async () => {
  await server?.close()
  rmSync(project, { recursive: true, force: true })
})

const readManifest = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))

test('the package of the client has code, types, a licence and a page to read, and no dependency', () => {
  const files = globSync('**/*', { cwd: installed }).filter((name) => !name.endsWith('.d.ts'))
  assert.deepEqual(files.sort(), ['LICENSE', 'README.md', 'index.js', 'package.json'])
  assert.ok(globSync('index.d.ts', { cwd: installed }).length === 1)
  const { version, ...manifest } = readManifest(installed)
  assert.equal(version, readManifest(root).version)
  const forbidden = Object.keys(manifest).filter((name) => /dependencies|scripts|bin/i.test(name))
  assert.deepEqual(forbidden, [])
  assert.doesNotMatch(readFileSync(join(installed, 'index.js'), 'utf8'), /^import |\brequire\(/m)
  assert.ok(statSync(tarballPath).size < 20_000, 'more than 20 kB to download')
})

test('publint and the types of the client’s package have no problem', async () => {
  const data = new Uint8Array(readFileSync(tarballPath))
  const { messages } = await publint({ pack: { tarball: data.slice().buffer }, strict: true })
  assert.deepEqual(messages, [])
  const result = await checkPackage(createPackageFromTarballData(data))
  assert.ok(result.types, 'the package has types')
  // CommonJS has to import it, which is meant; node10 knows no exports.
  const problems = result.problems.filter(
    (problem) =>
      !(problem.kind === 'CJSResolvesToESM' && problem.resolutionKind === 'node16-cjs') &&
      !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  )
  assert.deepEqual(problems, [])
})

const script = `
import { createClient } from '${clientPackageName}'
const client = createClient({ url: process.argv[2] })
await client.login('alice', process.argv[3])
const me = await client.fetch('me')
console.log(me.status, (await me.json()).username)
await client.logout()
console.log((await client.fetch('me')).status)
`

test('the installed client logs in from Node', async () => {
  const file = join(project, 'log-in.mjs')
  writeFileSync(file, script)
  const { stdout } = await execute(process.execPath, [file, server.url, goodPassword])
  assert.equal(stdout, '200 alice\n401\n')
})

test('the installed client logs in from a browser', async (t) => {
  const browser = await launchChromium()
  t.after(() => browser.close())
  const { page, complaints } = await browser.open()
  await page.goto(`${server.url}/page`)
  const name = await page.evaluate(
    async ({ file, password }) => {
      const module: { createClient: typeof createClient } = await import(file)
      const client = module.createClient({ url: '/' })
      await client.login('alice', password)
      return (await (await client.fetch('me')).json()).username
    },
    { file: '/client.js', password: goodPassword },
  )
  assert.equal(name, 'alice')
  assert.deepEqual(complaints, [])
})
