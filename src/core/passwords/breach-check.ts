import { ConfigError } from '../errors.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Shape } from '../options.ts'
import { createFileLookup } from './breach-file.ts'
import { type BreachLookup, BreachLookupError } from './breach-lookup.ts'
import { createRangeLookup, pwnedPasswordsUrl } from './breach-range.ts'

/**
 * Where stolen passwords are looked up: `'online'` asks Have I Been Pwned; `url` is another server with
 * its range API, to which five characters of a SHA-1 are added; `file` is its list on this machine. A
 * function of your own returns true for a password that is to be refused.
 */
export type BreachedPasswords =
  | 'online'
  | { readonly url: string }
  | { readonly file: string }
  | ((password: string) => MaybePromise<boolean>)

/** Milliseconds after which a password counts as not breached. */
export const breachCheckLimit = 2000

/** What the option has to be. What is in the object is judged when it is used. */
export const breachedShape: Shape = {
  words: "'online', { url: '…' }, { file: '…' } or a function",
  accepts: (value) => {
    if (value === 'online' || typeof value === 'function') return true
    const [entry, ...others] = Object.entries(Object(value))
    return (
      others.length === 0 && /^(url|file)$/.test(entry?.[0] ?? '') && typeof entry?.[1] === 'string'
    )
  },
}

/** Makes the look-up that an option names. @throws {ConfigError} if it cannot be used. */
export function createBreachLookup(source: BreachedPasswords): BreachLookup {
  if (!breachedShape.accepts(source)) {
    throw new ConfigError([`The breached passwords must be ${breachedShape.words}.`])
  }
  if (source === 'online') return createRangeLookup(pwnedPasswordsUrl)
  if (typeof source === 'function') return ownLookup(source)
  return 'url' in source ? createRangeLookup(source.url) : createFileLookup(source.file)
}

/** A function of the application. What it throws may hold the password, so it is not repeated. */
function ownLookup(isBreached: (password: string) => MaybePromise<boolean>): BreachLookup {
  return async (password) => {
    let answer: unknown
    try {
      answer = await isBreached(password)
    } catch {
      throw new BreachLookupError('The function passwordPolicy.breached has failed.')
    }
    // One that forgot its return would let every password pass, and nobody would know.
    if (typeof answer === 'boolean') return answer
    throw new BreachLookupError('The function passwordPolicy.breached must return true or false.')
  }
}

/**
 * Returns a function that says whether a password is in the list. If that cannot be told, or not within
 * the limit, it says no and tells why: a new password must not depend on the service of others.
 *
 * @param onFailure Told why, in a sentence without a part of the password. It is awaited.
 * @param limit Milliseconds. Default 2000.
 */
export function createBreachCheck(
  lookUp: BreachLookup,
  onFailure: (reason: string) => unknown,
  limit: number = breachCheckLimit,
): (password: string) => Promise<boolean> {
  return async (password) => {
    const ending = new AbortController()
    const late = new BreachLookupError(`The list did not answer within ${limit / 1000} s.`)
    const timer = setTimeout(() => ending.abort(late), limit)
    try {
      return await Promise.race([lookUp(password, ending.signal), aborted(ending.signal)])
    } catch (error) {
      const cause = ending.signal.aborted ? late : error
      // What else it says may hold the password.
      const isKnown = cause instanceof BreachLookupError
      await onFailure(isKnown ? cause.message : 'The list could not be used.')
      return false
    } finally {
      clearTimeout(timer)
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
