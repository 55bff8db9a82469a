import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { importsOf, readSources, root, type SourceFile } from './sources.ts'

const sources = readSources()
const byPath = new Map(sources.map((source) => [source.path, source]))

/** What each folder may name besides itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  http: ['core', 'pages'],
  stores: ['core'],
  issuers: ['core'],
  fastify: ['http', 'core'],
  mail: ['core'],
  metrics: ['core'],
  server: [
    'hosted-login',
    'fastify',
    'http',
    'core',
    'stores',
    'issuers',
    'mail',
    'metrics',
    'pages',
  ],
  cli: ['server', 'core', 'stores', 'mail'],
  client: [],
  testing: ['core', 'stores'],
  web: ['http', 'core'],
  hono: ['web', 'http', 'core'],
  express: ['web', 'http', 'core'],
  'hosted-login': ['http', 'core'],
  pages: [],
  root: ['core', 'http'],
}

/** What a folder's arrows lead to, directly or by way of others. */
function below(folder: string, from: (folder: string) => readonly string[]): readonly string[] {
  const found = new Set(from(folder))
  // The loop comes to what is added meanwhile.
  for (const each of found) for (const next of from(each)) found.add(next)
  return [...found].sort()
}

test('ARCHITECTURE.md draws these arrows, and no others', () => {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const drawn = [...page.matchAll(/^[\w-]+(?: -> [\w-]+)+$/gm)].flatMap(([line]) => {
    const folders = line.split(' -> ')
    return folders.slice(1).map((to, index) => ({ from: folders[index], to }))
  })
  assert.ok(drawn.length > 10)
  // The files of the root are no folder.
  const { root: _, ...folders } = arrows
  for (const folder of Object.keys(folders)) {
    assert.deepEqual(
      below(folder, (each) => drawn.filter(({ from }) => from === each).map(({ to }) => to)),
      below(folder, (each) => arrows[each] ?? []),
      folder,
    )
  }
})

/** The files of which something is true, to be compared with those of which it may be. */
function pathsWhere(condition: (source: SourceFile) => boolean): string[] {
  return sources.filter(condition).map(({ path }) => path)
}

const importsPackage =
  (pattern: RegExp) =>
  ({ imports }: SourceFile): boolean =>
    imports.some(({ specifier }) => pattern.test(specifier))

test('the reader of imports sees every form of them', () => {
  const code = [
    "import a from 'a'",
    "import * as b from 'b'",
    "import type { C } from './c.ts'",
    'export {',
    '  type D,',
    '  d,',
    "} from '../core/d.ts'",
    "export * from 'e'",
    "import 'f'",
    "const g = await import('g')",
    "export const from = 'h'",
    'export interface I {',
    '  readonly from: string',
    '}',
  ].join('\n')
  assert.deepEqual(
    importsOf(code, 'http/x.ts').map(({ specifier, typeOnly, file }) => [
      specifier,
      typeOnly,
      file,
    ]),
    [
      ['a', false, undefined],
      ['b', false, undefined],
      ['./c.ts', true, 'http/c.ts'],
      ['../core/d.ts', false, 'core/d.ts'],
      ['e', false, undefined],
      ['f', false, undefined],
      ['g', false, undefined],
    ],
  )
  // In the files themselves nothing that looks like an import is missed.
  for (const { path, code: text, imports } of sources) {
    const clauses = text.match(/\bfrom '|^import '|\bimport\(/gm) ?? []
    assert.equal(imports.length, clauses.length, path)
  }
})

test('every file of ours that is imported exists, and every folder has its place', () => {
  for (const { path, layer, imports } of sources) {
    assert.ok(layer in arrows, `${path} is in a folder without a place in the layers`)
    for (const { specifier, file } of imports) {
      assert.ok(file === undefined || byPath.has(file), `${path} imports ${specifier}`)
    }
  }
})

test('a folder imports only those below it', () => {
  const wrong = sources.flatMap(({ path, layer, imports }) =>
    imports.flatMap(({ file }) => {
      const target = file && byPath.get(file)?.layer
      const allowed = !target || target === layer || arrows[layer]?.includes(target)
      return allowed ? [] : [`${path} -> ${file}`]
    }),
  )
  assert.deepEqual(wrong, [])
})

test('no file imports a public index: they are for others', () => {
  assert.deepEqual(
    pathsWhere(({ imports }) => imports.some(({ file = '' }) => /(^|\/)index\.ts$/.test(file))),
    [],
  )
})

test('no file imports itself by way of others', () => {
  const circles: string[] = []
  const finished = new Set<string>()
  function visit(path: string, trail: readonly string[]): void {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      return
    }
    if (finished.has(path)) return
    for (const { file } of byPath.get(path)?.imports ?? []) {
      if (file !== undefined) visit(file, [...trail, path])
    }
    finished.add(path)
  }
  for (const { path } of sources) visit(path, [])
  assert.deepEqual(circles, [])
})

