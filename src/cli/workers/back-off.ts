/** Milliseconds after which a process that ended is not one that cannot run. */
const settledAfter = 30_000
const firstDelay = 500
const longestDelay = 30_000

/**
 * Returns a function from how long a process lived to how long its place stays empty, both in
 * milliseconds. The first end is followed at once; the next ones, if they come soon, after twice the
 * time each: what crashes at its start must not become a storm of starts.
 */
export function createBackOff(): (lived: number) => number {
  let soon = 0
  return (lived) => {
    if (lived >= settledAfter) soon = 0
    const delay = soon === 0 ? 0 : Math.min(longestDelay, firstDelay * 2 ** (soon - 1))
    soon += 1
    return delay
  }
}
