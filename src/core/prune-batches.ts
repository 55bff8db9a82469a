import { setTimeout } from 'node:timers/promises'

/** So few that a request which has to wait for a batch on SQLite does not notice. */
const batchSize = 100
/** A pause is so many times as long as the batch before it: pruning takes a tenth of the time at most. */
const pauseFactor = 9

/**
 * Deletes in small batches, with pauses in which others get their turn, until one is not full; returns
 * how many. Stops after the batch in which the signal comes.
 */
export async function pruneInBatches(
  pruneBatch: (limit: number) => Promise<number>,
  signal?: AbortSignal,
): Promise<number> {
  for (let pruned = 0; ; ) {
    const began = performance.now()
    const batch = await pruneBatch(batchSize)
    pruned += batch
    if (batch < batchSize || signal?.aborted) return pruned
    const pause = pauseFactor * (performance.now() - began)
    // Cut short by the signal.
    await setTimeout(pause, undefined, signal && { signal }).catch(() => {})
    if (signal?.aborted) return pruned
  }
}
