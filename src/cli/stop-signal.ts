/**
 * Aborted by the first signal to stop: Ctrl-C, or a signal of the supervisor of this process. Further ones
 * change nothing: the terminal sends Ctrl-C to this process, and npm passes it on once more.
 */
export function stopOnSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
