import { createHash } from 'node:crypto'
import type { FactorRecord } from '../factor-store.ts'
import { challengeLifetime } from './challenges.ts'
import type { PasskeySettings } from './passkey-options.ts'
import { algorithms } from './webauthn.ts'

/** A passkey that a user has, for the browser. */
export interface KnownCredential {
  /** The only type that there is. */
  readonly type: 'public-key'
  /** In base64url. */
  readonly id: string
  /** How the browser reaches it. */
  readonly transports: readonly string[]
}

/** PublicKeyCredentialCreationOptionsJSON (Web Authentication §5.1.8). */
export interface PasskeyCreation {
  /** In base64url. */
  readonly challenge: string
  /** The site. */
  readonly rp: { readonly id: string; readonly name: string }
  /** `id` is opaque, and not the id of the user. */
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string }
  /** The algorithms that can be verified, the one that is wanted most first. */
  readonly pubKeyCredParams: readonly { readonly type: 'public-key'; readonly alg: number }[]
  /** Milliseconds. */
  readonly timeout: number
  /** Those that the user has already. */
  readonly excludeCredentials: readonly KnownCredential[]
  /** A device that can, keeps the passkey and verifies its user: then it is a login of its own. */
  readonly authenticatorSelection: {
    readonly residentKey: 'preferred'
    readonly requireResidentKey: false
    readonly userVerification: 'preferred'
  }
  /** No statement about the make of the device is asked for. */
  readonly attestation: 'none'
}

/** PublicKeyCredentialRequestOptionsJSON (§5.1.10). */
export interface PasskeyRequest {
  /** In base64url. */
  readonly challenge: string
  /** The domain that passkeys are made for. */
  readonly rpId: string
  /** Milliseconds. */
  readonly timeout: number
  /** Required for a login by a passkey alone. */
  readonly userVerification: 'required' | 'preferred'
  /** Those of the user. Absent for a login by a passkey: nobody is known yet. */
  readonly allowCredentials?: readonly KnownCredential[]
}

const timeout = challengeLifetime * 1000

export function creationOf(
  { rpId, rpName }: PasskeySettings,
  user: { readonly id: string; readonly username: string },
  challenge: string,
  factors: readonly FactorRecord[],
): PasskeyCreation {
  const name = user.username
  return {
    challenge,
    rp: { id: rpId, name: rpName },
    user: { id: userHandleOf(user.id), name, displayName: name },
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout,
    excludeCredentials: credentialsOf(factors),
    authenticatorSelection: {
      ...{ residentKey: 'preferred', requireResidentKey: false },
      userVerification: 'preferred',
    },
    attestation: 'none',
  }
}

/** @param factors Those of the user who is asked that are confirmed; null if nobody is known yet. */
export function requestOf(
  { rpId }: PasskeySettings,
  challenge: string,
  factors: readonly FactorRecord[] | null,
): PasskeyRequest {
  if (factors === null) return { challenge, rpId, timeout, userVerification: 'required' }
  const allowCredentials = credentialsOf(factors)
  return { challenge, rpId, timeout, userVerification: 'preferred', allowCredentials }
}

function credentialsOf(factors: readonly FactorRecord[]): readonly KnownCredential[] {
  return factors.flatMap(({ passkey }) =>
    passkey === null
      ? []
      : { type: 'public-key', id: passkey.credentialId, transports: passkey.transports },
  )
}

/** By what an authenticator knows the user: opaque, the same for good, and without a name (§14.6.1). */
export function userHandleOf(userId: string): string {
  return createHash('sha256').update(`passkey user ${userId}`).digest('base64url')
}
