import type { AuthEvent } from '../events/event-store.ts'
import type { SigningAlgorithm } from './signing-key.ts'

/** A signing key at rest. */
export interface SigningKeyRecord {
  /** The JWK thumbprint (RFC 7638), the `kid` of its tokens. */
  readonly id: string
  /** The one algorithm that the key signs with. */
  readonly algorithm: SigningAlgorithm
  /** The private JWK, encrypted under the key encryption key. */
  readonly sealedPrivateKey: string
  /** Seconds since 1970. */
  readonly createdAt: number
  /** From when on it signs, until a newer one does. */
  readonly signsFrom: number
  /** From when on its tokens are refused; null while no successor is known. */
  readonly verifiesUntil: number | null
}

/** All keys as they were at one moment. */
export interface SigningKeySet {
  /** Grows by one with every change. */
  readonly version: number
  /** In no particular order. */
  readonly keys: readonly SigningKeyRecord[]
}

/** What a change of the keys consists of. */
export interface SigningKeyChange {
  /** Keys to add, or to replace if there are any of their ids. */
  readonly put: readonly SigningKeyRecord[]
  /** Ids of keys to delete. */
  readonly remove: readonly string[]
}

/** Signing keys at rest: one set with a version, so that each process knows when its copy is old. */
export interface SigningKeyStore {
  /** All keys with the version of the set. */
  read(): Promise<SigningKeySet>
  /** The version alone. One prepared read, before every token that is issued. */
  version(): Promise<number>
  /**
   * Changes the keys in one step, only if the version is still `from` (compare-and-set); it is
   * `from + 1` then. False, and nothing changed, if it is not: of several processes that see the
   * same need, one meets it.
   */
  change(from: number, change: SigningKeyChange, events?: readonly AuthEvent[]): Promise<boolean>
}
