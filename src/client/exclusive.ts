/**
 * Returns a function that runs one piece of work at a time: of this page, and with a name of all
 * tabs of the origin (Web Locks). A page that was not loaded by HTTPS has none; then two tabs may
 * exchange one token at once, and the server's grace gives both the same successor.
 */
export function createExclusive(
  name: string | undefined,
): <T>(work: () => Promise<T>) => Promise<T> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  if (name !== undefined && locks) {
    return async (work) => await locks.request(name, work)
  }
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
}
