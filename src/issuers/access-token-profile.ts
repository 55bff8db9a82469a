import type { Claims } from './claims.ts'

/** The shape of a provider's access tokens. */
export interface Profile {
  /** What messages call the provider. */
  readonly name: string
  /** The `alg` that its tokens may have. */
  readonly algorithms: readonly string[]
  /** Values of the header's `typ`, in small letters; the empty one for a token without. */
  readonly types: readonly string[]
  /**
   * Returns what the claims say. Returns null if they are not those of an access token for this
   * application, but of an ID token, another API's token, or another client's.
   */
  read(claims: Claims): ProfileReading | null
}

/** What a profile finds in claims. */
export interface ProfileReading {
  /** A client that acts for itself is no user: none is made of it, linked or created. */
  readonly kind: 'user' | 'client'
  /** Whom the token is for. */
  readonly audience: readonly string[]
  /** The client that it was issued to. */
  readonly clientId: string
  /** What the provider calls the user; null if the token does not say. */
  readonly username: string | null
  /** The provider's names of roles and groups. */
  readonly roles: readonly string[]
  /** Scopes and permissions, in the provider's words. */
  readonly permissions: readonly string[]
}
