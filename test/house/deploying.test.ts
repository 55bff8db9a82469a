// The files to deploy with are those that the page shows, and name what there is.

import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../src/server/settings/config.ts'
import { settings } from '../../src/server/settings/settings.ts'
import { createDirectory, serve } from '../cli/process.ts'
import { root } from './sources.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const files = readdirSync(join(root, 'deploy')).filter((name) => name !== 'secrets')

test('the pages on deploying and on PostgreSQL show every file of deploy as it is', () => {
  const page = read('docs/deploying.md') + read('docs/postgres.md')
  const shown = [...page.matchAll(/^```\w+\n(# deploy\/(\S+)\n[\s\S]*?)^```$/gm)]
  assert.deepEqual(shown.map(([, , name]) => name).sort(), files.sort())
  for (const [, text, name] of shown) assert.equal(text, read(`deploy/${name}`))
})

test('the files to deploy with set only variables that the server reads', () => {
  const known = settings.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]))
  const set = [
    ...read('deploy/compose.yaml').matchAll(/^ {6}([A-Z_]+):/gm),
    ...read('deploy/Dockerfile').matchAll(/\b([A-Z_]{4,})=/g),
    ...read('deploy/portcullis.service').matchAll(/\b([A-Z_]{4,})=/g),
  ].map(([, name = '']) => name)
  assert.ok(set.length >= 8)
  assert.deepEqual(
    set.filter((name) => !known.includes(name) && !/^(POSTGRES_|NODE_ENV$)/.test(name)),
    [],
  )
})

test('the container has the version of this package', () => {
  const { version } = JSON.parse(read('package.json')) as { readonly version: string }
  assert.ok(read('deploy/Dockerfile').includes(` portcullis@${version} `))
})

test('the container is healthy while the server lives, and not when it is gone', async () => {
  const [, words = ''] = /^HEALTHCHECK CMD (\[.*\])$/m.exec(read('deploy/Dockerfile')) ?? []
  const server = await serve(createDirectory())
  const [program, ...rest] = JSON.parse(words.replace('http://127.0.0.1:8000', server.url))
  assert.equal(program, 'node')
  const check = async (): Promise<unknown> => {
    const [code] = await once(spawn(process.execPath, rest), 'close')
    return code
  }
  assert.equal(await check(), 0)
  await server.stop()
  assert.equal(await check(), 1)
})

test('Compose trusts the gateway of its own network, and gives each service the secrets that it has', () => {
  const compose = read('deploy/compose.yaml')
  const [, trusted] = /TRUSTED_PROXIES: (\S+)/.exec(compose) ?? []
  const [, gateway] = /gateway: ([\d.]+)/.exec(compose) ?? []
  assert.ok(trusted)
  assert.equal(trusted, gateway)
  const given = [...compose.matchAll(/secrets: \[(.*)\]/g)].flatMap(([, names = '']) =>
    names.split(', '),
  )
  const wanted = [...compose.matchAll(/_FILE: \/run\/secrets\/(\S+)/g)].map(([, name]) => name)
  const defined = [...compose.matchAll(/\{ file: \.\/secrets\/(\S+) \}/g)].map(([, name]) => name)
  assert.deepEqual(given.toSorted(), wanted.toSorted())
  assert.deepEqual(given.toSorted(), defined.toSorted())
})

test('the commands that make the secrets of Compose make what the server reads', {
  skip: hasOpenssl ? false : 'not checked: there is no openssl here',
}, () => {
  const [, commands = ''] =
    /(mkdir -m 700 secrets\n[\s\S]*?)\ndocker compose up/.exec(read('docs/deploying.md')) ?? []
  const directory = createDirectory()
  execFileSync('sh', ['-euc', commands], { cwd: directory })
  const file = (name: string): string => join(directory, 'secrets', name)
  const { databaseUrl } = readConfig({
    DATABASE_URL_FILE: file('database_url'),
    KEY_ENCRYPTION_KEY_FILE: file('key_encryption_key'),
  })
  assert.equal(databaseUrl?.includes(readFileSync(file('database_password'), 'utf8')), true)
})

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

test('systemd finds nothing wrong with the unit', {
  skip: hasSystemd ? false : 'not checked: there is no systemd-analyze here',
}, () => {
  const unit = read('deploy/portcullis.service')
  const directory = createDirectory()
  const file = join(directory, 'portcullis.service')
  const verify = (text: string): string => {
    // It looks for the program, which is elsewhere here.
    writeFileSync(file, text.replace('=/usr/bin/node ', `=${process.execPath} `))
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
    return stdout + stderr
  }
  assert.equal(verify(unit), '')
  assert.match(verify(unit.replace('UMask=', 'Umask=')), /Unknown key .*'Umask'/)
})
