/** Letters of the shortest name that is looked at: others, such as `POST`, are words of their own. */
const shortest = 6

/**
 * Says which variables look like a misspelt name, and which name that is. A variable is judged only if
 * the name that it resembles is not set, since other programs have variables of their own.
 */
export function misspellings(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): readonly string[] {
  const missing = names.filter((name) => !environment[name])
  return Object.keys(environment)
    .filter((variable) => environment[variable] && !names.includes(variable))
    .flatMap((variable) => {
      const meant = nearestName(variable.toUpperCase(), missing)
      return meant === undefined
        ? []
        : [`${variable} is no setting: ${meant} is meant, or unset it if it is another program's.`]
    })
}

/** The name that differs from a word by so few letters that it is meant; undefined if none does. */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const near = names
    .filter((name) => Math.min(name.length, word.length) >= shortest)
    .map((name) => ({
      name,
      distance: Math.min(distance(word, name), distance(singular(word), singular(name))),
    }))
    .filter(({ name, distance }) => distance <= (name.length < 9 ? 1 : 2))
    .sort((a, b) => a.distance - b.distance)
  return near[0]?.name
}

/** `TRUSTED_PROXY` and `TRUSTED_PROXIES` differ by one mistake, however many letters that is. */
function singular(name: string): string {
  return name.replace(/IES$/, 'Y').replace(/S$/, '')
}

/** Letters to insert, delete, replace or exchange with their neighbour (Damerau and Levenshtein). */
function distance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 2) return Number.POSITIVE_INFINITY
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
    beforeLast = last
    last = row
  }
  return last[to.length] ?? 0
}
