export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = Number.NaN] = [
    sorted[Math.ceil(middle) - 1],
    sorted[Math.floor(middle)],
  ]
  return (low + high) / 2
}

/** The median of the ratios of two, round by round: what slowed both down at once falls out. */
export function ratio(of: readonly number[], to: readonly number[]): number {
  return median(of.map((value, round) => value / (to[round] ?? Number.NaN)))
}

/** The median, with the least and the greatest in brackets. */
export function spread(values: readonly number[], digits = 1): string {
  const [middle, least, greatest] = [median(values), Math.min(...values), Math.max(...values)].map(
    (value) => value.toFixed(digits),
  )
  return `${middle} (${least}–${greatest})`
}

/**
 * How far two samples are from being of one kind: the z of Mann and Whitney, with the correction for ties. Between
 * -1.96 and 1.96 for 19 of 20 pairs of samples that are. Above 0 if the first has the greater values.
 */
export function mannWhitney(one: readonly number[], other: readonly number[]): number {
  const all = [
    ...one.map((value) => ({ value, isFirst: true })),
    ...other.map((value) => ({ value, isFirst: false })),
  ].sort((a, b) => a.value - b.value)
  let [ranks, ties] = [0, 0]
  for (let from = 0; from < all.length; ) {
    let to = from
    while (all[to]?.value === all[from]?.value) to++
    const size = to - from
    // Equal values share the mean of their ranks, which count from 1.
    ranks += ((from + 1 + to) / 2) * all.slice(from, to).filter(({ isFirst }) => isFirst).length
    ties += size ** 3 - size
    from = to
  }
  const [n, m] = [one.length, other.length]
  const u = ranks - (n * (n + 1)) / 2
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
  return (u - (n * m) / 2) / Math.sqrt(variance)
}
