import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { UnavailableError } from '../../src/core/errors.ts'

/** Tries until it works; before that it is refused as not possible now, and in no other way. */
export async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      assert.ok(error instanceof UnavailableError, String(error))
      await turn()
    }
  }
}
