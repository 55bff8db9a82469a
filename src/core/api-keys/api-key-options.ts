import { ConfigError } from '../errors.ts'
import { defaultApiKeyPrefix, secretPrefixes } from '../keys/secret-prefixes.ts'

/** API keys of users. */
export interface ApiKeyOptions {
  /**
   * What keys begin with, before `_`: small letters and digits, 3 to 20. A key with another prefix is none:
   * a new one ends all keys before. Default `pcat`.
   */
  readonly prefix?: string
  /** Seconds that a key lives at most. Default 31622400 (366 days), and not more. */
  readonly maxLifetime?: number
  /** Seconds that a key lives if its maker does not say. Default 7776000 (90 days), or `maxLifetime`. */
  readonly defaultLifetime?: number
}

const day = 24 * 60 * 60
const longestLifetime = 366 * day

/** What JSON in base64url begins with. */
const jsonStart = /^(?:ey|ew)/

/** @throws {ConfigError} with every problem of the options. */
export function readApiKeyOptions(given: ApiKeyOptions | true): Required<ApiKeyOptions> {
  const options = given === true ? {} : given
  const { prefix = defaultApiKeyPrefix, maxLifetime = longestLifetime } = options
  const { defaultLifetime = Math.min(90 * day, maxLifetime) } = options
  const problems: string[] = []
  const isTaken = jsonStart.test(prefix) || secretPrefixes.includes(prefix)
  if (!/^[a-z][a-z\d]{2,19}$/.test(prefix) || isTaken) {
    problems.push(
      `apiKeys.prefix must be a letter and 2 to 19 more small letters or digits, and neither begin as a JWT does (ey, ew) nor be one of ${secretPrefixes.join(', ')}.`,
    )
  }
  if (!isLifetime(maxLifetime, longestLifetime)) {
    problems.push(`apiKeys.maxLifetime must be whole seconds from 60 to ${longestLifetime}.`)
  } else if (!isLifetime(defaultLifetime, maxLifetime)) {
    problems.push('apiKeys.defaultLifetime must be whole seconds from 60 to maxLifetime.')
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { prefix, maxLifetime, defaultLifetime }
}

/** Seconds that a key lives at least. */
export const shortestLifetime: number = 60

/** True for whole seconds that a key may live, `most` at most. */
export function isLifetime(seconds: number, most: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= shortestLifetime && seconds <= most
}
