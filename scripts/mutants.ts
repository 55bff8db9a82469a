// Mutants of the code that guards, and which of them no test notices.
//   npm run mutants -- src/core/throttle [more paths] [--sample 50] [--seed 1] [--tests 'test/a.test.ts']
//                      [--without 'test/browser/*'] [--results FILE] [--list]
//
// Each change is made alone, in a copy of the tree. The test files of the changed file run one after the
// other, those alone that execute the changed place, until one fails. With --results, what is done is kept
// there, and another run goes on from it. The exit code is 0 whatever survives: the list is to be read.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { runDirectoryVariable } from '../test/prepared.ts'
import { apply, type Mutant, mutantsOf } from './mutants/mutate.ts'
import { runTests } from './mutants/run-tests.ts'
import { type TestFile, testsOf, tryTest } from './mutants/tests.ts'
import { prepareFor } from './testing/prepare.ts'
import { createRunDirectory, removeRunDirectory } from './testing/run-directory.ts'

/** `unreached`: no test executes the place. A mutant that makes tests hang is noticed, as one that fails. */
type Verdict = 'killed' | 'timeout' | 'survived' | 'unreached'

interface Task {
  readonly path: string
  readonly mutant: Mutant
  /** The same in another run, as long as the file is the same. */
  readonly key: string
}

const root = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    tests: { type: 'string', multiple: true, default: [] },
    without: { type: 'string', multiple: true, default: [] },
    results: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})

const files = positionals.flatMap((path) =>
  statSync(join(root, path)).isDirectory() ? globSync(`${path}/**/*.ts`, { cwd: root }) : [path],
)
const tasks = sampleOf([...new Set(files)].sort().flatMap(tasksOf))
if (tasks.length === 0) {
  console.error('Name files or folders below src: npm run mutants -- src/core/throttle')
  process.exitCode = 64
} else if (values.list) {
  for (const task of tasks) console.log(describe(task))
} else {
  await judgeAll()
}

function tasksOf(path: string): readonly Task[] {
  const source = readFileSync(join(root, path), 'utf8')
  return mutantsOf(source).map((mutant) => {
    const identity = JSON.stringify([path, source, mutant])
    return { path, mutant, key: createHash('sha256').update(identity).digest('hex').slice(0, 16) }
  })
}

/** So many of all, the same ones for the same seed: in the order of a digest, which knows no favourites. */
function sampleOf(all: readonly Task[]): readonly Task[] {
  if (values.sample === undefined) return all
  const rank = ({ key }: Task): string =>
    createHash('sha256').update(`${values.seed} ${key}`).digest('hex')
  const chosen = [...all].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
  const kept = new Set(chosen.slice(0, Number(values.sample)))
  return all.filter((task) => kept.has(task))
}

async function judgeAll(): Promise<void> {
  const verdicts = readVerdicts()
  const copy = copyTree()
  const known = new Map<string, TestFile | null>()
  const directory = createRunDirectory()
  const removeAll = (): void => {
    rmSync(copy, { recursive: true, force: true })
    removeRunDirectory(directory)
  }
  process.once('SIGINT', () => {
    removeAll()
    process.exit(130)
  })
  try {
    process.env[runDirectoryVariable] = directory
    const used = [...new Set(tasks.map(({ path }) => path))].flatMap(namedTests)
    // The built package would be the one without the change.
    await prepareFor([...new Set(used)], directory, ['postgres', 'chromium'])
    for (const [index, task] of tasks.entries()) {
      if (verdicts.has(task.key)) continue
      const verdict = await judge(task, await reachingTests(task, copy, known), copy)
      verdicts.set(task.key, verdict)
      keepVerdict(task.key, verdict)
      console.error(`${index + 1}/${tasks.length} ${verdict}  ${describe(task)}`)
    }
  } finally {
    removeAll()
  }
  report(verdicts)
}

