import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './sources.ts'

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>
}
/** The files that the package's entry points are. */
const entries = Object.values(exports).flatMap(({ default: file }) =>
  file === undefined ? [] : [file.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts')],
)

const declaration =
  /^export (?:abstract )?(?:async )?(?:function|const|interface|type|class) (\w+)/gm
const passingOn = /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm

/** What a file exports, each with whether a docstring comes right before its declaration. */
function exportsOf(path: string): ReadonlyMap<string, boolean> {
  const code = readFileSync(join(root, 'src', path), 'utf8')
  const found = new Map<string, boolean>()
  for (const { 1: name = '', index } of code.matchAll(declaration)) {
    // Of a function with overloads the first counts.
    if (!found.has(name)) found.set(name, code.slice(0, index).endsWith('*/\n'))
  }
  for (const [, names = '', file = ''] of code.matchAll(passingOn)) {
    const there = exportsOf(join(path, '..', file).replaceAll('\\', '/'))
    for (const part of names.split(',')) {
      const name = part.trim().replace(/^type /, '')
      if (name === '') continue
      const documented = there.get(name)
      assert.notEqual(documented, undefined, `${path}: ${file} does not export ${name}`)
      found.set(name, documented === true)
    }
  }
  return found
}

test('everything that the package exports has a docstring', () => {
  const exported = entries.flatMap((path) =>
    [...exportsOf(path)].map(([name, documented]) => ({ name, documented, path })),
  )
  assert.ok(exported.length > 100)
  const bare = exported.filter(({ documented }) => !documented)
  assert.deepEqual(
    bare.map(({ name, path }) => `${path}: ${name}`),
    [],
  )
})
