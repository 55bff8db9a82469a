/** Aborted by the first signal. npm passes Ctrl-C on to a process that the terminal has told already. */
export function stopOnSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
