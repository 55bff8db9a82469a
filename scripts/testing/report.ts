// What a run says: a line for each file, then all that was skipped, the slowest files, and node's own
// closing lines with whatever failed.

import { relative } from 'node:path'
import { Readable } from 'node:stream'
import { spec, type TestEvent } from 'node:test/reporters'
import type { Counts, FileResult } from './run-files.ts'
import { root } from './select.ts'

/** Says what came of a file; if that was not good, why and all that it printed. */
export function printFile(result: FileResult, done: number, of: number): void {
  const { file, success, counts, duration, endless } = result
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  const tests = `${counts.tests} tests${skipped}, ${inSeconds(duration)}`
  console.log(`${success ? '✔' : '✖'} ${String(done).padStart(3)}/${of} ${file} (${tests})`)
  if (endless) console.log(`  It did not end within ${inSeconds(duration)}, and was ended.`)
  if (success) return
  if (counts.failed + counts.cancelled === 0) console.log('  It holds no test.')
  for (const event of result.events) {
    if (event.type === 'test:stdout' || event.type === 'test:stderr') {
      process.stdout.write(event.data.message)
    } else if (event.type === 'test:fail') {
      // In full at the end, which may be some minutes away.
      console.log(`  ${event.data.name}: ${event.data.details.error.message}`)
    }
  }
}

/** Says what all of it came to. */
export async function printEnd(results: readonly FileResult[], duration: number): Promise<void> {
  printSkipped(results)
  printSlowest(results)
  const events = [...failures(results), ...closingLines(sumCounts(results), duration)]
  for await (const text of Readable.from(events).compose(new spec())) process.stdout.write(text)
}

/** A test that looked at nothing is named, so that nobody takes it for one that passed. */
function printSkipped(results: readonly FileResult[]): void {
  const lines = results.flatMap(({ events }) => events.flatMap(skippedIn))
  if (lines.length > 0) console.log(`\nSkipped:\n${lines.join('\n')}`)
}

function skippedIn(event: TestEvent): readonly string[] {
  if (event.type !== 'test:pass' || event.data.skip === undefined) return []
  const { name, skip, file = '' } = event.data
  return [`﹣ ${relative(root, file)}: ${name}${typeof skip === 'string' ? ` # ${skip}` : ''}`]
}

function printSlowest(results: readonly FileResult[]): void {
  const slowest = results.toSorted((a, b) => b.duration - a.duration).slice(0, 10)
  const lines = slowest.map(({ file, duration }) => `${inSeconds(duration).padStart(8)}  ${file}`)
  console.log(`\nThe slowest files:\n${lines.join('\n')}\n`)
}

/** For node's own reporter, which prints failures once more at the end. */
function failures(results: readonly FileResult[]): readonly TestEvent[] {
  return results
    .filter(({ success }) => !success)
    .flatMap(({ events }) => events.filter(({ type }) => type === 'test:fail'))
}

/** The totals in the lines in which `node --test` ends, which programs read. */
function closingLines(counts: Counts, duration: number): readonly TestEvent[] {
  const lines = {
    tests: counts.tests,
    suites: counts.suites,
    pass: counts.passed,
    fail: counts.failed,
    cancelled: counts.cancelled,
    skipped: counts.skipped,
    todo: counts.todo,
    duration_ms: duration,
  }
  return Object.entries(lines).map(([name, value]) => ({
    type: 'test:diagnostic',
    data: { nesting: 0, message: `${name} ${value}`, level: 'info' },
  }))
}

function sumCounts(results: readonly FileResult[]): Counts {
  const sum = (name: keyof Counts): number =>
    results.reduce((total, { counts }) => total + counts[name], 0)
  return {
    tests: sum('tests'),
    suites: sum('suites'),
    passed: sum('passed'),
    failed: sum('failed'),
    cancelled: sum('cancelled'),
    skipped: sum('skipped'),
    todo: sum('todo'),
    topLevel: sum('topLevel'),
  }
}

function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
