import type { AskForFactor } from './second-factor.ts'
import type { StepUpRequest } from './step-up.ts'
import type { TokenStorage } from './token-storage.ts'

/** What `createClient` takes. */
export interface ClientOptions {
  /** The URL of the server, with the path that it is mounted at, if any. */
  readonly url: string | URL
  /** Where the tokens are kept. Default `memoryStorage()`. */
  readonly storage?: TokenStorage
  /** A registered public client. Default: none is named, as the first-party client. */
  readonly clientId?: string
  /** More origins whose requests get the token, such as `https://api.example.com`. Default none. */
  readonly origins?: readonly string[]
  /** What sends requests. Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch
  /**
   * Asked when a request needs a recent login (RFC 9470). Ask the user for the password and call `stepUp`:
   * when this settles, the request is sent once more. Where it did not step up, the answer is the server's
   * 401. Requests that need it at the same time ask once. Default: nobody is asked.
   */
  readonly onStepUp?: (request: StepUpRequest) => Promise<void> | void
  /**
   * Asked by `login` for the second factor of a user who has one: once, and again after one that is not right.
   * Null gives the login up. Default: nobody is asked, and `login` rejects with `second_factor_needed`.
   */
  readonly onSecondFactor?: AskForFactor
}

/** The options of `login`. */
export interface LoginOptions {
  /** Permissions to ask for, with spaces between. Default: all that the role grants. */
  readonly scope?: string
}

/** Where a relative URL begins: the page, in a browser. */
export const page = (): string | undefined => globalThis.location?.href

const optionNames: Readonly<Record<keyof ClientOptions, true>> = {
  url: true,
  storage: true,
  clientId: true,
  origins: true,
  fetch: true,
  onStepUp: true,
  onSecondFactor: true,
}

/** Every option of `login`. */
export const loginOptionNames: Readonly<Record<keyof LoginOptions, true>> = { scope: true }

// What is asked of an option that is not given.
const noFetch = (): void => {}
const noStorage = { read: noFetch, write: noFetch }

/** A misspelt option would be ignored, and a login that asks for less would get all. */
export function refuseUnknown(of: string, given: object, names: object): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name))
  if (unknown === undefined) return
  const known = Object.keys(names).join(', ')
  throw new TypeError(`${of} has no option ${unknown}. The options are: ${known}.`)
}

/** @throws {TypeError} for an option that is not known, or cannot be used. */
export function checkOptions(options: unknown): void {
  const given = Object(options) as Record<string, unknown>
  const { url, origins = [], clientId = '', fetch = noFetch, storage = noStorage } = given
  const { onStepUp = noFetch, onSecondFactor = noFetch } = given
  const isUrl = (value: unknown): boolean => URL.canParse(String(value), page())
  if (url === undefined || !isUrl(url)) {
    throw new TypeError(
      "createClient needs the url of the server: createClient({ url: 'https://…' }).",
    )
  }
  if (!Array.isArray(origins) || !origins.every(isUrl)) {
    throw wrong('origins', 'be a list of URLs')
  }
  if (typeof clientId !== 'string') {
    throw wrong('clientId', 'be a text')
  }
  for (const [name, each] of Object.entries({ fetch, onStepUp, onSecondFactor })) {
    if (typeof each !== 'function') throw wrong(name, 'be a function')
  }
  const { read, write } = Object(storage) as Record<string, unknown>
  if (typeof read !== 'function' || typeof write !== 'function') {
    throw wrong('storage', 'have read and write')
  }
  refuseUnknown('createClient', given, optionNames)
}

const wrong = (name: string, must: string): TypeError =>
  new TypeError(`The option ${name} of createClient must ${must}.`)
