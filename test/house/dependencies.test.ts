// What is installed with us.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './sources.ts'

interface Entry {
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}

const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const manifest = JSON.parse(read('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}
const { packages } = JSON.parse(read('package-lock.json')) as {
  readonly packages: Readonly<Record<string, Entry>>
}
const installed = Object.entries(packages).filter(([path]) => path !== '')

test('no dependency at run time runs a script at install, nor do we (SC-03, npm 2025)', () => {
  const running = installed.filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev)
  assert.deepEqual(running, [])
  const own = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$/.test(name))
  assert.deepEqual(own, [])
})

test('every dependency at run time has its reason in ARCHITECTURE.md (SC-05)', () => {
  const text = read('ARCHITECTURE.md')
  const unexplained = Object.keys(manifest.dependencies).filter(
    (name) => !new RegExp(`^\\|.*\`${name}\`.*\\|.+\\|$`, 'm').test(text),
  )
  assert.deepEqual(unexplained, [])
})
