import type { AuthEvent } from '../events/event-store.ts'

/** A registered client at rest (RFC 6749 §2). */
export interface ClientRecord {
  /** The `client_id` that it sends. Unique. */
  readonly id: string
  /** For people to read. */
  readonly name: string
  /** SHA-256 of its secret, in base64url; null for a public client. */
  readonly secretHash: string | null
  /** The grant types that it may use. */
  readonly grants: readonly string[]
  /** The permissions that it may be delegated; null for all that the role of a user grants. */
  readonly scopes: readonly string[] | null
  /** True if it may introspect tokens. */
  readonly introspect: boolean
  /** Seconds since 1970. */
  readonly createdAt: number
  /** Where its users may come back to from a login by browser (RFC 6749 §3.1.2). */
  readonly redirectUris: readonly string[]
  /** Where they may come back to from a log-out (OpenID Connect RP-Initiated Logout §2). */
  readonly postLogoutRedirectUris: readonly string[]
  /** True if it is the application's own: its users are not asked what it may do. */
  readonly firstParty: boolean
  /** How it authenticates; null for any way that fits (RFC 7591 §2). */
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod | null
  /** Whether an authorization request must have a challenge (RFC 7636). */
  readonly pkce: 'required' | 'optional'
  /** What people see of it where they are asked (RFC 7591 §2); null for none. */
  readonly logoUri: string | null
  /** Its home page. */
  readonly clientUri: string | null
  /** What it does with data. */
  readonly policyUri: string | null
  /** Its terms of service. */
  readonly tosUri: string | null
  /** Who is told of a log-out (OpenID Connect Back-Channel Logout §2.2); null for nobody. */
  readonly backchannelLogoutUri: string | null
}

/** How a client authenticates at the token endpoint (RFC 7591 §2). */
export type TokenEndpointAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post'

/** Registered clients at rest. */
export interface ClientStore {
  /** All clients, in any order. */
  list(): Promise<readonly ClientRecord[]>
  /** The client of an id, or null. */
  find(id: string): Promise<ClientRecord | null>
  /** True while no client is registered. */
  isEmpty(): Promise<boolean>
  /** @throws {ConflictError} `client_taken` */
  create(client: ClientRecord, event?: AuthEvent): Promise<void>
  /** Replaces a client by another record of its id. False if it is not as it was `before` any more. */
  replace(before: ClientRecord, after: ClientRecord, event?: AuthEvent): Promise<boolean>
  /** False if there is no such client, or it is public: that it stays, in the same step. */
  replaceSecretHash(id: string, secretHash: string, event?: AuthEvent): Promise<boolean>
  /**
   * False if there is no such client. Its consents and codes go with it. Its sessions stay; see
   * `revokeByClient`.
   */
  remove(id: string, event?: AuthEvent): Promise<boolean>
}

/** The client that a guarded request comes from, as far as the store knows. */
export interface ClientSubject {
  /** Null if there is no such client in the store. */
  readonly client: ClientRecord | null
  /** The version of the signing keys, see `SigningKeyStore`. */
  readonly keysVersion: number
  /** The stamp of the last `revokeAll`; empty while there was none. */
  readonly epoch: string
}