/** The tests of a source file that the options leave. */
function namedTests(path: string): readonly string[] {
  const filesOf = (patterns: readonly string[]): readonly string[] =>
    patterns.flatMap((pattern) => globSync(pattern, { cwd: root }))
  const without = new Set(filesOf(values.without))
  return [...testsOf(path, root), ...filesOf(values.tests)].filter((test) => !without.has(test))
}

/** The tests that execute the place of a change, each of which has passed without it, the fastest first. */
async function reachingTests(
  { path, mutant }: Task,
  copy: string,
  known: Map<string, TestFile | null>,
): Promise<readonly TestFile[]> {
  const named = namedTests(path)
  for (const test of named) {
    if (known.has(test)) continue
    const tried = await tryTest(test, copy)
    known.set(test, tried)
    console.error(tried ? `${test} passes` : `${test} is left out: it fails without any change`)
  }
  return named
    .flatMap((test) => known.get(test) ?? [])
    .filter((test) => test.reaches(path, mutant.start))
    .sort((a, b) => a.duration - b.duration)
}

async function judge(
  { path, mutant }: Task,
  tests: readonly TestFile[],
  copy: string,
): Promise<Verdict> {
  if (tests.length === 0) return 'unreached'
  const file = join(copy, path)
  const source = readFileSync(file, 'utf8')
  writeFileSync(file, apply(source, mutant))
  try {
    for (const { path, duration } of tests) {
      const outcome = await runTests([path], copy, 10_000 + 3 * duration)
      if (outcome !== 'passed') return outcome === 'failed' ? 'killed' : 'timeout'
    }
    return 'survived'
  } finally {
    writeFileSync(file, source)
  }
}

/** The tree as it is on the disk, without what git ignores. */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'portcullis-mutants-'))
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const paths = execFileSync('git', listed, { cwd: root, encoding: 'utf8' }).split('\0')
  for (const path of paths.filter((each) => each !== '' && existsSync(join(root, each)))) {
    cpSync(join(root, path), join(copy, path))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function readVerdicts(): Map<string, Verdict> {
  const { results } = values
  if (results === undefined || !existsSync(results)) return new Map()
  const lines = readFileSync(results, 'utf8').trim().split('\n')
  return new Map(lines.map((line) => JSON.parse(line) as [string, Verdict]))
}

function keepVerdict(key: string, verdict: Verdict): void {
  if (values.results) appendFileSync(values.results, `${JSON.stringify([key, verdict])}\n`)
}

function describe({ path, mutant }: Task): string {
  const { line, start, end, text, kind } = mutant
  const source = readFileSync(join(root, path), 'utf8')
  const short = (part: string): string => {
    const flat = part.replace(/\s+/g, ' ')
    return flat.length > 60 ? `${flat.slice(0, 59)}…` : flat
  }
  return `${path}:${line}  ${kind}: ${short(source.slice(start, end))} -> ${short(text)}`
}

function report(verdicts: ReadonlyMap<string, Verdict>): void {
  const missed = tasks.filter(({ key }) => /survived|unreached/.test(verdicts.get(key) ?? ''))
  if (missed.length > 0) console.log('No test notices:')
  for (const task of missed) console.log(`  ${verdicts.get(task.key)}  ${describe(task)}`)
  console.log('\n| of | mutants | killed | timeout | survived | unreached | score |')
  console.log('|---|---|---|---|---|---|---|')
  const paths = [...new Set(tasks.map(({ path }) => path))]
  const folders = [...new Set(paths.map((path) => `${dirname(path)}/`))]
  for (const group of [...paths, ...folders, '']) {
    const of = tasks.filter(({ path }) =>
      group.endsWith('/') ? `${dirname(path)}/` === group : group === '' || path === group,
    )
    const count = (verdict: Verdict): number =>
      of.filter(({ key }) => verdicts.get(key) === verdict).length
    const [killed, timeout] = [count('killed'), count('timeout')]
    const score = Math.round((100 * (killed + timeout)) / of.length)
    const counts = [killed, timeout, count('survived'), count('unreached')].join(' | ')
    console.log(`| ${group || 'all'} | ${of.length} | ${counts} | ${score} % |`)
  }
}
