import { type Chunks, type FileEntry, maxEntryLength, parseJson, toEntry } from './records.ts'

/** The entries of JSON lines. Empty lines are passed over, and count. */
export async function* readJsonLines(chunks: Chunks): AsyncGenerator<FileEntry> {
  let line = 0
  for await (const text of splitLines(chunks)) {
    line++
    if (text.length > maxEntryLength) {
      yield { line, problem: `The line is longer than ${maxEntryLength} characters.` }
    } else if (text.trim() !== '') {
      yield parseLine(line, text)
    }
  }
}

function parseLine(line: number, text: string): FileEntry {
  try {
    return toEntry(line, parseJson(text))
  } catch {
    return { line, problem: 'This is not JSON.' }
  }
}

/** Lines without their ends. Of one that is too long, so much that it can be seen to be. */
async function* splitLines(chunks: Chunks): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      yield rest + chunk.slice(from, end)
      rest = ''
      from = end + 1
    }
    if (rest.length <= maxEntryLength) rest += chunk.slice(from)
  }
  if (rest !== '') yield rest
}
