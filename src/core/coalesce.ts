/**
 * Merges simultaneous calls into one run. A call never joins a run that began before it, because the
 * answer may be older than the call. It shares the next run with all calls that came meanwhile.
 */
export function coalesce(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  function start(): Promise<void> {
    const started = run().finally(() => {
      if (running === started) running = undefined
    })
    running = started
    return started
  }

  return () => {
    if (running === undefined) return start()
    next ??= running
      // The callers of that run get its failure.
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
}
