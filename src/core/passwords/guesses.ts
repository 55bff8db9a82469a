/** What an estimate says of a password. */
export interface Estimate {
  /** Guesses that it withstands, as a power of ten. */
  readonly guessesLog10: number
  /** The parts of the password that are easy to guess, in their order. */
  readonly weakParts: readonly WeakPart[]
}

/** A part of a password, by its place: what it is, is not repeated. */
export interface WeakPart {
  /** The first and the last character, counted from 1. */
  readonly from: number
  readonly to: number
  readonly kind: string
}

interface Match {
  readonly pattern: string
  readonly i: number
  readonly j: number
  readonly dictionaryName?: string
}

interface Estimator {
  check(
    password: string,
    userInputs?: string[],
  ): { readonly guessesLog10: number; readonly sequence: readonly Match[] }
}

let estimator: Promise<Estimator> | undefined

// Loaded when the first password is judged: the dictionaries take time and memory, which a process
// that only verifies tokens need not pay.
async function loadEstimator(): Promise<Estimator> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ])
  // Of the ways to read digits and signs as letters it tries 100 by itself, which takes ten times as
  // long, here, where requests wait, and finds nothing more.
  return new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, l33tMaxSubstitutions: 16 })
}

/**
 * What is judged of a password, in characters: the estimate takes longer than linear time, and a
 * password that is hard to guess by its first characters is not made easier by more.
 */
const judgedLength = 40
/** Signs that people put between words. zxcvbn would take `alice-` for six characters to be found out. */
const joints = [' ', '-', '_', '.']

/**
 * Returns how many guesses a password withstands by zxcvbn's count, as it is typed.
 *
 * @param words Names and words that an attacker knows to try, such as the username.
 */
export async function estimateGuesses(
  password: string,
  words: readonly string[],
): Promise<Estimate> {
  estimator ??= loadEstimator()
  const parts = words.flatMap((word) => [word, ...word.split(/[^\p{L}\p{N}]+/u)])
  const known = [...new Set(parts)].filter((part) => part.length > 2)
  const joined = known.flatMap((word) => joints.flatMap((sign) => [word + sign, sign + word]))
  const judged = password.slice(0, judgedLength)
  const { guessesLog10, sequence } = (await estimator).check(judged, [...known, ...joined])
  return { guessesLog10, weakParts: sequence.flatMap(describe) }
}

const kinds: Readonly<Record<string, string>> = {
  repeat: 'a repeat',
  sequence: 'a row of characters',
  spatial: 'a row of keys',
  date: 'a date',
  regex: 'a year',
}

function describe({ pattern, i, j, dictionaryName }: Match): readonly WeakPart[] {
  const kind = pattern === 'dictionary' ? dictionaryKind(dictionaryName) : kinds[pattern]
  return kind === undefined ? [] : [{ from: i + 1, to: j + 1, kind }]
}

function dictionaryKind(name: string | undefined): string {
  if (name === 'userInputs') return 'the username or a name of this site'
  return name?.startsWith('passwords') ? 'a common password' : 'a common word'
}
