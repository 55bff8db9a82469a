import { nearestName } from '../../core/nearest-name.ts'

/** Letters of the shortest name that is looked at: others, such as `PORT`, are near to many words. */
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
      const meant = nearestSetting(variable.toUpperCase(), missing)
      return meant === null
        ? []
        : [`${variable} is no setting: ${meant} is meant, or unset it if it is another program's.`]
    })
}

/** The setting that differs from a word by so few letters that it is meant; null if none does. */
export function nearestSetting(word: string, names: readonly string[]): string | null {
  if (word.length < shortest) return null
  const longEnough = names.filter((name) => name.length >= shortest)
  return nearestName(word, longEnough, (name) => (name.length < 9 ? 1 : 2))
}
