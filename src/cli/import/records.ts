/** One entry of a file, before anybody has looked at what is in it. */
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
