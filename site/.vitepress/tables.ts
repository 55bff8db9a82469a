import type { MarkdownRenderer } from 'vitepress'

type Token = ReturnType<MarkdownRenderer['parse']>[number]

/** In pixels: a character of a cell, the padding of a cell, and the room on a phone and beside the outline. */
const [character, padding, phone, column] = [8, 26, 312, 624]

/** Words above this many characters are broken. */
const longestWord = 24

interface Cell {
  readonly token: Token
  readonly text: string
}

/**
 * Prepares the tables for a narrow screen.
 *
 * A table whose columns do not fit there, even with a line for each word, is put into a box. Its cells know the head
 * of their column, so the style sheet can make a row a list.
 */
export function fitTables(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('fit-tables', (state) => {
    const fitted: Token[] = []
    let [begin, columns]: [number, Cell[][]] = [0, []]
    let place = 0
    for (const [index, token] of state.tokens.entries()) {
      fitted.push(token)
      if (token.type === 'table_open') [begin, columns] = [fitted.length - 1, []]
      else if (token.type === 'tr_open') place = 0
      else if (token.type === 'th_open' || token.type === 'td_open') {
        columns[place] = [
          ...(columns[place] ?? []),
          { token, text: textOf(state.tokens[index + 1]) },
        ]
        place += 1
      } else if (token.type === 'table_close') {
        const box = boxOf(columns)
        if (!box) continue
        const [open, close] = [box, '</div>'].map((content) =>
          Object.assign(new state.Token('html_block', '', 0), { content }),
        )
        fitted.splice(begin, 0, open as Token)
        fitted.push(close as Token)
      }
    }
    state.tokens = fitted
  })
}

/** The text that a reader sees of a cell. */
function textOf(inline: Token | undefined): string {
  return (inline?.children ?? []).map(({ content }) => content || ' ').join('')
}

/** Gives each column room for its longest word, and the box that the table needs for it, if any. */
function boxOf(columns: readonly Cell[][]): string | undefined {
  let least = 0
  for (const [head, ...cells] of columns) {
    const words = [head, ...cells].flatMap((cell) => cell?.text.split(/\s+/) ?? [])
    const width =
      Math.min(longestWord, Math.max(...words.map(({ length }) => length))) * character + padding
    least += width
    for (const { token } of head ? [head, ...cells] : cells) {
      token.attrJoin('style', `min-width:${width}px;`)
      if (head?.text.trim()) token.attrSet('data-label', head.text)
    }
  }
  if (least <= phone) return undefined
  return least <= column ? '<div class="table">' : '<div class="table wide">'
}
