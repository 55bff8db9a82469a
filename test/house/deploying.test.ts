// The files to deploy with are those that the page shows, and name what there is.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { settings } from '../../src/server/settings.ts'
import { root } from './sources.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const files = readdirSync(join(root, 'deploy')).filter((name) => name !== 'secrets')

test('the page on deploying shows every file of deploy as it is', () => {
  const page = read('docs/deploying.md')
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

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

test('systemd finds nothing wrong with the unit', {
  skip: hasSystemd ? false : 'not checked: there is no systemd-analyze here',
}, () => {
  const unit = read('deploy/portcullis.service')
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-unit-'))
  try {
    const file = join(directory, 'portcullis.service')
    const verify = (text: string): string => {
      // It looks for the program, which is elsewhere here.
      writeFileSync(file, text.replace('=/usr/bin/node ', `=${process.execPath} `))
      const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], {
        encoding: 'utf8',
      })
      return stdout + stderr
    }
    assert.equal(verify(unit), '')
    assert.match(verify(unit.replace('UMask=', 'Umask=')), /Unknown key .*'Umask'/)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
