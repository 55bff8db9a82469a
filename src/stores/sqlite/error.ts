import { UnavailableError } from '../../core/errors.ts'
import { StoreError } from '../store-error.ts'

// Primary result codes, https://www.sqlite.org/rescode.html
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26
// Extended ones
const CONSTRAINT_PRIMARYKEY = 1555
const CONSTRAINT_UNIQUE = 2067

const notNow = new Set([BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB])

/** Runs a statement; what a retry or an operator can mend becomes an `UnavailableError`. */
export function answer<T>(statement: () => T): T {
  try {
    return statement()
  } catch (error) {
    if (!notNow.has(primaryCode(error))) throw error
    throw new UnavailableError('The database cannot be used now', 2, { cause: error })
  }
}

/** Explains why a database cannot be opened; any other error is returned as it is. */
export function explainOpening(error: unknown, path: string): unknown {
  const cause = causeOf(error)
  const { code } = Object(cause) as NodeJS.ErrnoException
  if (code === 'EROFS') return readOnly(path, cause)
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EISDIR') {
    return unreadable(path, cause)
  }
  switch (primaryCode(cause)) {
    case NOTADB:
    case CORRUPT:
      return new StoreError(
        'corrupt',
        `${path} is not a usable SQLite database: restore it from a backup, or move it away to start with an empty one.`,
        { cause },
      )
    case READONLY:
      return readOnly(path, cause)
    case CANTOPEN:
      return unreadable(path, cause)
    case BUSY:
    case LOCKED:
      return new StoreError(
        'unreadable',
        `${path} is locked by another process: end that process, or wait until it is done.`,
        { cause },
      )
    default:
      return error
  }
}

function unreadable(path: string, cause: unknown): StoreError {
  return new StoreError(
    'unreadable',
    `${path} cannot be opened: check that its directory exists and that this user may read and write it.`,
    { cause },
  )
}

export function readOnly(path: string, cause?: unknown): StoreError {
  return new StoreError(
    'read_only',
    `${path} cannot be written: make the file and its directory writable for this user.`,
    { cause },
  )
}

export function isUniqueViolation(error: unknown): boolean {
  const code = resultCode(error)
  return code === CONSTRAINT_UNIQUE || code === CONSTRAINT_PRIMARYKEY
}

/** True if another process holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return primaryCode(causeOf(error)) === BUSY
}

/** True if the error concerns every write: the disk is full, broken, or not to be written. */
export function isUnwritable(error: unknown): boolean {
  return [FULL, IOERR, READONLY].includes(primaryCode(causeOf(error)))
}

/** True if the disk is full. */
export function isFull(error: unknown): boolean {
  return primaryCode(error) === FULL
}

function causeOf(error: unknown): unknown {
  return error instanceof UnavailableError ? error.cause : error
}

function primaryCode(error: unknown): number {
  return resultCode(error) & 0xff
}

function resultCode(error: unknown): number {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code : 0
}
