/** One entry of a file, before its content is checked. */
export type FileEntry = { readonly line: number } & (
  | { readonly record: Readonly<Record<string, unknown>>; readonly problem?: never }
  | { readonly problem: string; readonly record?: never }
)

/** Text, as it comes. */
export type Chunks = AsyncIterable<string>

/** No entry is longer than so many characters: a file without line ends must not fill the memory. */
export const maxEntryLength: number = 1024 * 1024

/** An entry of a value that was read as JSON. */
export function toEntry(line: number, value: unknown): FileEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { line, record: value as Record<string, unknown> }
    : { line, problem: 'This is no JSON object.' }
}

/** Where a number may be that is written in another way than JavaScript would write it. */
const unusualNumber = /[\s:,[]-?(?:\d{16}|\d{1,15}[.eE])/

/**
 * The value of a JSON text. A number that JavaScript would write in another way, such as one of 17
 * digits, is kept as text: rounded, it would name another user.
 */
export function parseJson(text: string): unknown {
  // To look at each number takes five times as long.
  return unusualNumber.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined && String(value) !== source
    ? source
    : value
}
