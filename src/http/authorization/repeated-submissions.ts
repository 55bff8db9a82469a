import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'

/** Lets a form that was sent twice by one double click do its work once. */
export interface RepeatedSubmissions<T> {
  /**
   * The outcome of the same submission that is under way, or ended well within 10 seconds; else what `submit`
   * yields.
   *
   * @param parts What tells a submission from others. Nothing of it is kept but a digest.
   */
  once(parts: readonly string[], submit: () => Promise<T>): Promise<T>
}

/** Seconds. */
const keptFor = 10
const mostKept = 1000

/** @param isKept Whether an outcome is good for the same submission once more, after it has ended. */
export function createRepeatedSubmissions<T>(
  clock: Clock,
  isKept: (outcome: T) => Promise<boolean> | boolean,
): RepeatedSubmissions<T> {
  const key = randomBytes(32)
  const kept = new Map<string, { readonly outcome: Promise<T>; endedAt: number | null }>()

  return {
    async once(parts, submit) {
      const name = createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url')
      const known = kept.get(name)
      if (known !== undefined && (known.endedAt ?? clock()) + keptFor > clock()) {
        const outcome = await known.outcome
        if (known.endedAt === null || (await isKept(outcome))) return outcome
      }
      const submission = { outcome: submit(), endedAt: null as number | null }
      kept.set(name, submission)
      for (const oldest of kept.keys()) {
        if (kept.size <= mostKept) break
        kept.delete(oldest)
      }
      try {
        const outcome = await submission.outcome
        submission.endedAt = clock()
        if (!(await isKept(outcome))) forget(name, submission)
        return outcome
      } catch (error) {
        forget(name, submission)
        throw error
      }
    },
  }

  function forget(name: string, submission: unknown): void {
    if (kept.get(name) === submission) kept.delete(name)
  }
}
