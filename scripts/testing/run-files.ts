// Runs test files, some at once, each in a process of its own that has an end.

import { join } from 'node:path'
import { run } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import { root } from './select.ts'

type Summary = Extract<TestEvent, { readonly type: 'test:summary' }>['data']

/** What node:test counts. */
export type Counts = Summary['counts'] & { readonly failed: number }

/** What came of a file. */
export interface FileResult {
  readonly file: string
  readonly events: readonly TestEvent[]
  readonly counts: Counts
  /** In milliseconds. */
  readonly duration: number
  /** True if it has tests, and all are good. */
  readonly success: boolean
  /** True if it had to be ended. */
  readonly endless: boolean
}

export interface RunOptions {
  /** How many files run at once. */
  readonly concurrency: number
  /** When a file is ended that has not ended by itself. In seconds. */
  readonly timeout: number
  /** Ends all that runs, and starts nothing more. */
  readonly signal: AbortSignal
  readonly onResult: (result: FileResult) => void
}

/** Runs the files in this order. */
export async function runFiles(files: readonly string[], options: RunOptions): Promise<void> {
  const waiting = files.values()
  async function work(): Promise<void> {
    // All take from the same line.
    for (const file of waiting) {
      if (options.signal.aborted) return
      options.onResult(await runFile(file, options))
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, work))
}

async function runFile(file: string, { timeout, signal }: RunOptions): Promise<FileResult> {
  const deadline = AbortSignal.timeout(timeout * 1000)
  const stream = run({
    files: [join(root, file)],
    concurrency: 1,
    signal: AbortSignal.any([signal, deadline]),
  })
  const started = performance.now()
  const events: TestEvent[] = []
  let summary: Summary | undefined
  for await (const event of stream) {
    // The file has a summary of its own, and the run, which counts a file that crashed, one without a file.
    if (event.type === 'test:summary' && event.data.file === undefined) summary = event.data
    else events.push(event)
  }
  if (summary === undefined) throw new Error(`node:test said nothing of ${file}`)
  return {
    file,
    events,
    // `failed` is missing in the types of Node.js.
    counts: summary.counts as Counts,
    duration: performance.now() - started,
    success: summary.success && events.some(isTest),
    endless: deadline.aborted,
  }
}

/** True for what a test inside of the file said: a file without one counts as a test itself. */
function isTest({ type, data }: TestEvent): boolean {
  return type === 'test:complete' && data.entryFile !== undefined
}
