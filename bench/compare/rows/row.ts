import type { Effort, Series } from '../rounds.ts'

/** What was measured for one row of the table. */
export interface Measurement {
  readonly series?: Readonly<Record<string, Series>>
  /** Figures that are no rates, by contestant and by what they are. */
  readonly figures?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Contestants that are not installed here. */
  readonly absent?: readonly string[]
}

/** One thing to measure. */
export interface Row {
  readonly title: string
  measure(effort: Effort): Promise<Measurement>
}

/** Does something with what it opens, and closes that whatever happens, last opened first. */
export async function withCleanup<T>(
  work: (onEnd: (close: () => Promise<unknown>) => void) => Promise<T>,
): Promise<T> {
  const closers: (() => Promise<unknown>)[] = []
  try {
    return await work((close) => closers.unshift(close))
  } finally {
    for (const close of closers) await close()
  }
}
