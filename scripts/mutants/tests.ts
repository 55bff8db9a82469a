// Which test files could notice a change: chosen by their place and imports, then by what they run.

import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runTests } from './run-tests.ts'

/** One test file, as it is without a change. */
export interface TestFile {
  readonly path: string
  /** Milliseconds that it takes. */
  readonly duration: number
  /** True if it runs the code at an offset of a file. */
  reaches(path: string, offset: number): boolean
}

/** Tests of whole folders that are not at the mirrored place. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'src/core': [
    'test/stores/prune.test.ts',
    'test/server/metrics.test.ts',
    'test/fastify/key-maintenance.test.ts',
  ],
  'src/core/clients': [
    'test/http/*client*.test.ts',
    'test/http/caller-guards.test.ts',
    'test/metrics/auth-metrics.test.ts',
  ],
  'src/core/events': ['test/http/client-events.test.ts', 'test/*/events.test.ts'],
  'src/core/issuers': ['test/issuers/*.test.ts', 'test/server/issuers.test.ts'],
  'src/core/keys': ['test/core/**/*.test.ts', 'test/http/key-changes.test.ts'],
  'src/core/passwords/formats': ['test/core/passwords/*.test.ts'],
  'src/core/tokens': ['test/core/keys/*.test.ts', 'test/http/**/*.test.ts'],
  'src/fastify': ['test/server/app.test.ts', 'test/server/hostile.test.ts'],
  'src/core/users': ['test/server/enumeration.test.ts', 'test/http/endpoints/token.test.ts'],
  'src/http': ['test/http/**/*.test.ts', 'test/web/*.test.ts'],
  'src/http/endpoints': ['test/http/*.test.ts', 'test/web/*.test.ts', 'test/fastify/*.test.ts'],
  'src/http/grants': ['test/http/**/*.test.ts'],
  'src/http/guards': ['test/http/*.test.ts', 'test/web/*.test.ts', 'test/fastify/*.test.ts'],
  'src/issuers': ['test/issuers/moving/*.test.ts', 'test/server/issuers.test.ts'],
  'src/server/logging': ['test/server/*.test.ts'],
  'src/server/routes': ['test/server/*.test.ts'],
  'src/server/settings': ['test/server/*.test.ts'],
  'src/stores/postgres': ['test/stores/postgres-failover.test.ts'],
  'src/stores/sql': ['test/stores/sqlite/*.test.ts', 'test/stores/postgres/*.test.ts'],
  'src/cli/import': ['test/cli/user-import.test.ts', 'test/cli/csv.test.ts'],
}

/**
 * The test files of a source file, the likeliest first: the one at the mirrored place, those that import
 * the source, those of its folder, and those that `elsewhere` names.
 */
export function testsOf(source: string, root: string): readonly string[] {
  const mirrored = source.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts')
  const all = globSync('test/**/*.test.ts', { cwd: root }).sort()
  const importing = all.filter((path) =>
    readFileSync(join(root, path), 'utf8').includes(`/${source}'`),
  )
  const beside = globSync(`${dirname(mirrored)}/*.test.ts`, { cwd: root }).sort()
  const named = (elsewhere[dirname(source)] ?? []).flatMap((path) => globSync(path, { cwd: root }))
  return [...new Set([mirrored, ...importing, ...beside, ...named])].filter((path) =>
    all.includes(path),
  )
}

/** Runs a test file on the unchanged tree in `root`; null if it fails, or has not ended in five minutes. */
export async function tryTest(path: string, root: string): Promise<TestFile | null> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-coverage-'))
  try {
    const start = performance.now()
    const outcome = await runTests([path], root, 300_000, { NODE_V8_COVERAGE: directory })
    if (outcome !== 'passed') return null
    const duration = performance.now() - start
    const processes = readdirSync(directory).map((name) =>
      readCoverage(join(directory, name), root),
    )
    return {
      path,
      duration,
      reaches: (file, offset) =>
        processes.some((scripts) => scripts.get(file)?.some((count) => count(offset) > 0)),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly ranges: readonly {
        readonly startOffset: number
        readonly endOffset: number
        readonly count: number
      }[]
    }[]
  }[]
}

/** How often each place of our files was run in one process. Types are blanked, so offsets stay. */
function readCoverage(file: string, root: string): Map<string, ((offset: number) => number)[]> {
  const { result } = JSON.parse(readFileSync(file, 'utf8')) as Coverage
  const scripts = new Map<string, ((offset: number) => number)[]>()
  for (const { url, functions } of result) {
    if (!url.startsWith('file:')) continue
    const path = fileURLToPath(url.replace(/[?#].*/, ''))
    if (!path.startsWith(join(root, 'src'))) continue
    // The smallest range around an offset tells.
    const ranges = functions
      .flatMap((each) => each.ranges)
      .sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))
    const count = (offset: number): number =>
      ranges.find((each) => each.startOffset <= offset && offset < each.endOffset)?.count ?? 0
    const relative = path.slice(root.length + 1)
    scripts.set(relative, [...(scripts.get(relative) ?? []), count])
  }
  return scripts
}
