import type { AuthEvent } from '../events/event-store.ts'
import type { SessionRecord } from '../sessions/session-store.ts'
import type { Authentication } from '../tokens/authentication.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { ConsentRecord } from './consent-store.ts'

/**
 * An authorization code as stored (RFC 6749 §4.1.2): never the code itself.
 *
 * It is live while it is neither used nor expired, its browser session is live, and its user is active and
 * has the same security stamp.
 */
export interface AuthorizationCodeRecord extends Authentication {
  /** SHA-256 of the code, in base64url. Unique. */
  readonly digest: string
  /** The client that it was made for. */
  readonly clientId: string
  /** Who agreed. */
  readonly userId: string
  /** The browser session in which that was. */
  readonly sessionId: string
  /** The stamp of the user when it was made. */
  readonly securityStamp: string
  /** What was granted: permissions and scopes of OpenID Connect. */
  readonly scopes: readonly string[]
  /** As the request had it, byte for byte (§4.1.3). */
  readonly redirectUri: string
  /** The challenge of S256 (RFC 7636 §4.2); null for a client that need not send one. */
  readonly codeChallenge: string | null
  /** For the ID token; null if the request had none. */
  readonly nonce: string | null
  /** Seconds since 1970, like all instants here. */
  readonly createdAt: number
  /** From then on it is not live. */
  readonly expiresAt: number
  /** When it was exchanged; null if it was not. */
  readonly usedAt: number | null
  /** The session that its exchange opened, or went on with; null before. */
  readonly openedSessionId: string | null
}

/** A browser session, whose it is, and what that user allows a client: each in any state, as of one moment. */
export interface BrowserLogin {
  /** The session. */
  readonly session: SessionRecord
  /** Its user. */
  readonly user: UserRecord
  /** Null if the client is allowed nothing. */
  readonly consent: ConsentRecord | null
}

/** A code in any state, and what its exchange depends on, as of one moment. */
export interface CodeToExchange {
  /** The code. */
  readonly code: AuthorizationCodeRecord
  /** The login that it was made in, with the consent to its client; null if that is gone. */
  readonly login: BrowserLogin | null
  /** How many sessions its client has through that browser session, but for those that were revoked. */
  readonly siblings: number
  /** How many sessions of the user are stored, in whatever state. */
  readonly userSessions: number
  /** The version of the signing keys, see `SigningKeyStore`. */
  readonly keysVersion: number
}

/** A code that is exchanged. */
export interface CodeExchange {
  /** The digest of the code. */
  readonly digest: string
  /** Seconds since 1970. */
  readonly now: number
  /**
   * The session that it opens, which must be a child of the code's, of its stamp; or the id of a live one that
   * it goes on with. That one must be a child of the same browser session, of the same client. It gets the
   * scopes of the code and how its user authenticated, and is in use.
   */
  readonly session: SessionRecord | string
}

/** Authorization codes at rest. */
export interface AuthorizationCodeStore {
  /** False, and nothing stored, unless the browser session and the user are as the code says. One step. */
  create(code: AuthorizationCodeRecord): Promise<boolean>
  /** The code of a digest, in any state, or null. */
  find(digest: string): Promise<AuthorizationCodeRecord | null>
  /** The same with what an exchange depends on, in one read. */
  findToExchange(digest: string): Promise<CodeToExchange | null>
  /** What a request for a code depends on, in one read. Null if there is no such session. */
  findLogin(sessionId: string, clientId: string): Promise<BrowserLogin | null>
  /**
   * Uses a live code up and opens its session, in one transaction. False, and nothing changed, if the code is
   * not live, or the session that it should go on with is not. Of many exchanges of one code one succeeds.
   */
  exchange(exchange: CodeExchange, event?: AuthEvent): Promise<boolean>
  /** Deletes codes that expired before an instant, `limit` at most; returns how many. */
  prune(expiredBefore: number, limit: number): Promise<number>
}
