import { statSync } from 'node:fs'
import { UnavailableError } from '../../core/errors.ts'

/**
 * Remembers which file a path names now, and returns a check that it still does. A database that was
 * replaced while it is open goes on answering from the old file, which no path leads to: what is written
 * there is lost.
 *
 * The check throws an `UnavailableError`.
 */
export function rememberFile(path: string): () => void {
  const opened = identityOf(path)
  return () => {
    if (identityOf(path) === opened) return
    throw new UnavailableError('The file of the database was replaced: restart the server', 2)
  }
}

function identityOf(path: string): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false, bigint: true })
  return file && `${file.dev} ${file.ino}`
}
