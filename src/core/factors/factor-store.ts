import type { StoredWith } from '../mail/stored-with.ts'
import type { FactorRecord, FirstFactor } from './factor-record.ts'
import type { PasskeyStore } from './passkey-store.ts'

export type { FactorKind, FactorRecord, FirstFactor, PasskeyRecord } from './factor-record.ts'

/** A factor that its user has just shown to work. */
export interface FactorConfirmation {
  /** The factor, which must not be confirmed. */
  readonly id: string
  /** It must be of this user. */
  readonly userId: string
  /** The stamp that the user must have. The user must be active. */
  readonly securityStamp: string
  /** The time step of the code that showed it, which is used up by that. */
  readonly step: number
  /** When. Seconds since 1970. */
  readonly now: number
  /** It must have been made after this instant. */
  readonly createdAfter: number
  /**
   * For the first factor: what comes with it. Then the user must have no other that is confirmed. Without it
   * the user must have one.
   */
  readonly first?: FirstFactor | undefined
  /** The user must have fewer factors that are confirmed. Default: however many there are. */
  readonly most?: number | undefined
}

/** A code of an authenticator app that was right. */
export interface StepUse {
  /** The factor, which must be confirmed. */
  readonly id: string
  /** The time step of the code: it must be newer than the last one that was used. */
  readonly step: number
  /** When. Seconds since 1970. */
  readonly now: number
  /** The secret, sealed under the key of today. Default: it stays as it is. */
  readonly sealedSecret?: string | undefined
}

/** A page of factors that have a sealed secret, ordered by id. */
export interface SealedFactorQuery {
  /** Continue after this id (exclusive); empty for the beginning. */
  readonly after: string
  /** The most factors to return. */
  readonly limit: number
}

/** Another seal of the secret of a factor. */
export interface FactorReseal {
  /** The factor, confirmed or not. */
  readonly id: string
  /** What must be stored now. */
  readonly from: string
  /** What is stored in its place. */
  readonly to: string
}

/** What comes with the removal of factors. */
export interface FactorRemoval extends StoredWith {
  /** Refuses to remove the last confirmed factor of the user. Default false. */
  readonly keepOne?: boolean | undefined
  /** Refuses to remove the last passkey of the user. Default false. */
  readonly keepPasskey?: boolean | undefined
  /** Ends every session of the user. Default: they go on. */
  readonly securityStamp?: string | undefined
}

/**
 * Second factors at rest, and recovery codes. Absent is null; every write is atomic on its own, and stores what
 * it is given with it if it changes anything.
 *
 * Recovery codes are there for the factors: with the last confirmed factor of a user they go.
 */
export interface FactorStore extends PasskeyStore {
  /**
   * Stores a factor that is not confirmed, in the place of another unconfirmed one of the user. False, and
   * nothing stored, if there is no such user.
   */
  begin(factor: FactorRecord): Promise<boolean>
  /** The factors of a user, the oldest first, those too that are not confirmed. */
  listByUser(userId: string): Promise<readonly FactorRecord[]>
  /** Confirms a factor. False, and nothing changed, if one of the conditions does not hold. One step. */
  confirm(confirmation: FactorConfirmation, storedWith?: StoredWith): Promise<boolean>
  /**
   * Uses a time step up. False if the factor is not confirmed, or this step or a newer one was used. One
   * conditional step: of many at once one is accepted.
   */
  useStep(use: StepUse, storedWith?: StoredWith): Promise<boolean>
  /** Uses a recovery code up. False if the user has no such code. One conditional step, as above. */
  useRecoveryCode(userId: string, digest: string, storedWith?: StoredWith): Promise<boolean>
  /** How many recovery codes a user has. */
  countRecoveryCodes(userId: string): Promise<number>
  /**
   * Stores recovery codes in the place of all that the user has. False, and nothing changed, if the user has no
   * confirmed factor.
   */
  replaceRecoveryCodes(
    userId: string,
    digests: readonly string[],
    storedWith?: StoredWith,
  ): Promise<boolean>
  /** Gives a confirmed factor another name. False if the user has no such factor. */
  rename(userId: string, id: string, name: string, storedWith?: StoredWith): Promise<boolean>
  /**
   * Removes a confirmed factor. False if the user has no such factor.
   * @throws {ConflictError} `last_factor` with `keepOne`, `last_passkey` with `keepPasskey`; `token_ended`
   */
  remove(userId: string, id: string, removal?: FactorRemoval): Promise<boolean>
  /** Removes all factors and codes of a user. False if there was no confirmed one. */
  removeAll(
    userId: string,
    removal?: Omit<FactorRemoval, 'keepOne' | 'keepPasskey'>,
  ): Promise<boolean>
  /** Factors of all users that have a sealed secret, those too that are not confirmed. */
  listSealed(query: SealedFactorQuery): Promise<readonly FactorRecord[]>
  /**
   * Replaces the sealed secret of a factor, and nothing else of it. False, and nothing changed, if it is not the
   * one in `from` (compare-and-set).
   */
  reseal(change: FactorReseal): Promise<boolean>
  /** Deletes factors that were made before an instant and are not confirmed, `limit` at most; how many. */
  prune(createdBefore: number, limit: number): Promise<number>
}
