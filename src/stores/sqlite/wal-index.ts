import fs from 'node:fs'

/** Words of 32 bits of the header of a WAL-index, which is there twice (sqlite.org/walformat.html §2.1). */
const headerWords = 12
/** What its first word is: in another version the rest may mean something else. */
const knownVersion = 3007000

/** The header of a WAL-index, which every commit changes before it returns. */
export interface WalIndex {
  /** True if anybody has committed to the database since it was asked last, and at first. */
  hasChanged(): boolean
  /** Call it when the database is closed. */
  close(): void
}

/**
 * Descriptors of WAL-indexes, by device and inode. One is closed only when SQLite has removed its file, after the last
 * connection: closing any descriptor of a file ends all POSIX locks that the process has on it, and so those of SQLite
 * (sqlite.org/howtocorrupt.html §2.2), also those of connections that an application has to the same file.
 */
const opened = new Map<string, number>()

/**
 * Opens the WAL-index of a database. Null where it cannot be read: ask SQLite then.
 *
 * SQLite itself compares this header to know whether its cache is still right. Reading it takes no lock, which is most
 * of what `PRAGMA data_version` costs. The database must be open in this process, in WAL mode, and stay so.
 */
export function openWalIndex(path: string): WalIndex | null {
  // Elsewhere it is not certain that a read sees at once what another process has put into mapped memory.
  if (process.platform !== 'linux') return null
  const shared = openOnce(`${path}-shm`)
  if (shared === null) return null
  const { identity, file } = shared
  let now = new Uint32Array(2 * headerWords)
  let seen = new Uint32Array(2 * headerWords)
  const read = (): boolean => fs.readSync(file, now, 0, now.byteLength, 0) === now.byteLength
  if (!read() || now[0] !== knownVersion) return null
  return {
    hasChanged() {
      const isWhole = read() && areTwins(now)
      if (isWhole && isSame(now, seen)) return false
      // One that is being written is not remembered: it will have changed then.
      if (isWhole) [now, seen] = [seen, now]
      return true
    },
    close() {
      if (opened.get(identity) !== file || fs.fstatSync(file).nlink > 0) return
      opened.delete(identity)
      fs.closeSync(file)
    },
  }
}

function openOnce(path: string): { readonly identity: string; readonly file: number } | null {
  try {
    const { dev, ino } = fs.statSync(path, { bigint: true })
    const identity = `${dev} ${ino}`
    const file = opened.get(identity) ?? fs.openSync(path, 'r')
    opened.set(identity, file)
    return { identity, file }
  } catch {
    return null
  }
}

/** False while a commit is writing the header. */
function areTwins(header: Uint32Array): boolean {
  for (let word = 0; word < headerWords; word++) {
    if (header[word] !== header[headerWords + word]) return false
  }
  return true
}

function isSame(one: Uint32Array, other: Uint32Array): boolean {
  for (let word = 0; word < headerWords; word++) {
    if (one[word] !== other[word]) return false
  }
  return true
}
