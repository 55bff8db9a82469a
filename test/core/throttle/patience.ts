import assert from 'node:assert/strict'

/**
 * Attempts until so many were looked at, and lets the seconds pass that the others have to wait. Fails
 * where a wait has no end. An outcome is a number of seconds, or something else.
 */
export async function failPatiently(
  times: number,
  attempt: (failed: number) => Promise<unknown>,
  pass: (seconds: number) => void,
): Promise<void> {
  for (let failed = 0, waits = 0; failed < times; ) {
    const outcome = await attempt(failed)
    if (typeof outcome !== 'number') {
      failed++
      waits = 0
    } else {
      waits++
      assert.ok(waits < 3, 'who has waited as long as told to has to wait on')
      pass(outcome)
    }
  }
}
