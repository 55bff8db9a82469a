/** Milliseconds that requests in flight get to finish. */
export const gracePeriod: number = 10_000

/** Closes a server; ends this process, with exit code 1, if that takes too long. */
export async function finishInTime(close: () => Promise<void>): Promise<void> {
  const deadline = setTimeout(() => {
    console.error('Some requests did not finish within 10 s and were cut off.')
    process.exit(1)
  }, gracePeriod)
  deadline.unref()
  await close()
}
