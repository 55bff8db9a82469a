import { setTimeout } from 'node:timers/promises'

// Serialization failure and deadlock.
const conflicts = new Set(['40001', '40P01'])

/** How often work is done again at most. */
const maxRetries = 6
/**
 * Milliseconds before the first time at most, and twice as many before each next one. At random, so that
 * two that have met do not meet again.
 */
const firstPause = 5

/**
 * Does work again that PostgreSQL has undone because other transactions were in its way: a whole
 * transaction, or a statement that is one. The limit of the lease that it runs on goes on meanwhile.
 */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await work()
    } catch (error) {
      if (retries === maxRetries || !isConflict(error)) throw error
      await setTimeout(Math.random() * firstPause * 2 ** retries)
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && conflicts.has(Object(error.cause).code)
}
