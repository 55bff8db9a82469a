import { clockTolerance } from '../clock.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { JWK, SigningKey } from './signing-key.ts'

/** The keys of an issuer: one that signs, and all that verify. They may change at any time. */
export interface KeyRing {
  /** @throws {UnavailableError} if there is none. */
  readonly current: SigningKey
  /** The key of a `kid` that verifies now, or undefined. In memory: no file, no query, no network. */
  find(id: string): SigningKey | undefined
  /** The JWK Set (RFC 7517 §5). Empty for a secret, which is never published. */
  readonly publicJwks: { readonly keys: readonly JWK[] }
  /** Loads the store's keys if they have another version than these. */
  follow(version: number): MaybePromise<void>
  /**
   * Asks the store for the version, and loads its keys if that has changed. Call it before you sign a
   * token or publish keys: neither may use a key that another process has retired.
   *
   * @throws {UnavailableError} if the store cannot answer.
   */
  update(): MaybePromise<void>
}

/**
 * Returns a ring of keys that do not change: the first signs.
 *
 * @throws {TypeError} if there is no key, or two keys have one id.
 */
export function createKeyRing(keys: readonly SigningKey[]): KeyRing {
  const [current] = keys
  const byId = new Map(keys.map((key) => [key.id, key]))
  if (!current || byId.size !== keys.length) throw new TypeError('A key ring needs distinct keys.')
  return {
    current,
    find: (id) => byId.get(id),
    publicJwks: { keys: keys.flatMap((key) => key.publicJwk ?? []) },
    follow() {},
    update() {},
  }
}

/**
 * Returns the key that signs a token now, and the instant by which the token must have ended: none outlives its
 * key, even if lifetimes were raised after the key got its end.
 *
 * @param keysVersion The version of the keys, if the store has just been asked. Default: it is asked.
 * @throws {UnavailableError} if it cannot be known which key signs.
 */
export async function signingKeyNow(
  keys: KeyRing,
  keysVersion?: number,
): Promise<{ readonly key: SigningKey; readonly endsBy: number }> {
  // No process signs with a key that another one has retired.
  await (keysVersion === undefined ? keys.update() : keys.follow(keysVersion))
  const key = keys.current
  return { key, endsBy: (key.verifiesUntil ?? Number.MAX_SAFE_INTEGER) - clockTolerance }
}

/** The key of a `kid` that verifies now. Asks the store for one that is not known here. */
export async function findOrUpdate(keys: KeyRing, id: string): Promise<SigningKey | undefined> {
  const known = keys.find(id)
  if (known) return known
  // Another process may have just made it.
  await keys.update()
  return keys.find(id)
}
