/** Milliseconds that requests in flight get to finish. */
export const gracePeriod: number = 10_000
/** Milliseconds that the last lines of the log get to be read. */
const lastWords = 1_000

/** Closes a server; ends this process, with exit code 1, if that takes too long. */
export async function finishInTime(close: () => Promise<void>): Promise<void> {
  // Keeps the process alive meanwhile: what is left open may be a connection that does not.
  const deadline = setTimeout(() => {
    console.error('Some requests did not finish within 10 s and were cut off.')
    process.exit(1)
  }, gracePeriod)
  try {
    await close()
  } finally {
    clearTimeout(deadline)
    // Without a reader of the log, its unwritten lines would keep the process alive.
    setTimeout(() => process.exit(), lastWords).unref()
  }
}
