import { createHmac } from 'node:crypto'
import { ConfigError } from '../errors.ts'
import { secretProblems } from '../keys/signing-key.ts'

/** A key that password hashes are made with, kept apart from them (RFC 9106 §3.1: the secret value K). */
export interface Pepper {
  /** Names the key where its hashes are stored. Tells nothing of the key. */
  readonly id: string
  readonly key: Uint8Array
}

/** The pepper of new hashes, and former peppers. */
export interface PepperOptions {
  /**
   * New password hashes are made with the password and the bytes of this text, at least 32. Without it
   * an attacker cannot try passwords against a stolen database. Hashes without it verify, and are replaced
   * after a good login. If it is lost, so is every password under it. Default: none.
   */
  readonly pepper?: string
  /** Former peppers. Their hashes still verify, and are replaced after a good login. Default none. */
  readonly previousPeppers?: readonly string[]
}

/** The peppers that are known here. */
export interface Peppers {
  /** That of new hashes; undefined if they have none. */
  readonly current: Pepper | undefined
  /** The pepper of an id; undefined if it is not known. */
  find(id: string): Pepper | undefined
}

/** Every reason against the peppers; call it before `readPeppers`. */
export function pepperProblems({ pepper, previousPeppers = [] }: PepperOptions): string[] {
  const current = pepper === undefined ? [] : secretProblems(pepper)
  return [
    ...current.map((reason) => `The pepper ${reason}.`),
    ...previousPeppers.flatMap(secretProblems).map((reason) => `A previous pepper ${reason}.`),
  ]
}

/** Does not check how strong the peppers are. */
export function readPeppers({ pepper, previousPeppers = [] }: PepperOptions = {}): Peppers {
  const current = pepper === undefined ? undefined : createPepper(pepper)
  const all = [...(current ? [current] : []), ...previousPeppers.map(createPepper)]
  const byId = new Map(all.map((each) => [each.id, each]))
  return { current, find: (id) => byId.get(id) }
}

/** The pepper of the bytes of this text. Does not check how strong it is. */
export function createPepper(text: string): Pepper {
  // The id is derived from the key. So an operator need not name keys, and no other key is taken for this
  // one. 6 bytes, since the keyid of a PHC string has at most 8 and these need no padding.
  const key = new TextEncoder().encode(text)
  const digest = createHmac('sha256', key).update('portcullis pepper').digest()
  return { id: digest.subarray(0, 6).toString('base64'), key }
}

/**
 * Makes sure that the peppers of these ids, those of stored hashes, are known.
 *
 * @throws {ConfigError} with a sentence for each pepper that is missing.
 */
export function requirePeppers(ids: readonly string[], peppers: Peppers): void {
  const missing = ids.filter((id) => peppers.find(id) === undefined)
  if (missing.length > 0) throw new ConfigError(missing.map(missingPepper))
}

/** What there is to say of a pepper that hashes are stored under, and that is not known here. */
export function missingPepper(id: string): string {
  return `Password hashes are stored under the pepper ${id}, which is not configured: put it back, as the pepper or as a previous one.`
}
