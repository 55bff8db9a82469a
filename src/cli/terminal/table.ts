/** Lays out rows, of which the first is the heading, in columns. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A text without what a terminal obeys. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
}

/** A text of so many characters at most, without what a terminal obeys. */
export function short(text: string, length: number): string {
  const said = plain(text)
  return said.length > length ? `${said.slice(0, length - 1)}…` : said
}

/** An instant for people, such as `2027-01-15T08:00:00Z`. */
export function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
