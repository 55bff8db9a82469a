/**
 * The name that a word is a misspelling of: the one with the fewest mistakes, if it has no more than
 * `allowed(name)`. Null if there is none. Letters are compared as they are written.
 */
export function nearestName(
  word: string,
  names: readonly string[],
  allowed: (name: string) => number,
): string | null {
  const [nearest] = names
    .map((name) => ({ name, mistakes: mistakesBetween(word, name, allowed(name)) }))
    .filter(({ name, mistakes }) => mistakes <= allowed(name))
    .sort((a, b) => a.mistakes - b.mistakes)
  return nearest?.name ?? null
}

/** `TRUSTED_PROXY` and `TRUSTED_PROXIES` differ by one mistake, however many letters that is. */
function mistakesBetween(word: string, name: string, most: number): number {
  return Math.min(distance(word, name, most), distance(singular(word), singular(name), most))
}

function singular(name: string): string {
  return name.replace(/ies$/, 'y').replace(/IES$/, 'Y').replace(/s$/i, '')
}

/**
 * Letters to insert, delete, replace or exchange with their neighbour (Damerau and Levenshtein); infinite as
 * soon as there are more than `most`. A server compares its environment with all settings when it starts.
 */
function distance(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) > most) return Number.POSITIVE_INFINITY
  let [beforeLast, last]: [number[], number[]] = [
    [],
    Array.from({ length: to.length + 1 }, (_, i) => i),
  ]
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1]
      const isExchange = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isExchange ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    // What follows is made of these two rows, and mistakes become no fewer.
    if (Math.min(...row, ...last) > most) return Number.POSITIVE_INFINITY
    beforeLast = last
    last = row
  }
  return last[to.length] ?? 0
}
