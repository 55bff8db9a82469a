import { CommandFailure } from '../exit-code.ts'
import { readCsv } from './csv.ts'
import { readJsonLines } from './json-lines.ts'
import { type Chunks, type FileEntry, parseJson, toEntry } from './records.ts'

/** How a file is written. */
export const formats = ['jsonl', 'csv', 'json'] as const
export type Format = (typeof formats)[number]

/**
 * How a file of this name is written. Exports of JSON lines are often called `.json`, so the beginning
 * of one decides.
 */
export function formatOf(path: string, beginning: string): Format {
  if (/\.[ct]sv$/i.test(path)) return 'csv'
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
 * counted instead. `columns` are those of CSV without a line that names them.
 */
export async function* readEntries(
  chunks: Chunks,
  format: Format,
  columns?: readonly string[],
): AsyncGenerator<FileEntry> {
  const entries =
    format === 'csv'
      ? readCsv(chunks, columns)
      : format === 'jsonl'
        ? readJsonLines(chunks)
        : readWhole(chunks)
  for await (const entry of entries) yield isDecoded(entry) ? entry : notUtf8(entry)
}

/** False if a text has the sign that stands for bytes which are not of its encoding. */
function isDecoded({ record }: FileEntry): boolean {
  return !Object.values(record ?? {}).some(
    (value) => typeof value === 'string' && value.includes('\ufffd'),
  )
}

function notUtf8({ line }: FileEntry): FileEntry {
  return { line, problem: 'This is not UTF-8: save the file as UTF-8, and import it again.' }
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
    return parseJson(text)
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
