// What a run of all tests makes once for its files: `npm test` names the directory in the environment.
// A file that is run alone finds nothing here, and makes its own.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where the run keeps what its files use: in its environment, absent for a file that is run alone. */
export const runDirectoryVariable = 'PORTCULLIS_TEST_RUN'

/**
 * What can be made once: the built package, the data directory of a PostgreSQL that was never started,
 * and Chromium, extracted. Nobody writes to them, so that files cannot see each other.
 */
export type PreparedPart = 'package' | 'postgres' | 'chromium'

/** What of the environment tells a program of the run: where it is, and what Node.js has compiled. */
export const runEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  [runDirectoryVariable, 'NODE_COMPILE_CACHE'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }),
)

/** What Node.js is started with, for a program that uses the package by its entry points. */
export const fromBuild: readonly string[] = [
  '--import',
  new URL('from-build.ts', import.meta.url).href,
]

/** The path of a part that was made, and undefined where each makes its own. */
export function findPrepared(part: PreparedPart): string | undefined {
  const directory = process.env[runDirectoryVariable]
  if (directory === undefined) return undefined
  const path = join(directory, part)
  return existsSync(path) ? path : undefined
}
