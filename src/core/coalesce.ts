/**
 * Makes many calls at once one run. A call never joins a run that had begun before it, whose answer
 * may be older than the call: it shares the next one with all that came meanwhile.
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
      // Its failure is told to those who wait for it.
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
}
