// What is installed with the package is known, and wanted.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  findProblems,
  listRuntimePackages,
  type Manifests,
  mostPackages,
  readManifests,
} from '../../scripts/supply-chain.ts'
import { root } from './sources.ts'

const manifests = readManifests(root)

test('every package is locked by its integrity, of the registry, and runs no script that was not allowed (SC-03)', () => {
  assert.deepEqual(findProblems(manifests), [])
})

test('every package that is installed with ours has a licence and a reason, and there are no more than was decided (SC-05)', () => {
  const listed = listRuntimePackages(manifests)
  const direct = Object.keys(manifests.manifest.dependencies)
  assert.ok(listed.length > direct.length)
  assert.deepEqual(
    listed.filter(({ license, why }) => license === '' || why === '' || why === 'for '),
    [],
  )
  const security = readFileSync(join(root, 'SECURITY.md'), 'utf8')
  assert.match(security, new RegExp(`${mostPackages} packages`))
})

test('a version is exact, and only what was decided on runs a script (SC-03)', () => {
  const settings = readFileSync(join(root, '.npmrc'), 'utf8').split('\n')
  for (const line of ['save-exact=true', 'strict-allow-scripts=true']) {
    assert.ok(settings.includes(line), line)
  }
})

test('the check finds what must not be (SC-03, SC-05)', () => {
  const { manifest, lock, architecture } = manifests
  const jose = lock.packages['node_modules/jose']
  assert.ok(jose)
  const { integrity: _, ...unlocked } = jose
  const withLocked = (entry: object): Manifests =>
    ({
      ...manifests,
      lock: { packages: { ...lock.packages, 'node_modules/jose': entry } },
    }) as Manifests
  const withManifest = (change: object): Manifests => ({
    ...manifests,
    manifest: { ...manifest, ...change },
  })
  const { dependencies, scripts } = manifest
  const many = Array.from({ length: mostPackages }, (_, index) => [`node_modules/x${index}`, jose])
  for (const [changed, problem] of [
    [withLocked(unlocked), /jose is locked without an integrity/],
    [
      withLocked({ ...jose, resolved: 'git+ssh://git@github.com/panva/jose.git#1' }),
      /jose is not of the registry/,
    ],
    [withLocked({ ...jose, license: 'AGPL-3.0' }), /jose has the licence AGPL-3\.0/],
    [withLocked({ ...jose, license: undefined }), /jose has the licence none/],
    [
      withLocked({ ...jose, optionalDependencies: { 'jose-linux': '1.0.0' } }),
      /jose-linux, which jose needs on some machine, is not locked/,
    ],
    [withLocked({ ...jose, version: '6.2.9' }), /jose 6\.2\.9 is too old/],
    [withLocked({ ...jose, hasInstallScript: true }), /jose has an install script/],
    [
      withManifest({ dependencies: { ...dependencies, jose: 'github:panva/jose' } }),
      /jose is wanted as/,
    ],
    [withManifest({ dependencies: { ...dependencies, jose: '^6.0.0' } }), /jose is wanted as/],
    [
      withManifest({ dependencies: { ...dependencies, unheard: '1.0.0' } }),
      /unheard has no reason/,
    ],
    [withManifest({ scripts: { ...scripts, postinstall: 'node x' } }), /a script "postinstall"/],
    [
      { ...manifests, architecture: architecture.replace('`jose`', '`josé`') },
      /josé, which is no dependency/,
    ],
    [
      { ...manifests, lock: { packages: { ...lock.packages, ...Object.fromEntries(many) } } },
      /more than/,
    ],
  ] as const) {
    assert.match(findProblems(changed).join('\n'), problem)
  }
})
