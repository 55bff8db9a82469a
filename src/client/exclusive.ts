import { AuthClientError } from './client-error.ts'

/** Milliseconds to wait for another tab, which may be suspended: longer than its exchange can take. */
const longestWait = 40_000

/**
 * Does the work while no other tab of the origin does any under this name (Web Locks). Without a name
 * or without locks it is done at once: a page that was not loaded by HTTPS has none. Then two tabs
 * may exchange one token at once, and the server's grace gives both the same successor.
 *
 * @throws {AuthClientError} `unavailable` if another tab does not let go.
 */
export async function exclusively<T>(
  name: string | undefined,
  work: () => Promise<T>,
): Promise<Awaited<T>> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  if (name === undefined || !locks) return await work()
  const signal = AbortSignal.timeout(longestWait)
  let begun = false
  try {
    return await locks.request(name, { signal }, async () => {
      begun = true
      return await work()
    })
  } catch (error) {
    if (begun) throw error
    throw new AuthClientError(
      'unavailable',
      'Another tab is refreshing this login and does not answer; close it, or try again.',
      { cause: error },
    )
  }
}
