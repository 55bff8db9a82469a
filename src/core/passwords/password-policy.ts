import { ConfigError } from '../errors.ts'
import { attempt } from '../options.ts'
import { type BreachedPasswords, createBreachCheck, createBreachLookup } from './breach-check.ts'
import type { BreachLookup } from './breach-lookup.ts'
import { estimateGuesses, type WeakPart } from './guesses.ts'
import { isSamplePassword, lettersOf } from './sample-passwords.ts'

/** Longest password, in bytes of UTF-8. Enough for any passphrase, too little for an attack. */
export const passwordMaxBytes = 1024

/** What makes a new password acceptable. */
export interface PasswordPolicyOptions {
  /** Code points. Default 15; 8 at least (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5 §6.2.1). */
  readonly minLength?: number
  /**
   * Words that make a password easy to guess here, such as the name of the service. Default none;
   * `createAuth` adds the host of its issuer.
   */
  readonly contextWords?: readonly string[]
  /**
   * Refuses the passwords that the documents of Portcullis print. Default false; the ready server sets
   * it.
   */
  readonly refuseSamples?: boolean
  /**
   * Refuses passwords that were stolen somewhere. The list has 2 seconds; without an answer the password
   * passes, and the event `breach_check_failed` says so (OWASP ASVS 5 §6.2.12). Default: none are looked up.
   */
  readonly breached?: BreachedPasswords
}

/** Judges new passwords. Never asked about a password that logs in. */
export interface PasswordPolicy {
  /** Code points. */
  readonly minLength: number
  /**
   * Returns every reason against the password, in plain words; none if it is good. A reason says which
   * part of the password is weak by its place, and never repeats it.
   *
   * There are no rules of composition (NIST SP 800-63B-4 §3.1.1.2): length, and not easy to guess. A
   * password is hard enough to guess from 10^10 guesses on by the count of zxcvbn, which is its best score.
   * One that nothing else is against is looked up among the breached ones, if that is configured.
   */
  problemsOf(password: string, username: string): Promise<readonly string[]>
}

/** True if no password is so long. Counted as it is hashed: composed (NFC). */
export function isTooLong(password: string): boolean {
  // Composing leaves at least a third of the bytes, so a text that is far too long need not be composed.
  if (Buffer.byteLength(password) > 4 * passwordMaxBytes) return true
  return Buffer.byteLength(password.normalize('NFC')) > passwordMaxBytes
}

/**
 * What the options say, as far as they can be wrong.
 *
 * @throws {ConfigError} if the minimum length is not from 8 to 64, or the breached passwords cannot be used.
 */
export function checkPolicyOptions({ minLength = 15, breached }: PasswordPolicyOptions): {
  readonly minLength: number
  /** Undefined if no password is looked up. */
  readonly lookUp: BreachLookup | undefined
} {
  const problems: string[] = []
  if (!Number.isSafeInteger(minLength) || minLength < 8 || minLength > 64) {
    problems.push('The minimum password length must be a whole number from 8 to 64.')
  }
  const lookUp = attempt(problems, () => breached && createBreachLookup(breached))
  if (problems.length > 0) throw new ConfigError(problems)
  return { minLength, lookUp }
}

/**
 * Returns a policy for new passwords.
 *
 * @param onBreachCheckFailure Told why a password was not looked up among the breached ones. It is awaited.
 * @throws {ConfigError} see `checkPolicyOptions`.
 */
export function createPasswordPolicy(
  options: PasswordPolicyOptions = {},
  onBreachCheckFailure: (reason: string) => unknown = () => undefined,
): PasswordPolicy {
  const { contextWords = [], refuseSamples = false } = options
  const { minLength, lookUp } = checkPolicyOptions(options)
  const isBreached = lookUp ? createBreachCheck(lookUp, onBreachCheckFailure) : () => false

  // zxcvbn puts n random characters at 10^n at most: where 8 are enough, 8 random ones must do.
  const leastGuesses = Math.min(10, minLength - 1)
  const words = contextWords.map((word) => word.normalize('NFC'))

  return {
    minLength,
    async problemsOf(password, username) {
      const problems: string[] = []
      if (isTooLong(password)) {
        problems.push(`The password must have at most ${passwordMaxBytes} bytes.`)
      }
      // However long it is, the rest takes no longer.
      const normalized = password.slice(0, 4 * passwordMaxBytes).normalize('NFC')
      if ([...normalized].length < minLength) {
        problems.push(`The password must have at least ${minLength} characters.`)
      }
      if (/[\0\r\n]/.test(password)) {
        problems.push('The password must not contain a line break or a NUL character.')
      }
      if (username !== '' && normalized.toLowerCase() === username) {
        problems.push('The password must not be the username.')
        return problems
      }
      if (refuseSamples && isSamplePassword(normalized)) {
        problems.push('The password is printed in the documents: choose one of your own.')
      } else if (famous.includes(lettersOf(normalized))) {
        problems.push(`The password is easy to guess: everybody knows the phrase. ${advice}`)
      } else {
        const { guessesLog10, weakParts } = await estimateGuesses(normalized, [username, ...words])
        if (guessesLog10 < leastGuesses) problems.push(explain(weakParts))
      }
      // Nothing of a password that is refused anyway leaves the process.
      if (problems.length === 0 && (await isBreached(normalized))) {
        problems.push('The password is in a list of stolen passwords: choose another one.')
      }
      return problems
    },
  }
}

/** In no dictionary of passwords that is short enough, and known to everybody. */
const famous = ['correcthorsebatterystaple']

const advice = 'Four or more unrelated words are better.'

function explain(parts: readonly WeakPart[]): string {
  if (parts.length === 0) return `The password is easy to guess: it is too short. ${advice}`
  const said = parts.map(({ from, to, kind }) =>
    from === to ? `character ${from} is ${kind}` : `characters ${from} to ${to} are ${kind}`,
  )
  return `The password is easy to guess: ${said.join(', ')}. ${advice}`
}
