/** A log-out that a client is to be told of: one for each session that has ended. */
export interface LogoutNoticeRecord {
  /** The session that has ended: the `sid` of its tokens. */
  readonly sessionId: string
  /** The client that the session was opened for. */
  readonly clientId: string
  /** Whose session it was: the `sub` of its tokens. The user may be gone. */
  readonly userId: string
  /** When the session ended. Seconds since 1970, like all instants here. */
  readonly createdAt: number
  /** From then on the client may be told. */
  readonly dueAt: number
  /** How often it was claimed. */
  readonly attempts: number
  /** Nobody else may tell the client before. Null: nobody has claimed it. */
  readonly claimedUntil: number | null
}

/** Which notices to claim. */
export interface LogoutNoticeClaim {
  /** Seconds since 1970. */
  readonly now: number
  /** Nobody else claims them before. */
  readonly until: number
  /** The most to claim. */
  readonly limit: number
  /** Those of these clients are left for later. Default none. */
  readonly without?: readonly string[] | undefined
}

/**
 * Log-outs that clients are to be told of, at rest. A notice is stored in the transaction that ends its
 * session: see `Revocation.notifies` and `StoredWith.notifies`.
 */
export interface LogoutNoticeStore {
  /**
   * Claims notices that are due and that nobody holds, the oldest first: `attempts` grows by one, and
   * `claimedUntil` is `until`. Of two processes one gets a notice.
   */
  claim(claim: LogoutNoticeClaim): Promise<readonly LogoutNoticeRecord[]>
  /**
   * Puts a claimed notice back until `dueAt`, or deletes it if that is null. False, and nothing changed, if
   * the claim (`attempts`) is no longer the last one.
   */
  settle(sessionId: string, attempts: number, dueAt: number | null): Promise<boolean>
}
