// Whether something grows, in the words of statistics.

import { median } from './difference.ts'

/** How much a value changes from one time to the next. */
export interface Slope {
  /** The median of the slopes between every two values (Theil and Sen): a few wild ones do not count. */
  readonly slope: number
  /** Within which it is with 95 % confidence, by the distribution of Kendall's S. */
  readonly confidence: readonly [number, number]
}

/** The slope of values that are equally far apart. */
export function slopeOf(values: readonly number[]): Slope {
  const slopes = values
    .flatMap((from, at) => values.slice(at + 1).map((to, apart) => (to - from) / (apart + 1)))
    .sort((a, b) => a - b)
  const n = values.length
  const width = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = (rank: number): number =>
    slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN
  return {
    slope: median(slopes),
    confidence: [at((slopes.length - width) / 2 - 1), at((slopes.length + width) / 2)],
  }
}
