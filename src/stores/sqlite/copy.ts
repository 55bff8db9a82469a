import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreError } from '../store-error.ts'
import { explainOpening, isFull } from './error.ts'

/**
 * Copies a database as it is at one moment into a new file of mode 0600, while others go on to read
 * and write it. The file is there when it is whole, and on the disk.
 *
 * @param replace Put it in the place of a file that is there.
 * @throws {StoreError} `file_exists`, or for a database that cannot be read, or a full disk.
 */
export async function copyDatabase(path: string, target: string, replace = false): Promise<void> {
  if (existsSync(target) && !statSync(target).isFile()) {
    throw new StoreError('unreadable', `${target} is no file: name one for the copy.`)
  }
  if (!replace && existsSync(target)) throw fileExists(target)
  const draft = `${target}.${randomBytes(8).toString('hex')}`
  try {
    await copy(path, draft, target)
    if (replace) renameSync(draft, target)
    else linkSync(draft, target)
    syncDirectory(target)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? fileExists(target) : error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Opens a database to be read, and makes no file beside it. */
export function openReadOnly(path: string): DatabaseSync {
  const url = pathToFileURL(path)
  // Without a log no process has the file open, and nothing is left to be read but the file: said
  // to be immutable, it is read without the files that SQLite would make beside it, and leave there.
  if (!existsSync(`${path}-wal`)) url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true, timeout: 5000 })
}

async function copy(path: string, draft: string, target: string): Promise<void> {
  // Beforehand, since SQLite would let everybody read it that the umask lets in.
  closeSync(makeFile(draft, target))
  let source: DatabaseSync | undefined
  try {
    source = openReadOnly(path)
    // All pages in one step: a write between two steps makes SQLite start the copy again, and a busy
    // database would never be done.
    await backup(source, draft, { rate: 2 ** 31 - 1 })
  } catch (error) {
    throw isFull(error) ? cannotBeWritten(target, error) : explainOpening(error, path)
  } finally {
    if (source?.isOpen) source.close()
  }
  chmodSync(draft, 0o600)
  sync(draft)
}

function makeFile(draft: string, target: string): number {
  try {
    return openSync(draft, 'wx', 0o600)
  } catch (error) {
    throw cannotBeWritten(target, error)
  }
}

/** Makes sure that a name is found in its directory after a power failure. */
export function syncDirectory(path: string): void {
  if (process.platform !== 'win32') sync(dirname(path))
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function fileExists(path: string): StoreError {
  return new StoreError(
    'file_exists',
    `${path} is there already: choose another name, or replace it with --force.`,
  )
}

function cannotBeWritten(path: string, cause: unknown): StoreError {
  return new StoreError(
    'unreadable',
    `${path} cannot be written: check that its directory exists, that this user may write it, and that there is room.`,
    { cause },
  )
}