test('every file is reachable from an entry of the package', () => {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>
    readonly bin: Readonly<Record<string, string>>
  }
  const entries = [
    ...Object.values(exports).map((entry) => (typeof entry === 'string' ? entry : entry.default)),
    ...Object.values(bin),
  ]
    .filter((entry) => entry.endsWith('.js'))
    .map((entry) => entry.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '.ts'))
  assert.notEqual(entries.length, 0)
  const reached = new Set<string>()
  const waiting = [...entries]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    assert.ok(byPath.has(path), `the package names ${path}, which src does not have`)
    if (reached.has(path)) continue
    reached.add(path)
    for (const { file } of byPath.get(path)?.imports ?? []) if (file) waiting.push(file)
  }
  assert.deepEqual(
    pathsWhere(({ path }) => !reached.has(path)),
    [],
  )
})

test('only one file reads the environment', () => {
  assert.deepEqual(
    pathsWhere(({ code }) => /process\s*\.\s*env\b|\benv\b[^\n]*from 'node:process'/.test(code)),
    ['server/settings/environment.ts'],
  )
})

test('core and http know no framework, and http and web know requests of Node by type only', () => {
  const framework = importsPackage(/^(@fastify\/|fastify\b|express|hono)/)
  assert.deepEqual(
    pathsWhere((source) => ['core', 'http', 'stores'].includes(source.layer) && framework(source)),
    [],
  )
  const usesHttp = sources.flatMap(({ layer, path, imports }) =>
    imports
      .filter(({ specifier }) => /^(node:)?https?$/.test(specifier))
      .map(({ typeOnly }) => (typeOnly ? layer : path)),
  )
  // One file asks others: it is loaded with the option alone.
  assert.deepEqual([...new Set(usesHttp)].sort(), ['hosted-login/notice-post.ts', 'http', 'web'])
})

test('the contract of a store alone knows the test runner, and nothing else imports the contract', () => {
  const isContract = (path = ''): boolean => path.startsWith('stores/contract/')
  const runner = /^node:(test|assert)\b/
  const knows = pathsWhere(({ imports }) => imports.some(({ specifier }) => runner.test(specifier)))
  assert.ok(knows.includes('stores/contract/contract.ts'))
  assert.deepEqual(
    knows.filter((path) => !isContract(path)),
    [],
  )
  assert.deepEqual(
    pathsWhere(
      ({ path, imports }) => !isContract(path) && imports.some(({ file }) => isContract(file)),
    ),
    [],
  )
})

test('the client has no dependency, of Node neither', () => {
  assert.deepEqual(
    pathsWhere(
      ({ layer, imports }) => layer === 'client' && imports.some(({ file }) => file === undefined),
    ),
    [],
  )
})

test('only stores know SQL', () => {
  const sql =
    /\b(select\s[^\n]*\sfrom\s|insert\s+into\s|delete\s+from\s|create\s+(unique\s+)?(table|index)\s|pragma\s+\w)/i
  const knows = pathsWhere(
    (source) =>
      importsPackage(/^(kysely|node:sqlite|pg|better-sqlite3)(\/|$)/)(source) ||
      sql.test(source.code),
  )
  assert.ok(knows.includes('stores/migrations/migrations.ts'))
  assert.deepEqual(
    knows.filter((path) => !path.startsWith('stores/')),
    [],
  )
})

test('every file has one idea: 300 lines at most, and 10 at least unless it is an index', () => {
  assert.deepEqual(
    pathsWhere(({ lines }) => lines > 300),
    [],
  )
  assert.deepEqual(
    pathsWhere(({ lines, path }) => lines < 10 && basename(path) !== 'index.ts'),
    [],
  )
})

test('no file is named for nothing', () => {
  const empty = /(^|-)(utils?|helpers?|common|types?|manager|service|misc|shared)(-|$)/
  assert.deepEqual(
    pathsWhere(({ path }) => empty.test(basename(path, '.ts'))),
    [],
  )
})

test('no file has a default export', () => {
  assert.deepEqual(
    pathsWhere(({ code }) => /^export\s+default\b|\bas\s+default\b/m.test(code)),
    [],
  )
})
