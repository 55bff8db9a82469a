import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { closeToOthers } from './file-mode.ts'
import { StoreError } from './store-error.ts'

/**
 * Reads the 32-byte key of a file, made with mode 0600 if it is not there, and closed to other users if it
 * was not (`closeToOthers`).
 *
 * @throws {StoreError} `unsafe_file` if every user may read it, `corrupt` if it holds no key.
 */
export function readOrCreateKeyFile(path: string): Uint8Array {
  if (!existsSync(path)) createKeyFile(path)
  closeToOthers(path)
  return readKeyFile(path)
}

/**
 * The same for an existing file. Its mode is neither checked nor changed.
 *
 * @throws {StoreError} `corrupt` if it holds no key.
 */
export function readKeyFile(path: string): Uint8Array {
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url')
  if (key.length === 32) return key
  throw new StoreError(
    'corrupt',
    `${path} does not hold a key of 32 bytes in base64url: put the right file back.`,
  )
}

/** Written whole beside its place and then linked there: no process ever reads half a key. */
function createKeyFile(path: string): void {
  // Not the process id: in a container that is often the same, and a killed process leaves its draft.
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, `${randomBytes(32).toString('base64url')}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    linkSync(draft, path)
  } catch (error) {
    // Another process was first: its key is the one.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}
