import { setTimeout } from 'node:timers/promises'

/** Asks ten times a second until the answer is not false or undefined; a question that fails is asked again. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | false | undefined> | T | false | undefined,
): Promise<T> {
  const deadline = performance.now() + 120_000
  for (;;) {
    let cause: unknown
    try {
      const answer = await ask()
      if (answer !== false && answer !== undefined) return answer
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`Waited in vain: ${what}`, { cause })
    await setTimeout(100)
  }
}
