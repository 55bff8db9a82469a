import { ConfigError } from './errors.ts'

/** Longest password, in bytes of UTF-8. Enough for any passphrase, too little for an attack. */
export const passwordMaxBytes = 1024

export interface PasswordPolicyOptions {
  /** Code points. Default 15; 8 at least (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5 §6.2.1). */
  readonly minLength?: number
  /** Words that make a password easy to guess here, such as the name of the service. */
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

/** @throws {ConfigError} if the minimum length is not from 8 to 64. */
export function createPasswordPolicy(options: PasswordPolicyOptions = {}): PasswordPolicy {
  const { minLength = 15, contextWords = [] } = options
  if (!Number.isSafeInteger(minLength) || minLength < 8 || minLength > 64) {
    throw new ConfigError(['The minimum password length must be a whole number from 8 to 64.'])
  }

  // zxcvbn calls 10^8 guesses "safely unguessable", and puts n random characters at 10^n at most: where
  // 8 characters are enough, 8 random ones must do.
  const leastGuesses = Math.min(8, minLength - 1)

  return {
    minLength,
    async problemsOf(password, username) {
      if (Buffer.byteLength(password) > passwordMaxBytes) {
        return [`The password must have at most ${passwordMaxBytes} bytes.`]
      }
      const normalized = password.normalize('NFC')
      const problems: string[] = []
      if ([...normalized].length < minLength) {
        problems.push(`The password must have at least ${minLength} characters.`)
      }
      if (/[\0\r\n]/.test(normalized)) {
        problems.push('The password must not contain a line break or a NUL character.')
      }
      const folded = normalized.toLowerCase()
      if (username !== '' && folded === username) {
        problems.push('The password must not be the username.')
      } else if ((await guessesLog10(folded, [username, ...contextWords])) < leastGuesses) {
        problems.push(
          'The password is easy to guess: it is a common password, or made of the username, repeats, rows of keys or dates; a few unrelated words are better.',
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
  return new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
}

/** How many guesses a password withstands, as a power of ten. */
async function guessesLog10(password: string, words: readonly string[]): Promise<number> {
  estimator ??= loadEstimator()
  // The estimate takes longer than linear time, here, where requests wait; and a password that is hard
  // to guess by its first characters is not made easier by more.
  return (await estimator).check(password.slice(0, 50), [...words]).guessesLog10
}
