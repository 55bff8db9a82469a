// docs/security-requirements.md against the titles of the tests. `UPDATE=1` writes its last column.

import assert from 'node:assert/strict'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './sources.ts'

const table = 'docs/security-requirements.md'
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const rowPattern = /^\| ([^|]+) \| ([^|]+) \|([^|]*)\|$/
const requirementId = /^[A-Z]{2}-\d{2,3}$/

interface Row {
  /** The id of a requirement, or the identifiers of an incident. */
  readonly ids: readonly string[]
  /** What the last column says. */
  readonly heldBy: readonly string[]
}

const rows: readonly Row[] = read(table)
  .split('\n')
  .flatMap((line) => {
    const [, ids = '', , heldBy = ''] = rowPattern.exec(line) ?? []
    return /\d/.test(ids)
      ? [{ ids: ids.split(', '), heldBy: heldBy.match(/[\w./-]+\.\w+/g) ?? [] }]
      : []
  })
const requirements = rows.flatMap(({ ids }) => ids.filter((id) => requirementId.test(id)))
const prefixes = new Set(requirements.map((id) => id.slice(0, 3)))

/** Every id that the tests name in parentheses, as titles do, with the files that do. */
const filesById = new Map<string, Set<string>>()
for (const file of globSync(['test/**/*.ts', 'src/stores/contract/*.ts'], { cwd: root }).sort()) {
  const code = read(file).replace(/^\s*\/\/.*$/gm, '')
  for (const [, names = ''] of code.matchAll(/\(([^()\n]*\d[^()\n]*)\)/g)) {
    for (const name of names.split(', ')) {
      const files = filesById.get(name) ?? new Set()
      filesById.set(name, files.add(file.replaceAll('\\', '/')))
    }
  }
}

/** The ids that a sentence of SECURITY.md is about. */
const [, explained = ''] = read('SECURITY.md').split(
  '\n## Requirements that tests do not hold, or not alone, and why\n',
)
const explainedIds = new Set(explained.match(/\b[A-Z]{2}-\d{2,3}\b/g))

/** Where each identifier of a row is held: in test files, else in SECURITY.md, else nowhere. */
function placesOf(id: string): readonly string[] {
  const files = [...(filesById.get(id) ?? [])]
  return explainedIds.has(id) ? [...files, 'SECURITY.md'] : files
}

if (process.env.UPDATE) {
  const lines = read(table)
    .split('\n')
    .map((line) => {
      const [, ids = '', text = ''] = rowPattern.exec(line) ?? []
      if (!/\d/.test(ids)) return line
      const places = [...new Set(ids.split(', ').flatMap(placesOf))].map(
        (place) => `[${place.replace(/^(test|src)\/|\.test\.ts$/g, '')}](../${place})`,
      )
      return `| ${ids} | ${text} | ${places.join(', ')} |`
    })
  writeFileSync(join(root, table), lines.join('\n'))
}

test('every requirement is held by a test that names it, or SECURITY.md says why not', () => {
  assert.ok(requirements.length > 150)
  assert.equal(new Set(requirements).size, requirements.length, 'an id is there twice')
  assert.deepEqual(
    requirements.filter((id) => placesOf(id).length === 0),
    [],
  )
})

test('every incident is tried by a test that names it', () => {
  const incidents = rows.flatMap(({ ids }) => ids.filter((id) => !requirementId.test(id)))
  assert.ok(incidents.length > 45)
  assert.deepEqual(
    incidents.filter((id) => !filesById.has(id)),
    [],
  )
})

test('no test and no sentence names a requirement that the table does not know', () => {
  const named = [...filesById.keys(), ...explainedIds]
  assert.deepEqual(
    named.filter(
      (id) => requirementId.test(id) && prefixes.has(id.slice(0, 3)) && !requirements.includes(id),
    ),
    [],
  )
})

test('the last column of the table leads to places that hold the row', () => {
  const wrong = rows.filter(({ ids, heldBy }) => {
    const places = ids.flatMap(placesOf)
    const listed = heldBy.filter((path) => path.startsWith('../')).map((path) => path.slice(3))
    return listed.length === 0 || listed.some((path) => !places.includes(path))
  })
  assert.deepEqual(
    wrong.map(({ ids }) => ids.join(', ')),
    [],
    'update the column: UPDATE=1 npx node --test test/house/requirements.test.ts',
  )
})
