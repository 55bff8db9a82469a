// Whether two kinds of something take the same time, in the words of statistics.

/** How the times of one kind compare with those of another. */
export interface Difference {
  /** The median of the first over that of the second, less 1. */
  readonly ofMedians: number
  /** Within which this is with 95 % confidence, by the bootstrap. */
  readonly confidence: readonly [number, number]
  /** Probability of ranks as different as these if both were alike (Mann and Whitney, two-sided). */
  readonly mannWhitney: number
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

export function compare(first: readonly number[], second: readonly number[]): Difference {
  return {
    ofMedians: median(first) / median(second) - 1,
    confidence: bootstrap(first, second),
    mannWhitney: mannWhitney(first, second),
  }
}

const resamples = 2000

function bootstrap(first: readonly number[], second: readonly number[]): [number, number] {
  const resample = (values: readonly number[]): number[] =>
    values.map(() => values[Math.floor(Math.random() * values.length)] ?? Number.NaN)
  const ratios = Array.from(
    { length: resamples },
    () => median(resample(first)) / median(resample(second)) - 1,
  ).sort((a, b) => a - b)
  const at = (share: number): number => ratios[Math.floor(share * resamples)] ?? Number.NaN
  return [at(0.025), at(0.975)]
}

/** By the normal approximation, which is good from some twenty values each on; equal times are rare. */
function mannWhitney(first: readonly number[], second: readonly number[]): number {
  const ranked = [
    ...first.map((value) => ({ value, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ].sort((a, b) => a.value - b.value)
  const rankSum = ranked.reduce((sum, { isFirst }, index) => sum + (isFirst ? index + 1 : 0), 0)
  const [n, m] = [first.length, second.length]
  const u = rankSum - (n * (n + 1)) / 2
  const z = (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12)
  return 2 * (1 - normalDistribution(Math.abs(z)))
}

/** Abramowitz and Stegun 26.2.17: right to seven digits. */
function normalDistribution(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const factors = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const sum = factors.reduce((total, factor, index) => total + factor * t ** (index + 1), 0)
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
}
