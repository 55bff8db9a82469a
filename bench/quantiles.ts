/** Latencies of something done again and again. */
export interface Quantiles {
  readonly count: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export function quantiles(milliseconds: readonly number[]): Quantiles {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** Does something one time after another, and tells how long each took. */
export async function measure(times: number, what: (index: number) => unknown): Promise<Quantiles> {
  const milliseconds: number[] = []
  for (let index = 0; index < times; index++) {
    const began = performance.now()
    // Not every answer is a promise, and to wait for one that is not would be measured too.
    const answer = what(index)
    if (answer instanceof Promise) await answer
    milliseconds.push(performance.now() - began)
  }
  return quantiles(milliseconds)
}

/** A table in Markdown. */
export function formatTable(rows: readonly (readonly (string | number)[])[]): string {
  const [head = [], ...body] = rows
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')
}
