import type { AuthEvent } from '../events/event-store.ts'
import type { AskingToken, Authentication } from '../tokens/authentication.ts'
import type { UserRecord } from '../users/user-store.ts'

/**
 * One login on one device: the family of all refresh tokens that follow from it (RFC 9700 §4.14.2).
 *
 * It is live while it is not revoked, neither expired nor idle for too long, and its stamp is the
 * stamp of its user, who is active.
 */
export interface SessionRecord extends Authentication {
  /** UUIDv7. The `sid` of its access tokens. */
  readonly id: string
  /** The user who logged in. */
  readonly userId: string
  /** The client that the login was made with. */
  readonly clientId: string
  /** What the login was granted. A refresh may narrow it for one access token, never widen it. */
  readonly scopes: readonly string[]
  /** The number of the newest refresh token; each refresh adds one. No token itself is stored. */
  readonly generation: number
  /**
   * The generation of the token that the newest one was made from, if that was presented a second time after
   * the grace; null if it was presented once, and so is the one before the newest. The generations between
   * the two are ended.
   *
   * What the user proves belongs to the holder of the newest token alone. So if the session outlives a new stamp
   * of its user, or the user authenticates again without a new token, null becomes the newest generation itself: the
   * one before it is good within the grace, and for no retry. Any other generation becomes -1: after a retry the
   * one before the newest is one that the retry ended, so no earlier token is good.
   */
  readonly retryOf: number | null
  /** When the newest refresh token was made. Seconds since 1970, like all instants here. */
  readonly rotatedAt: number
  /** Seconds since 1970. */
  readonly createdAt: number
  /** Never moved: a session ends then, however it is used. */
  readonly expiresAt: number
  /** When the session was revoked; null if it was not. Seconds since 1970. */
  readonly revokedAt: number | null
  /** The user's stamp when the session was opened, or kept alive through a change of password. */
  readonly securityStamp: string
  /** What the client called itself (User-Agent), cut. */
  readonly label: string
  /** The address that it was opened from. */
  readonly address: string
  /** `browser` for one whose token is the cookie of the login pages; `login` for all others. */
  readonly kind: SessionKind
  /** The browser session that it was opened through, and ends with; null for none. */
  readonly parentId: string | null
  /** True if it outlives that session: `offline_access` was granted (OpenID Connect Core §11). */
  readonly offline: boolean
}

/** What a session is of. */
export type SessionKind = 'login' | 'browser'

/** A session as the rest of an application sees one: everything but the stamp. */
export type Session = Omit<SessionRecord, 'securityStamp'>

/** Who a guarded request comes from, as far as the store knows. */
export interface Subject {
  /** The user of the token. */
  readonly user: UserRecord
  /** The stamp of the session, or null if it was not asked for, is unknown, revoked or another's. */
  readonly sessionStamp: string | null
  /** The version of the signing keys, see `SigningKeyStore`. */
  readonly keysVersion: number
}

/** The refresh token that was presented, and when a session is still live. Instants in seconds. */
export interface Rotation {
  /** The session. */
  readonly id: string
  /** The generation that the session must have. Of the token that was presented, but for a retry. */
  readonly generation: number
  /** The generation of the token that was presented, if it is a retry: stored as `retryOf`. Default: null. */
  readonly retryOf?: number | undefined
  /** The client that presents the token. */
  readonly clientId: string
  /** Seconds since 1970. */
  readonly now: number
  /** The session must have been used after this instant. */
  readonly idleSince: number
}

/** How the user of a session has just authenticated again. */
export interface Reauthentication extends Authentication {
  /** The session. */
  readonly id: string
  /** The session must be of this user. */
  readonly userId: string
  /** The stamp that the user had when the credentials were checked. */
  readonly securityStamp: string
  /** The session must have been used after this instant. */
  readonly idleSince: number
  /**
   * The generation that the session must have; it gets the next one, and so a new token, which is presented for
   * no retry (`retryOf` is null). Default: whichever it has, and it keeps that.
   */
  readonly generation?: number | undefined
  /** The access token that asks. The session must be as it says: see `AskingToken`. Default: it may be anything. */
  readonly token?: AskingToken | undefined
}

/** What comes with the end of a session. */
export interface Revocation {
  /** Only a session of this user is ended. Default: whose it is does not matter. */
  readonly userId?: string | undefined
  /**
   * Ends the sessions that were opened through it in the same transaction, but for those that are `offline`.
   * Default false.
   */
  readonly withChildren?: boolean | undefined
  /**
   * Clients that are told of the end of their sessions: for each ended session that was opened through a
   * browser session for one of them, a notice is stored with the change. Default none.
   */
  readonly notifies?: readonly string[] | undefined
  /** Is stored with the change. Default none. */
  readonly event?: AuthEvent | undefined
}

/** Sessions at rest. */
export interface SessionStore {
  /**
   * False, and nothing stored, if the user is inactive or now has another stamp, or its parent has ended. One
   * step.
   */
  create(session: SessionRecord, event?: AuthEvent): Promise<boolean>
  /** The session of an id, in any state, or null. */
  find(id: string): Promise<SessionRecord | null>
  /**
   * Moves a live session to its next generation, and returns it, or null if it is not live, of
   * another client, or at another generation. One conditional step: of many presentations of one
   * token, or of a token and its successor, one rotates.
   */
  rotate(rotation: Rotation): Promise<SessionRecord | null>
  /**
   * Stores how the user of a live session has authenticated again, and returns the session. Without
   * `generation`, no earlier token is good for a retry from then on (`retryOf`). Null if it is not live at `authenticatedAt`, is another user's, or it or its user now has another stamp. One
   * conditional step.
   */
  reauthenticate(
    reauthentication: Reauthentication,
    event?: AuthEvent,
  ): Promise<SessionRecord | null>
  /**
   * Ends a session. False if there is no such session (of this user, if given), or it is revoked
   * already.
   */
  revoke(id: string, now: number, options?: Revocation): Promise<boolean>
  /**
   * Ends sessions of a registered client, `limit` at most; returns how many. Not for the first-party
   * client, because nothing bounds the number of its sessions, nor those of browsers (`portcullis:browser`).
   */
  revokeByClient(clientId: string, now: number, limit: number): Promise<number>
  /** The live sessions of a user, newest first: none revoked, expired, idle or of an old stamp. */
  listByUser(userId: string, now: number, idleSince: number): Promise<readonly SessionRecord[]>
  /**
   * Tells that a session is in use, without another generation: sets `rotatedAt`. False if it is not live.
   */
  touch(id: string, now: number, idleSince: number): Promise<boolean>
  /**
   * The live sessions of a client that were opened through a browser session, newest first.
   */
  listChildren(parentId: string, clientId: string, now: number): Promise<readonly SessionRecord[]>
  /**
   * Deletes all sessions of a user but the `keep` most recently used; returns how many. Those that were revoked
   * go first. What was opened through one goes with it, but for what is `offline`.
   */
  trim(userId: string, keep: number): Promise<number>
  /**
   * Deletes sessions that expired or were revoked before an instant, or were last used before the
   * other. Looks at `limit` sessions at most.
   */
  prune(endedBefore: number, lastUsedBefore: number, limit: number): Promise<PrunedSessions>
}

/** What a batch of pruning came to. */
export interface PrunedSessions {
  /** Sessions that were deleted. */
  readonly deleted: number
  /**
   * Sessions that were looked at: those that were deleted, and those that were found in use. Fewer than the
   * limit: nothing is left to prune.
   */
  readonly seen: number
}
