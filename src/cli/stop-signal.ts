/**
 * Aborted by the first signal to stop: Ctrl-C, or the word of whatever supervises this process. Further ones
 * change nothing: npm passes Ctrl-C on to a process that the terminal has told already.
 */
export function stopOnSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
