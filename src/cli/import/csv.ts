import { columnsOf } from './columns.ts'
import { unguardedField } from './formula.ts'
import { type Chunks, type FileEntry, maxEntryLength } from './records.ts'

/**
 * The entries of CSV (RFC 4180) whose first line names the columns; an empty field is as if it were
 * not there. Lines end with CR, LF or both. The first line decides what is between its fields: commas,
 * semicolons or tabs. Strict: a quote stands around a whole field or is doubled inside one. What is wrong
 * ends with its line, and the next is read.
 *
 * `given` are the columns of a file without that line, in which what comes behind them is not read.
 *
 * @throws {CommandFailure} if the first line names no column for the username.
 */
export async function* readCsv(
  chunks: Chunks,
  given?: readonly string[],
): AsyncGenerator<FileEntry> {
  let columns = given
  for await (const { line, fields, problem } of readRows(chunks)) {
    if (fields === undefined) {
      yield { line, problem }
    } else if (columns === undefined) {
      columns = columnsOf(fields)
    } else if (given === undefined && fields.length !== columns.length) {
      const problem = `The line has ${fields.length} fields, and the first line names ${columns.length}.`
      yield { line, problem }
    } else {
      const record: Record<string, string> = Object.create(null)
      for (const [index, name] of columns.entries()) {
        const field = fields[index]
        if (field) record[name] = unguardedField(field)
      }
      yield { line, record }
    }
  }
}

type Row = { readonly line: number } & (
  | { readonly fields: readonly string[]; readonly problem?: never }
  | { readonly problem: string; readonly fields?: never }
)

/** Where the reader is. `closing` is after a quote that ends a field, or is the first of two. */
type State = 'start' | 'plain' | 'quoted' | 'closing' | 'lost'

async function* readRows(chunks: Chunks): AsyncGenerator<Row> {
  // Widened, since it is also set inside functions.
  let state = 'start' as State
  let field = ''
  let fields: string[] = []
  let line = 1
  let firstLine = 1
  let length = 0
  let problem = ''
  let delimiter: string | undefined
  let isAfterReturn = false

  function lose(why: string): void {
    state = 'lost'
    problem = why
  }

  function endField(): void {
    fields.push(field)
    field = ''
    state = 'start'
  }

  function endRow(): Row | undefined {
    const isEmpty = fields.length === 0 && field === '' && state === 'start'
    const lost = state === 'lost'
    endField()
    const row = lost ? { line: firstLine, problem } : { line: firstLine, fields }
    fields = []
    length = 0
    firstLine = line
    delimiter ??= ','
    return isEmpty ? undefined : row
  }

  for await (const chunk of chunks) {
    for (let index = 0; index < chunk.length; ) {
      // A run of characters that mean nothing in this state is taken at once.
      const end = endOfRun(chunk, index, state, delimiter)
      if (end > index) {
        isAfterReturn = false
        if (state === 'start') state = 'plain'
        if (state === 'closing') lose('A quote must end its field, or be doubled inside it.')
        length += end - index
        if (length > maxEntryLength) lose(`The line is longer than ${maxEntryLength} characters.`)
        if (state === 'plain' || state === 'quoted') field += chunk.slice(index, end)
        index = end
        continue
      }
      const sign = chunk[index++]
      // CR LF is one end of a line.
      const isSecond = sign === '\n' && isAfterReturn
      isAfterReturn = sign === '\r'
      const isEnd = sign === '\n' || isAfterReturn
      if (isEnd && !isSecond) line++
      if (sign === '"') {
        if (state === 'start') state = 'quoted'
        else if (state === 'quoted') state = 'closing'
        else if (state === 'closing') {
          field += '"'
          state = 'quoted'
        } else if (state === 'plain') lose('A field with a quote must be quoted as a whole.')
      } else if (state === 'quoted') {
        field += sign
      } else if (isEnd) {
        const row = isSecond ? undefined : endRow()
        if (row !== undefined) yield row
      } else if (state !== 'lost') {
        delimiter ??= sign
        endField()
      }
    }
  }
  if (state === 'quoted') lose('The file ends inside a quoted field.')
  const row = endRow()
  if (row !== undefined) yield row
}

/** How far the signs reach that have no meaning. */
function endOfRun(
  chunk: string,
  from: number,
  state: State,
  delimiter: string | undefined,
): number {
  if (state === 'quoted') return indexOrEnd(chunk, /["\n\r]/g, from)
  if (state === 'lost') return indexOrEnd(chunk, /[\n\r]/g, from)
  if (delimiter === ';') return indexOrEnd(chunk, /[";\n\r]/g, from)
  if (delimiter === '\t') return indexOrEnd(chunk, /["\t\n\r]/g, from)
  return indexOrEnd(chunk, delimiter === ',' ? /[",\n\r]/g : /[",;\t\n\r]/g, from)
}

function indexOrEnd(chunk: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(chunk)?.index ?? chunk.length
}
