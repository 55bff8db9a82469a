import type { KeptSession } from '../users/kept-session.ts'

/** A second factor as stored: an authenticator app, or a passkey. Never its secret in plain text. */
export interface FactorRecord {
  /** UUIDv7. */
  readonly id: string
  /** Whose it is. Deleted with the user. */
  readonly userId: string
  /** `totp` is an authenticator app (RFC 6238). */
  readonly kind: FactorKind
  /** What the user calls it. */
  readonly name: string
  /** Seconds since 1970, like all instants here. */
  readonly createdAt: number
  /** Null until the user has shown that it works: until then it counts for nothing. */
  readonly confirmedAt: number | null
  /** Null if it was not used since. */
  readonly lastUsedAt: number | null
  /** The shared secret, sealed. Null for a kind without one. */
  readonly sealedSecret: string | null
  /** The newest time step that was used: neither it nor an older one is accepted again. Null for none. */
  readonly lastStep: number | null
  /** What only a passkey has. Null for every other kind. */
  readonly passkey: PasskeyRecord | null
}

/** What a factor is. */
export type FactorKind = 'totp' | 'passkey'

/** What a passkey has beyond other factors (Web Authentication §4). */
export interface PasskeyRecord {
  /** In base64url. Unique among all users. */
  readonly credentialId: string
  /** In base64url. */
  readonly publicKey: string
  /** The signature counter that was seen last. */
  readonly counter: number
  /** Whether it may be kept on several devices. */
  readonly backupEligible: boolean
  /** Whether it is, as it said last. */
  readonly backedUp: boolean
  /** How the browser reaches it: `internal`, `usb`. */
  readonly transports: readonly string[]
  /** The kind of device, or zeros. */
  readonly aaguid: string
}

/** What comes with the first factor of a user. Factors of the user that are not confirmed end. */
export interface FirstFactor {
  /** Ends every session of the user but the one below. */
  readonly securityStamp: string
  /** The session that stays open. Default none. */
  readonly keepSession?: KeptSession | undefined
  /** The digests of new recovery codes, in the place of all that were there. */
  readonly recoveryCodes: readonly string[]
}
