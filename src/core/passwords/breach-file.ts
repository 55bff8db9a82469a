import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { ConfigError } from '../errors.ts'
import { type BreachLookup, BreachLookupError, createTurns, sha1Of } from './breach-lookup.ts'

/** Bytes of the longest line: a hash, a colon, a count and a line break. */
const lineMaxBytes = 40 + 1 + 15 + 2
/** Bytes that hold a whole line, wherever they begin. */
const blockBytes = 2 * lineMaxBytes
/** Places of a file that are looked at when a process starts. */
const samples = 64

/** A line of the file. */
interface Line {
  /** Upper case. */
  readonly hash: string
  readonly count: number
  /** Where it begins. */
  readonly start: number
  /** Where the next one begins. */
  readonly end: number
}

/**
 * Returns a look-up in a file of lines `SHA-1:count`, sorted by the hash: the form in which Have I Been
 * Pwned gives its list away. It is searched where it is, and never loaded. A file that is replaced by
 * another is used from the next look-up on.
 *
 * Looks at the ends of the file and at 62 places between, not at every line.
 *
 * @throws {ConfigError} if the file cannot be read, or is not of that form.
 */
export function createFileLookup(path: string): BreachLookup {
  checkFile(path)
  const inTurn = createTurns()
  return (password, signal) =>
    inTurn(async () => {
      try {
        const file = await open(path)
        try {
          return await holds(file, sha1Of(password), signal)
        } finally {
          await file.close()
        }
      } catch (error) {
        if (error instanceof BreachLookupError) throw error
        throw new BreachLookupError(`${path} cannot be read.`)
      }
    }, signal)
}

/** Searches by halves: about 36 reads in 100 GB. */
async function holds(file: FileHandle, hash: string, signal: AbortSignal): Promise<boolean> {
  const block = Buffer.alloc(blockBytes)
  // The line begins at `low` or behind it, and before `high`.
  let low = 0
  let high = (await file.stat()).size
  while (low < high) {
    signal.throwIfAborted()
    const middle = Math.floor((low + high) / 2)
    const from = Math.max(0, middle - 1)
    const { bytesRead } = await file.read(block, 0, blockBytes, from)
    const line = lineAt(block.subarray(0, bytesRead), from)
    if (line === undefined) throw new BreachLookupError(malformed)
    if (line === null) high = middle
    else if (line.hash === hash) return line.count > 0
    else if (line.hash < hash) low = line.end
    else high = middle
  }
  return false
}

const malformed =
  'The file of breached passwords has a line that is not a SHA-1, a colon and a count.'

/**
 * The first line that begins in a block, which was read at `from`: at 0, or else behind a line break.
 * Null if none does, and undefined if it is not of its form.
 */
function lineAt(block: Buffer, from: number): Line | null | undefined {
  const text = block.toString('latin1')
  const skipped = from === 0 ? 0 : text.indexOf('\n') + 1
  if (skipped === 0 && from > 0) return block.length < lineMaxBytes ? null : undefined
  if (skipped === text.length) return null
  const [whole, hash = '', count] =
    /^([\dA-F]{40}):(\d{1,15})(?:\r?\n|$)/i.exec(text.slice(skipped)) ?? []
  if (whole === undefined) return undefined
  const start = from + skipped
  return { hash: hash.toUpperCase(), count: Number(count), start, end: start + whole.length }
}

/** @throws {ConfigError} */
function checkFile(path: string): void {
  let isSorted: boolean
  try {
    const file = openSync(path, 'r')
    try {
      isSorted = looksSorted(file)
    } finally {
      closeSync(file)
    }
  } catch {
    throw new ConfigError([
      `The file of breached passwords ${path} cannot be read: check its path and mode.`,
    ])
  }
  if (isSorted) return
  throw new ConfigError([
    `The file of breached passwords ${path} must have a SHA-1, a colon and a count in each line, sorted by the SHA-1.`,
  ])
}

/** Whether lines of the form are found from the beginning to the end, each behind the one before. */
function looksSorted(file: number): boolean {
  const { size } = fstatSync(file)
  const last = Math.max(0, size - lineMaxBytes)
  const block = Buffer.alloc(blockBytes)
  let before = ''
  for (let sample = 0; sample < samples; sample++) {
    const from = Math.floor((last * sample) / (samples - 1))
    const line = lineAt(block.subarray(0, readSync(file, block, 0, blockBytes, from)), from)
    if (line === null && from > 0) continue
    if (!line || line.hash < before) return false
    before = line.hash
  }
  return true
}
