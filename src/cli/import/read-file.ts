import { CommandFailure } from '../exit-code.ts'
import { readCsv } from './csv.ts'
import { readJsonLines } from './json-lines.ts'
import { type Chunks, type FileEntry, toEntry } from './records.ts'

/** How a file is written. */
export const formats = ['jsonl', 'csv', 'json'] as const
export type Format = (typeof formats)[number]

/**
 * How a file of this name is written. Exports of JSON lines are often called `.json`, so the beginning
 * of one decides.
 */
export function formatOf(path: string, beginning: string): Format {
  if (/\.csv$/i.test(path)) return 'csv'
  if (!/\.json$/i.test(path)) return 'jsonl'
  const [first = '', ...rest] = beginning.trim().split('\n')
  try {
    const value = JSON.parse(first)
    return Array.isArray(value) || Array.isArray(value.users) || rest.length === 0
      ? 'json'
      : 'jsonl'
  } catch {
    return 'json'
  }
}

/** Whole files of JSON are parsed at once; JavaScript has no longer texts. */
const maxWholeLength = 500_000_000

/**
 * The entries of a file, line by line; a file of one JSON value is read whole, and its entries are
 * counted instead.
 */
export async function* readEntries(chunks: Chunks, format: Format): AsyncGenerator<FileEntry> {
  const text = withoutMark(chunks)
  if (format === 'csv') yield* readCsv(text)
  else if (format === 'jsonl') yield* readJsonLines(text)
  else yield* readWhole(text)
}

/** A list of users, or of realms, or one of them: `{ "users": [ … ] }`. */
async function* readWhole(chunks: Chunks): AsyncGenerator<FileEntry> {
  let text = ''
  for await (const chunk of chunks) {
    text += chunk
    if (text.length > maxWholeLength) {
      throw new CommandFailure(
        'data',
        'The file is too long for one JSON value: write one user per line.',
      )
    }
  }
  const found = usersIn(parse(text))
  for (const [index, user] of found.entries()) yield toEntry(index + 1, user)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandFailure('data', 'The file is not JSON: name its --format if it is another.')
  }
}

function usersIn(value: unknown): readonly unknown[] {
  const list = Array.isArray(value) ? value : [value]
  return list.flatMap((item) => {
    const users = item?.users
    return Array.isArray(users) ? users : [item]
  })
}

/** Without the byte order mark that some programs begin a file with. */
async function* withoutMark(chunks: Chunks): AsyncGenerator<string> {
  let first = true
  for await (const chunk of chunks) {
    yield first && chunk.startsWith('\ufeff') ? chunk.slice(1) : chunk
    first = false
  }
}
