import { ConfigError } from '../errors.ts'

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

/** What other secrets of ours begin with; and `ey` and `ew`, with which JSON in base64url does. */
const taken = /^(?:ey|ew)|^(?:pot|prt|pbs|pac)$/

/** @throws {ConfigError} with every problem of the options. */
export function readApiKeyOptions(given: ApiKeyOptions | true): Required<ApiKeyOptions> {
  const options = given === true ? {} : given
  const { prefix = 'pcat', maxLifetime = longestLifetime } = options
  const { defaultLifetime = Math.min(90 * day, maxLifetime) } = options
  const problems: string[] = []
  if (!/^[a-z][a-z\d]{2,19}$/.test(prefix) || taken.test(prefix)) {
    problems.push(
      'apiKeys.prefix must be a letter and 2 to 19 more small letters or digits, and begin neither as a JWT does (ey, ew) nor be pot, prt, pbs or pac.',
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

function isLifetime(seconds: number, most: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= shortestLifetime && seconds <= most
}
