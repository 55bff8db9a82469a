import fs from 'node:fs'
import { promisify } from 'node:util'
import { coalesce } from '../../core/coalesce.ts'
import { UnavailableError } from '../../core/errors.ts'
import { within } from '../time-limit.ts'

/** What SQLite has committed and not yet moved into its file. */
export interface WriteAheadLog {
  /**
   * Resolves when all that was committed before the call is on the disk, so that it survives a power
   * failure. Many calls at once share one write, and nothing else waits for it.
   *
   * @throws {UnavailableError} if the disk fails, and from then on: after that a system may say that
   * it has written what it has lost. Also if it does not answer in time, until it does.
   */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Milliseconds. A disk that takes longer hangs, and no request waits for it. */
const longestWait = 10_000

/** Opens the log of a database that is open already, and stays open for longer. */
export function openWriteAheadLog(path: string): WriteAheadLog {
  const file = fs.openSync(`${path}-wal`, 'r+')
  let failure: unknown
  /** What the disk was asked for, until it has answered, however late. */
  let asked: Promise<void> | undefined

  function ask(): Promise<void> {
    asked = promisify(fs.fdatasync)(file)
      .catch((cause) => {
        failure = new UnavailableError('The disk of the database fails: restart the server', 2, {
          cause,
        })
        throw failure
      })
      .finally(() => {
        asked = undefined
      })
    return asked
  }

  const flush = coalesce(async () => {
    try {
      // It is not asked again while it hangs: each time would take a thread.
      if (asked !== undefined) await within(longestWait, asked)
      if (failure !== undefined) throw failure
      await within(longestWait, ask())
    } catch (cause) {
      if (cause === failure) throw cause
      throw new UnavailableError('The disk of the database does not answer', 2, { cause })
    }
  })
  return {
    flush,
    async close() {
      await flush().catch(() => {})
      fs.closeSync(file)
    },
  }
}
