import type { OneTimeTokenKind } from '../mail/one-time-token-store.ts'
import type { StoredWith } from '../mail/stored-with.ts'
import type { FactorRecord, FirstFactor } from './factor-record.ts'

/** A passkey that its user has just made. It counts at once. */
export interface PasskeyAddition {
  /** The factor, confirmed, with all that a passkey has. */
  readonly factor: FactorRecord
  /** The stamp that the user must have. The user must be active. */
  readonly securityStamp: string
  /** As at `FactorConfirmation`. */
  readonly first?: FirstFactor | undefined
  /** As at `FactorConfirmation`. */
  readonly most?: number | undefined
}

/** A passkey that has signed. */
export interface PasskeyUse {
  /** The factor, which must be a confirmed passkey. */
  readonly id: string
  /** The counter that was read with it. It must still be this one. */
  readonly counterBefore: number
  /** The counter that it has now. */
  readonly counter: number
  /** Whether it is kept on several devices now. */
  readonly backedUp: boolean
  /** When. Seconds since 1970. */
  readonly now: number
}

/**
 * Something that is good once and was stored nowhere before: a challenge that the server has sealed. What is
 * stored is that it was used.
 */
export interface Spending {
  /** Of what it is. */
  readonly kind: OneTimeTokenKind
  /** A digest of it. */
  readonly digest: string
  /** When it is used. Seconds since 1970. */
  readonly now: number
  /** From then on it is not good anyway, so what is stored of it may be deleted as a one-time token is. */
  readonly expiresAt: number
}

/** What is stored with a passkey that is added or used. */
export interface StoredWithPasskey extends StoredWith {
  /**
   * What is used up in the same step. If it was used before, the change is not made: `ConflictError`
   * `token_ended`. If the change is not made, it can be used later. A store without one-time tokens is never
   * given one.
   */
  readonly spends?: Spending | undefined
}

/** Passkeys at rest: the factors that are of the kind `passkey`. */
export interface PasskeyStore {
  /**
   * Stores a passkey that is confirmed. False, and nothing stored, if one of the conditions does not hold. One
   * step.
   *
   * @throws {ConflictError} `passkey_known` if there is one with this credential id, of any user; `token_ended`
   */
  addPasskey(addition: PasskeyAddition, storedWith?: StoredWithPasskey): Promise<boolean>
  /** The confirmed passkey with this credential id, or null. */
  findPasskey(credentialId: string): Promise<FactorRecord | null>
  /**
   * Stores what a passkey has said of itself when it signed. False, and nothing changed, if its counter is
   * another one meanwhile, or there is no such passkey. One conditional step.
   *
   * @throws {ConflictError} `token_ended`
   */
  usePasskey(use: PasskeyUse, storedWith?: StoredWithPasskey): Promise<boolean>
}
