import type { Clock } from '../clock.ts'
import type { ExternalIdentity, UserMode } from '../tokens/external-subject.ts'

// What core knows of other people's tokens. How they are fetched, verified and read is in `issuers/`.

/** A verified token of another issuer, in that issuer's words. */
export interface ExternalToken extends ExternalIdentity {
  /** Whom it speaks for: a user, or a client that acts for itself. */
  readonly kind: 'user' | 'client'
  /** Its `aud`: the services that it is meant for. */
  readonly audience: readonly string[]
  /** Seconds since 1970. */
  readonly expiresAt: number
  /** Seconds since 1970. */
  readonly issuedAt: number
  /** Empty if the issuer gives its tokens no id. */
  readonly id: string
  /** The client that it was issued to. */
  readonly clientId: string
  /** Scopes and permissions. */
  readonly permissions: readonly string[]
}

/** The state of an issuer's keys, for metrics and to find out why tokens are refused. */
export interface IssuerStatus {
  /** The `iss` of its tokens. */
  readonly issuer: string
  /** What the documentation calls it. */
  readonly name: string
  /** How its users are found. */
  readonly users: UserMode
  /** Usable keys that are known now. */
  readonly keys: number
  /** When they were last fetched. Seconds since 1970; null if they never were. */
  readonly lastFetchedAt: number | null
  /** Fetches that were made. */
  readonly fetches: number
  /** Fetches that failed. */
  readonly failures: number
  /** Why the last fetch failed; null if it did not. */
  readonly lastFailure: string | null
}

/** An issuer at work: it holds keys. */
export interface OpenIssuer {
  /**
   * Returns the verified token, or null if it is none for this application.
   *
   * @throws {UnavailableError} if no key is known and none can be fetched.
   */
  verify(token: string): Promise<ExternalToken | null>
  /**
   * A number that changes when a key is withdrawn: a token that was verified under another number is
   * verified again. Null when the keys are too old to be believed.
   */
  readonly keysVersion: number | null
  /** What is known of its keys now. */
  readonly status: Pick<
    IssuerStatus,
    'keys' | 'lastFetchedAt' | 'fetches' | 'failures' | 'lastFailure'
  >
  /**
   * Fetches metadata and keys now, even if they are known already, and returns what came. Use it to
   * find out whether the issuer can be used.
   *
   * @throws an error that says why they could not be had.
   */
  probe(): Promise<IssuerProbe>
  /** Ends a fetch that is under way. */
  close(): void
}

/** The keys that an issuer publishes, as far as they can be used. */
export interface IssuerProbe {
  /** The parameters of each (RFC 7517 §4, RFC 7518 §6). */
  readonly keys: readonly {
    readonly kty: string
    readonly kid?: string
    readonly alg?: string
    readonly crv?: string
  }[]
  /** The signature algorithms that are accepted. */
  readonly algorithms: readonly string[]
}

/** The provider's names of roles, and the role here that each stands for. */
export type RoleMapping = Readonly<Record<string, string>>

/**
 * The provider's names of scopes and permissions, and the permissions here that each stands for; a
 * list names those that are called the same on both sides.
 */
export type PermissionMapping =
  | readonly string[]
  | Readonly<Record<string, string | readonly string[]>>

/** An issuer whose tokens an application accepts. Made by `keycloak`, `auth0` and the others. */
export interface TrustedIssuer {
  /** The `iss` of its tokens, exactly. */
  readonly issuer: string
  /** What it is called in the documentation. */
  readonly name: string
  /** How its users are found. */
  readonly users: UserMode
  /** The role here that each of its roles stands for. */
  readonly roles: RoleMapping
  /** The role of a user none of whose roles is mapped; null refuses such a user. */
  readonly defaultRole: string | null | undefined
  /** The permissions here that each of its scopes stands for; undefined if there is no table. */
  readonly permissions: PermissionMapping | undefined
  /** The same for clients that act for themselves. */
  readonly clientPermissions: PermissionMapping | undefined
  /** The `aud` of its tokens must name one of these. Empty if another claim is checked instead. */
  readonly audience: readonly string[]
  /** Names the local user of an identity that is not linked yet. */
  readonly link: LinkFunction | undefined
  /** Where its OpenID Connect metadata is. */
  readonly discoveryUrl: string
  /** Where its login is, if not where its metadata is: for a page that logs in there. */
  readonly loginOrigins: readonly string[]
  /** Starts work with the keys of the issuer, for `createAuth`. Fetches nothing yet. */
  open(clock: Clock, report?: FailureReport): OpenIssuer
}

/** Is told why a fetch of keys has failed, in a sentence that names the URL and no secret. */
export type FailureReport = (failure: Error) => void

/** Returns the id of the user in the store whom an identity belongs to, or null. */
export type LinkFunction = (identity: ExternalIdentity) => string | null | Promise<string | null>
