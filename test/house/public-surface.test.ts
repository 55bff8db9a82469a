// What `portcullis` itself exports: few names, none of them a part that only the package itself uses.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSurface } from '../../scripts/public-surface.ts'
import { root } from './sources.ts'

/** The names that an entry point exports, types and values. */
function namesOf(path: string): readonly string[] {
  const code = readFileSync(join(root, 'src', path), 'utf8')
  return [...code.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter(Boolean),
  )
}

test('the root exports at most 50 names, all by name', () => {
  const names = namesOf('index.ts')
  assert.ok(names.length > 30, 'the names are read')
  assert.ok(
    names.length <= 50,
    `${names.length} names: what only a store needs is in portcullis/stores`,
  )
  assert.doesNotMatch(readFileSync(join(root, 'src/index.ts'), 'utf8'), /export \*/)
})

test('what only the package itself uses is exported by no entry for applications', () => {
  const inner = [
    ...[
      'internals',
      'AuthInternals',
      'AuthEvents',
      'Throttle',
      'Admission',
      'unthrottledAdmission',
    ],
    ...[
      'KeyRing',
      'PasswordHasher',
      'HashPool',
      'AccessTokenIssuer',
      'UserRecord',
      'SessionRecord',
    ],
  ]
  for (const path of ['index.ts', 'fastify/index.ts', 'web/index.ts', 'testing/index.ts']) {
    const names = namesOf(path)
    assert.deepEqual(
      inner.filter((name) => names.includes(name)),
      [],
      path,
    )
  }
})

test('a store can be written with what portcullis/stores exports', () => {
  const surface = readSurface()
  const needed = new Set(['Store'])
  // The loop comes to what is added meanwhile.
  for (const name of needed) {
    const types = surface
      .filter((each) => each.name === name)
      .flatMap(({ signature, members }) => [signature, ...members.map(({ type }) => type)])
    for (const other of surface) {
      const named = new RegExp(`\\b${other.name}\\b`)
      if (/^[A-Z]/.test(other.name) && types.some((type) => named.test(type)))
        needed.add(other.name)
    }
  }
  assert.ok(needed.has('ThrottleOutcome') && needed.size > 25)
  const exported = namesOf('stores/index.ts')
  assert.deepEqual(
    [...needed].filter((name) => !exported.includes(name)),
    [],
  )
  assert.ok(exported.includes('noEnd'), 'a locked count waits until then')
})
