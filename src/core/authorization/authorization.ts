import type { Client } from '../clients/clients.ts'
import type { Actor } from '../events/events.ts'
import type { OpenSession } from '../sessions/session-calls.ts'
import type { Session } from '../sessions/session-store.ts'
import type { Authentication } from '../tokens/authentication.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { ConsentRecord } from './consent-store.ts'

/** Login by browser: what the endpoints of the authorization code flow work with. */
export interface Authorization {
  readonly settings: HostedLoginSettings
  readonly browserSessions: BrowserSessions
  readonly codes: AuthorizationCodes
  readonly consents: Consents
  /** Null where tokens are signed with a secret: nobody else could verify an ID token. */
  readonly idTokens: IdTokens | null
  readonly scopes: OpenIdScopes
  readonly proofs: SealedProofs
}

/** How people log in by browser. */
export interface HostedLoginSettings {
  /** Seconds that an ID token is good for. Default 600. */
  readonly idTokenLifetime: number
  /** Seconds that a browser keeps the session where "stay signed in" is chosen; null: it is not offered. */
  readonly staySignedIn: number | null
}

/** The live session of a browser. */
export interface BrowserSession {
  readonly session: Session
  /** Active, and of the session's stamp. */
  readonly user: UserRecord
  /**
   * False for a cookie of the generation before, which is good for 10 seconds after the next one. It may be a copy,
   * so `session` says nothing of the login since: it has the time of the first one, and one factor.
   */
  readonly isNewest: boolean
  /** What the user allows the client that was named, null for nothing; absent if none was named. */
  readonly consent?: ConsentRecord | null
}

/** A browser session and the text of its cookie. */
export interface OpenBrowserSession {
  readonly session: Session
  /** Shown to the browser alone; nothing of it is stored. */
  readonly cookie: string
}

/** What a session of a browser is opened with: where the browser is, for events and the list of sessions. */
export interface NewBrowserSession extends Actor {
  readonly userAgent?: string | undefined
  /** Default: with a password alone, now. */
  readonly authentication?: Authentication | undefined
  /** The browser session that was there before and ends with this login. Default none. */
  readonly replaces?: string | undefined
}

/** The sessions of browsers at the login pages. */
export interface BrowserSessions {
  /** Opens one, with the event of a login. Null if the user is inactive, suspended or was deleted. */
  open(user: UserRecord, from: NewBrowserSession): Promise<OpenBrowserSession | null>
  /**
   * The live session of a cookie, or null. Marks a session as used that was not for an hour.
   *
   * @param clientId A client, to read what the user allows it along with the session. Default none.
   */
  read(cookie: string, clientId?: string): Promise<BrowserSession | null>
  /**
   * Stores that the same user has authenticated again, with the event `step_up`: another generation, and so
   * another cookie. Null if the session has ended meanwhile.
   *
   * @param isLogin False for a second factor alone: null too if a login has overtaken the session. Default true.
   */
  reauthenticate(
    browser: BrowserSession,
    authentication: Authentication,
    by?: Actor,
    isLogin?: boolean,
  ): Promise<OpenBrowserSession | null>
  /**
   * Another cookie for the same login: a copy of the one before is worth nothing from then on, unless the login is
   * of the last 10 seconds. Null if the session has ended, or has another cookie than this by now.
   */
  renew(browser: Pick<BrowserSession, 'session' | 'isNewest'>): Promise<OpenBrowserSession | null>
  /** Ends one, and all that was opened through it but for what is offline. False if it has ended. */
  end(sessionId: string, by?: Actor): Promise<boolean>
}

/** What a code is made for. */
export interface CodeRequest {
  readonly browser: BrowserSession
  readonly clientId: string
  /** Permissions and scopes of OpenID Connect. */
  readonly scopes: readonly string[]
  readonly redirectUri: string
  readonly codeChallenge: string | null
  readonly nonce: string | null
}

/** What a token request presents (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export interface CodeExchangeRequest extends Actor {
  readonly code: string
  readonly client: Client
  readonly redirectUri: string
  readonly codeVerifier: string | null
  readonly userAgent?: string | undefined
}

/** What a code was exchanged for. */
export interface ExchangedCode {
  readonly opened: OpenSession
  readonly user: UserRecord
  readonly scopes: readonly string[]
  readonly nonce: string | null
  /** The version of the signing keys, as it was read with the code. */
  readonly keysVersion: number
}

/** Authorization codes (RFC 6749 §4.1). */
export interface AuthorizationCodes {
  /** Makes a code: 256 bits, good for 60 seconds and once. Null if the browser session has ended. */
  issue(request: CodeRequest): Promise<string | null>
  /**
   * Exchanges a code for a session.
   *
   * @throws {OAuthError} `invalid_grant`, one text, for a code that is unknown, expired, used, of another
   * client, with another redirect URI or verifier. A code that was used ends the session that it opened.
   */
  exchange(request: CodeExchangeRequest): Promise<ExchangedCode>
  /** Deletes codes that ended an hour before; returns how many. */
  prune(signal?: AbortSignal): Promise<number>
}

/** What users have allowed clients. */
export interface Consents {
  find(userId: string, clientId: string): Promise<ConsentRecord | null>
  list(userId: string): Promise<readonly ConsentRecord[]>
  /** Adds to what is allowed, with an event. False if the user is gone. */
  allow(userId: string, clientId: string, scopes: readonly string[], by?: Actor): Promise<boolean>
  /** Withdraws all, ends the client's sessions and codes of the user, with an event. False for none. */
  withdraw(userId: string, clientId: string, by?: Actor): Promise<boolean>
}

/** What an ID token says. */
export interface IdTokenSubject {
  readonly user: UserRecord
  readonly clientId: string
  /** The session of the tokens: its `sid`, `auth_time`, `acr` and `amr`. */
  readonly session: Session
  readonly nonce: string | null
  /** For `at_hash`. */
  readonly accessToken: string
  /** The version of the signing keys, if the store has just been asked. Default: it is asked. */
  readonly keysVersion?: number | undefined
}

/** ID tokens (OpenID Connect Core §2). */
export interface IdTokens {
  issue(subject: IdTokenSubject): Promise<string>
  /** What an ID token of ours says, expired or not; null for any other text. For `id_token_hint`. */
  readHint(
    token: string,
  ): Promise<{ readonly sub: string; readonly aud: string; readonly sid: string } | null>
  /** The algorithms that ID tokens have now and after the next rotation. */
  algorithms(): Promise<readonly string[]>
}

/** The scopes of OpenID Connect (Core §5.4) that some user can have claims of. */
export interface OpenIdScopes {
  readonly names: readonly string[]
  has(scope: string): boolean
  /** `sub`, and the claims of the granted scopes that the user has. */
  claimsOf(user: UserRecord, scopes: readonly string[]): Readonly<Record<string, unknown>>
  /** The names of all claims there are. */
  readonly claimNames: readonly string[]
}

/** Short texts that say, under our own MAC and until an instant, what a step of a login has shown. */
export interface SealedProofs {
  /** @param lifetime Seconds. */
  seal(purpose: string, says: Readonly<Record<string, string>>, lifetime: number): string
  /** What it says; null if it is not ours, of another purpose, or too old. */
  open(purpose: string, text: string): Readonly<Record<string, string>> | null
}
