// A loop of an application, for as long as a test needs it.

import type { TestContext } from 'node:test'

/** Runs something until what is returned is called, or the test ends. */
export function whileRunning(
  t: TestContext,
  run: (signal: AbortSignal) => Promise<void>,
): () => Promise<void> {
  const ending = new AbortController()
  const running = run(ending.signal)
  // A loop keeps no process alive: without this the test would end before it.
  const alive = setInterval(() => {}, 1000)
  async function end(): Promise<void> {
    ending.abort()
    await running
    clearInterval(alive)
  }
  t.after(end)
  return end
}
