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
  const keys = readKeys(path)
  if (keys.length === 1) return keys[0] as Uint8Array
  throw holdsNoKey(path)
}

/** The keys of a file, one a line. */
function readKeys(path: string): readonly Uint8Array[] {
  const keys = readLines(path).map((line) => Buffer.from(line, 'base64url'))
  if (keys.length > 0 && keys.every(({ length }) => length === 32)) return keys
  throw holdsNoKey(path)
}

export function readLines(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split(/\s+/).filter(Boolean)
}

function holdsNoKey(path: string): StoreError {
  return new StoreError(
    'corrupt',
    `${path} does not hold a key of 32 bytes in base64url: put the right file back.`,
  )
}

/** Where the key lies that is to take the place of a file's. */
export const nextOf = (path: string): string => `${path}.next`
/** Where those lie that were in the place of a file's before, the newest first, one a line. */
export const previousOf = (path: string): string => `${path}.previous`

/**
 * The keys beside that of a file: the one that is to come, the earlier ones, and the file's own. What is read
 * while the file is replaced has both, whichever the file held when it was read before.
 *
 * @param asIs Leaves modes as they are. Default false.
 * @throws {StoreError} as `readOrCreateKeyFile`.
 */
export function readKeysBeside(
  path: string,
  { asIs = false }: { readonly asIs?: boolean } = {},
): readonly Uint8Array[] {
  const files = [nextOf(path), previousOf(path), path].filter((each) => existsSync(each))
  return files.flatMap((each) => {
    try {
      if (!asIs) closeToOthers(each)
      return readKeys(each)
    } catch (error) {
      // It has just become the key of the file.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
}

/** Writes a file whole beside its place, on the disk; to be renamed or linked. Returns where it is. */
export function writeDraft(path: string, lines: readonly string[]): string {
  // Not the process id: in a container that is often the same, and a killed process leaves its draft.
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, lines.map((line) => `${line}\n`).join(''))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return draft
}

/** Written whole beside its place and then linked there: no process ever reads half a key. */
export function createKeyFile(path: string): void {
  const draft = writeDraft(path, [randomBytes(32).toString('base64url')])
  try {
    linkSync(draft, path)
  } catch (error) {
    // Another process was first: its key is the one.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}
