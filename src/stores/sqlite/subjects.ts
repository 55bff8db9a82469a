import type { DatabaseSync } from 'node:sqlite'
import type { Store } from '../../core/store.ts'
import { createSubjectCache, type SubjectCache } from '../subject-cache.ts'
import { answer } from './error.ts'
import { openWalIndex } from './wal-index.ts'

/**
 * Keeps the answers of the one read of a guarded request until any process writes to the file. Before
 * each use it asks whether that has happened. The answer equals that of a read, at a fraction of the cost.
 *
 * @param path The file that the reader has open. Call `close` when nothing here has it open any more.
 */
export function createSqliteSubjects(
  path: string,
  reader: DatabaseSync,
  read: Store['findSubject'],
): SubjectCache & { close(): void } {
  const index = openWalIndex(path)
  const hasChanged = index?.hasChanged ?? watchDataVersion(reader)
  const cache = createSubjectCache(read, () => {
    if (hasChanged()) cache.clear()
    // What is not there now is read after this, so it is never older than the version.
    return true
  })
  return { ...cache, close: () => index?.close() }
}

/** The same as `hasChanged` of a WAL-index from SQLite, which takes a lock for it. */
export function watchDataVersion(reader: DatabaseSync): () => boolean {
  // Changes when another connection has committed, in this process or another.
  const version = reader.prepare('pragma data_version')
  // An object with a name in it takes a fifth of the time of the whole question.
  version.setReturnArrays(true)
  let seen: unknown
  return () => {
    const [now] = answer(() => version.get() as unknown as readonly [number])
    const isNew = now !== seen
    seen = now
    return isNew
  }
}
