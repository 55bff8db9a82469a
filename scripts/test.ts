// Runs the tests: `npm test`, a part with `npm test -- test/core`, and without programs that have to be
// started with `npm run test:quick`.

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runDirectoryVariable } from '../test/prepared.ts'
import { prepareFor } from './testing/prepare.ts'
import { printEnd, printFile } from './testing/report.ts'
import { createRunDirectory, removeRunDirectory } from './testing/run-directory.ts'
import { type FileResult, runFiles } from './testing/run-files.ts'
import { findTestFiles, isQuick, longestFirst, rememberDurations } from './testing/select.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    // Many tests wait for another process, and meanwhile a core is free.
    concurrency: { type: 'string', default: String(availableParallelism() * 2) },
    // No file takes a tenth of it on a quiet machine.
    timeout: { type: 'string', default: '1200' },
  },
})
const concurrency = Number(values.concurrency)
const timeout = Number(values.timeout)
if (!(concurrency >= 1 && timeout > 0))
  throw new Error('Give --concurrency and --timeout a number.')

const selected = findTestFiles(positionals).filter((file) => !values.quick || isQuick(file))
if (selected.length === 0) throw new Error('No test file was found there.')
const files = longestFirst(selected)

const started = performance.now()
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => interrupted.abort())
}
const directory = createRunDirectory()
process.on('exit', () => removeRunDirectory(directory))
process.env[runDirectoryVariable] = directory
// What a test that is killed leaves behind is removed with the rest.
process.env.TMPDIR = directory
// Hundreds of processes load the same packages.
process.env.NODE_COMPILE_CACHE = join(directory, 'compiled')
await prepareFor(files, directory)

const results: FileResult[] = []
await runFiles(files, {
  concurrency,
  timeout,
  signal: interrupted.signal,
  onResult(result) {
    results.push(result)
    printFile(result, results.length, files.length)
  },
})
await printEnd(results, performance.now() - started)
rememberDurations(Object.fromEntries(results.map(({ file, duration }) => [file, duration])))

if (interrupted.signal.aborted) console.error('The run was interrupted.')
const allGood =
  !interrupted.signal.aborted &&
  results.length === files.length &&
  results.every(({ success }) => success)
// The last word: node:test, which knows each file alone, has set the exit code before.
process.on('exit', () => {
  process.exitCode = allGood ? 0 : 1
})
