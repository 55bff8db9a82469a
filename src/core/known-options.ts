/** The names of an options type; the compiler sees to it that none is missing. */
export function namesOf<T>(
  names: { readonly [Name in keyof Required<T>]: true },
): readonly string[] {
  return Object.keys(names)
}

/**
 * One sentence for each option that is not known, with the nearest known name. JavaScript ignores a
 * misspelt option, so a limit that was meant to hold would not.
 */
export function unknownOptionProblems(
  options: object,
  known: readonly string[],
  of: string,
): string[] {
  return Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = nearestName(name, known)
      const hint = near === null ? `The options are: ${known.join(', ')}.` : `Did you mean ${near}?`
      return `${of} has no option ${JSON.stringify(name)}. ${hint}`
    })
}

/** The known name with the fewest edits to this one; null if each needs more than a third of its length. */
function nearestName(name: string, known: readonly string[]): string | null {
  const ranked = known
    .map((each) => ({ each, edits: editDistance(name.toLowerCase(), each.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)
  const [best] = ranked
  return best && best.edits <= Math.max(2, best.each.length / 3) ? best.each : null
}

/** The least number of letters to insert, delete or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
