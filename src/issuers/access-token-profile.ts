import type { Claims } from './claims.ts'

/** The shape of a provider's access tokens. */
export interface Profile {
  readonly name: string
  readonly algorithms: readonly string[]
  /** Values of the header's `typ`, in small letters; the empty one for a token without. */
  readonly types: readonly string[]
  /**
   * Returns what the claims say, or null if they are not those of an access token for this
   * application: an ID token, one for somebody else's API, or one of another client.
   */
  read(claims: Claims): ProfileReading | null
}

/** What a profile finds in claims. */
export interface ProfileReading {
  /** A client that acts for itself is no user: none is made of it, linked or created. */
  readonly kind: 'user' | 'client'
  readonly audience: readonly string[]
  readonly clientId: string
  readonly username: string | null
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
}
