import { ConfigError } from '../errors.ts'

/** Longest password, in bytes of UTF-8. Enough for any passphrase, too little for an attack. */
export const passwordMaxBytes = 1024

/** What makes a new password acceptable. */
export interface PasswordPolicyOptions {
  /** Code points. Default 15; 8 at least (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5 §6.2.1). */
  readonly minLength?: number
  /** Words that make a password easy to guess here, such as the name of the service. Default none. */
  readonly contextWords?: readonly string[]
}

/** Judges new passwords. Never asked about a password that logs in. */
export interface PasswordPolicy {
  /** Code points. */
  readonly minLength: number
  /**
   * Returns every reason against the password, in plain words; none if it is good.
   *
   * There are no rules of composition (NIST SP 800-63B-4 §3.1.1.2): length, and not easy to guess.
   */
  problemsOf(password: string, username: string): Promise<readonly string[]>
}

/**
 * Returns a policy for new passwords.
 *
 * @throws {ConfigError} if the minimum length is not from 8 to 64.
 */
export function createPasswordPolicy(options: PasswordPolicyOptions = {}): PasswordPolicy {
  const { minLength = 15, contextWords = [] } = options
  if (!Number.isSafeInteger(minLength) || minLength < 8 || minLength > 64) {
    throw new ConfigError(['The minimum password length must be a whole number from 8 to 64.'])
  }

  // Four words drawn from a list of 7776 are 10^12 guesses and more, by zxcvbn's count too; what people
  // make up from fewer, or from names and phrases, is less. It puts n random characters at 10^n at most:
  // where 8 characters are enough, 8 random ones must do.
  const leastGuesses = Math.min(12, minLength - 1)

  return {
    minLength,
    async problemsOf(password, username) {
      const problems: string[] = []
      if (Buffer.byteLength(password) > passwordMaxBytes) {
        problems.push(`The password must have at most ${passwordMaxBytes} bytes.`)
      }
      // However long it is, the rest takes no longer.
      const normalized = password.slice(0, passwordMaxBytes).normalize('NFC')
      if ([...normalized].length < minLength) {
        problems.push(`The password must have at least ${minLength} characters.`)
      }
      if (/[\0\r\n]/.test(password)) {
        problems.push('The password must not contain a line break or a NUL character.')
      }
      const folded = normalized.toLowerCase()
      if (username !== '' && folded === username) {
        problems.push('The password must not be the username.')
      } else if ((await guessesLog10(folded, [username, ...contextWords])) < leastGuesses) {
        problems.push(
          'The password is easy to guess: it is a common password or phrase, or made of the username, repeats, rows of keys or dates; four or more unrelated words are better.',
        )
      }
      return problems
    },
  }
}

type Estimator = {
  check(password: string, userInputs?: string[]): { readonly guessesLog10: number }
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

/** In no dictionary of passwords that is short enough, and known to everybody. */
const famous = ['correcthorsebatterystaple']

/** How many guesses a password withstands, as a power of ten. */
async function guessesLog10(password: string, words: readonly string[]): Promise<number> {
  estimator ??= loadEstimator()
  const parts = words.flatMap((word) => word.split(/[^\p{L}\p{N}]+/u))
  const known = [...famous, ...words, ...parts.filter((part) => part.length > 2)].map(joinWords)
  // zxcvbn takes a space within words for a thing that must be guessed; everybody's phrases have them.
  const judged = joinWords(password).slice(0, judgedLength)
  return (await estimator).check(judged, known).guessesLog10
}

/** A phrase without what stands between its words. */
function joinWords(phrase: string): string {
  return phrase.toLowerCase().replace(/[\s._-]+/gu, '')
}
