import fs from 'node:fs'
import { promisify } from 'node:util'
import { coalesce } from '../../core/coalesce.ts'
import { UnavailableError } from '../../core/errors.ts'

/** What SQLite has committed and not yet moved into its file. */
export interface WriteAheadLog {
  /**
   * Resolves when all that was committed before the call is on the disk, so that it survives a power
   * failure. Many calls at once share one write, and nothing else waits for it.
   *
   * @throws {UnavailableError} if the disk fails, and from then on: after that a system may say that
   * it has written what it has lost.
   */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Opens the log of a database that is open already, and stays open for longer. */
export function openWriteAheadLog(path: string): WriteAheadLog {
  const file = fs.openSync(`${path}-wal`, 'r+')
  let failure: unknown
  const flush = coalesce(async () => {
    if (failure !== undefined) throw failure
    try {
      await promisify(fs.fdatasync)(file)
    } catch (cause) {
      failure = new UnavailableError('The disk of the database fails: restart the server', 2, {
        cause,
      })
      throw failure
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
