import type { Actor } from '../events/events.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { ApiKeyRecord } from './api-key-store.ts'

/** An API key as others may see it: not the key itself, which is nowhere. */
export type ApiKey = Omit<ApiKeyRecord, 'digest' | 'expiryTold'>

/** A key that is to be made. */
export interface NewApiKey {
  /** The user whom it belongs to. */
  readonly userId: string
  /** For people to read: 1 to 100 characters. */
  readonly name: string
  /** What it may do, of what the role of the user grants. */
  readonly scopes: readonly string[]
  /** Seconds until it expires, 60 at least. Default: that of the options. */
  readonly lifetime?: number | undefined
  /**
   * What the access token that asks may delegate: no key gets more. Default: what the role of the user
   * grants.
   */
  readonly within?: readonly string[] | undefined
  /** The session that asks: no key is made if it has ended meanwhile. Default none. */
  readonly sessionId?: string | undefined
  /** What the program calls itself (`User-Agent`), for the notice. Default unknown. */
  readonly userAgent?: string | undefined
}

/** A key that was made. */
export interface MadeApiKey extends ApiKey {
  /** The key: to be shown once, since nobody can read it again. */
  readonly key: string
}

/** What `auth.maintain` does from time to time. */
export interface ApiKeyMaintenance {
  /** Mails the owners of keys that expire within 7 days, once each. */
  tellExpiring(signal?: AbortSignal): Promise<void>
  /** Deletes keys that expired 30 days ago; returns how many. */
  prune(signal?: AbortSignal): Promise<number>
}

/** Makes, lists and ends the API keys of users. */
export interface ApiKeys extends ApiKeyMaintenance {
  /** Seconds that a key lives at most, and if its maker does not say: those of the options. */
  readonly lifetimes: { readonly most: number; readonly usual: number }
  /**
   * Makes a key. Does not check how long ago the user logged in: guard the route with `requireRecentLogin`.
   *
   * @throws {UserError} `api_key_invalid` with every reason, `api_key_limit` if the user has 100 keys,
   * `user_unknown` if there is no such user, or its login has ended.
   */
  create(key: NewApiKey, by?: Actor): Promise<MadeApiKey>
  /** The keys of a user, expired ones too, the oldest first. */
  list(userId: string): Promise<readonly ApiKey[]>
  /** Ends a key of a user: it is refused from its next request on. False if the user has no such key. */
  end(userId: string, id: string, by?: Actor): Promise<boolean>
  /** Ends all keys of a user; returns how many. */
  endAll(userId: string, by?: Actor): Promise<number>
}

/** What guards need of API keys. */
export interface ApiKeyVerifier {
  /** How many keys were valid since the start, and how many were not. */
  readonly counts: { readonly accepted: number; readonly refused: number }
  /** True for a text that can be nothing but a key. Costs no read, and no allocation. */
  isKey(text: string): boolean
  /**
   * What the key may do, as a verified access token without a session, or null if it is none that is valid:
   * it is mistyped, ended or expired, or its user is inactive or suspended. Asks the store on every
   * call, but not for a key that is mistyped. Notes the use, at most once in 10 minutes.
   */
  verify(key: string): MaybePromise<AccessToken | null>
  /** The user of what `verify` returned, as read by it. */
  userOf(token: AccessToken): UserRecord | null
  /** Waits until every use is noted. */
  settle(): Promise<void>
}
