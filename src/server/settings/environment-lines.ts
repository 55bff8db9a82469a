const assignment = /[ \t]*(?:export +)?[A-Za-z_][\w.-]*[ \t]*=[ \t]*/y
/** A line that assigns nothing, to its end. */
const idle = /[ \t]*(?:#.*)?(?=\r?\n|$)/y
const afterQuote = /[ \t]*(?:[ \t]#.*)?(?=\r?\n|$)/y

/** What stands in a `.env` file: its assignments, each without blanks at its end, and its mistakes. */
interface Lines {
  readonly assignments: readonly string[]
  readonly problems: readonly string[]
}

/**
 * Takes a `.env` file apart, since the parser of Node.js passes over lines, and reads some otherwise than
 * they look. Outside a value in quotes a line is blank, a comment, or `NAME=value`. A problem never says
 * what stands in the line.
 */
export function readLines(text: string, file: string): Lines {
  const bare = /\r(?!\n)/.exec(text)
  if (bare !== null) {
    const problem = `Line ${lineAt(text, bare.index)} of ${file} ends with a carriage return alone: save the file with line feeds.`
    return { assignments: [], problems: [problem] }
  }
  const assignments: string[] = []
  const problems: string[] = []
  for (let at = 0; at < text.length; ) {
    const { last, problem } = readLine(text, at)
    if (problem !== undefined) problems.push(`Line ${lineAt(text, at)} of ${file} ${problem}`)
    const feed = text.indexOf('\n', last)
    const end = feed === -1 ? text.length : feed
    if (endOf(idle, text, at) === undefined) assignments.push(text.slice(at, end).trim())
    at = end + 1
  }
  return { assignments, problems }
}

/** Returns an index in the last line of what begins at another, and what is wrong with it. */
function readLine(text: string, at: number): { last: number; problem?: string } {
  if (endOf(idle, text, at) !== undefined) return { last: at }
  const start = endOf(assignment, text, at)
  if (start === undefined) {
    return { last: at, problem: 'is no assignment: write NAME=value, or # before a comment.' }
  }
  const quote = text.charAt(start)
  if (!['"', "'", '`'].includes(quote)) return { last: start }
  const closing = text.indexOf(quote, start + 1)
  if (closing === -1) {
    return { last: start, problem: 'opens a quote that is not closed: close it, or leave it out.' }
  }
  if (endOf(afterQuote, text, closing + 1) !== undefined) return { last: closing }
  return {
    last: closing,
    problem:
      'has text after the closing quote: put the whole value in one kind of quotes, and a space before a comment.',
  }
}

/** Where a sticky pattern that begins at an index ends; undefined if it does not match there. */
function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split(/\r?\n|\r/).length
}
