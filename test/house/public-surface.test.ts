// What `portcullis` itself exports: few names, none of them a part that only the package itself uses.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
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
