import type { PasskeyRecord } from '../factor-store.ts'
import { clientDataProblem, type Expected, type Flags, readFlags } from './authenticator-data.ts'
import { canVerify } from './cose-key.ts'
import type { CreatedCredential, SignedCredential } from './credential-json.ts'
import { loadWebAuthn } from './load-webauthn.ts'

/** A passkey that was made, and what was seen when it was. */
export interface CreatedPasskey extends Flags {
  readonly passkey: PasskeyRecord
}

/** What a passkey has said of itself, and signed. */
export interface SignedFlags extends Flags {
  readonly counter: number
}

/** Verifies what authenticators say. A text is why it is refused, without anything of what was sent. */
export interface WebAuthn {
  /** No statement about the make of the authenticator is read: none is asked for. */
  verifyCreated(credential: CreatedCredential, expected: Expected): Promise<CreatedPasskey | string>
  /** Does not judge the counter. */
  verifySigned(
    credential: SignedCredential,
    passkey: Pick<PasskeyRecord, 'credentialId' | 'publicKey'>,
    expected: Expected,
  ): Promise<SignedFlags | string>
}

/** EdDSA, ES256 and RS256 (RFC 9053 §2), the one that is wanted most first. */
export const algorithms: readonly number[] = [-8, -7, -257]
/** Bytes: RSA with 4096 bits has some 530. */
const longestKey = 1200

/** @throws {ConfigError} if the library is not installed */
export async function createWebAuthn(): Promise<WebAuthn> {
  const { verifyRegistrationResponse, verifyAuthenticationResponse } = await loadWebAuthn()
  const { decodeAttestationObject, decodeCredentialPublicKey } = await import(
    '@simplewebauthn/server/helpers'
  )

  function authDataOf(attestationObject: string): Uint8Array | null {
    const data: unknown = decodeAttestationObject(bytesOf(attestationObject)).get('authData')
    return data instanceof Uint8Array ? data : null
  }

  return {
    async verifyCreated({ id, clientDataJSON, attestationObject, transports }, expected) {
      const problem = clientDataProblem(bytesOf(clientDataJSON), 'webauthn.create', expected)
      if (problem !== null) return problem
      return await unlessMalformed(async () => {
        const authData = authDataOf(attestationObject)
        if (authData === null) return malformed
        const flags = readFlags(authData, expected)
        if (typeof flags === 'string') return flags
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          response: {
            ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
            response: { clientDataJSON, attestationObject: withoutStatement(authData) },
          },
          ...libraryOptions(expected),
          supportedAlgorithmIDs: [...algorithms],
        })
        if (!verified) return malformed
        const { credential, aaguid } = registrationInfo
        if (credential.id !== id || credential.publicKey.length > longestKey) return malformed
        if (!canVerify(decodeCredentialPublicKey(credential.publicKey))) return keyUnusable
        const publicKey = Buffer.from(credential.publicKey).toString('base64url')
        const { counter } = credential
        const { backupEligible, backedUp } = flags
        const kept = { backupEligible, backedUp, transports, aaguid }
        return { ...flags, passkey: { credentialId: id, publicKey, counter, ...kept } }
      })
    },
    async verifySigned(credential, { credentialId, publicKey }, expected) {
      const { clientDataJSON, authenticatorData, signature } = credential
      const problem = clientDataProblem(bytesOf(clientDataJSON), 'webauthn.get', expected)
      if (problem !== null) return problem
      const flags = readFlags(bytesOf(authenticatorData), expected)
      if (typeof flags === 'string') return flags
      return await unlessMalformed(async () => {
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response: {
            ...{ id: credentialId, rawId: credentialId, type: 'public-key' },
            clientExtensionResults: {},
            response: { clientDataJSON, authenticatorData, signature },
          },
          ...libraryOptions(expected),
          // A counter of 0 is passed by all: the library would judge it before the signature.
          credential: { id: credentialId, publicKey: bytesOf(publicKey), counter: 0 },
        })
        return verified
          ? { ...flags, counter: authenticationInfo.newCounter }
          : 'the signature is not right'
      })
    },
  }
}

const malformed = 'it is malformed'
const keyUnusable = 'no signature can be verified by its key'

/** The library throws for what it cannot read, in words that repeat it. */
async function unlessMalformed<T>(verify: () => Promise<T | string>): Promise<T | string> {
  try {
    return await verify()
  } catch {
    return malformed
  }
}

function libraryOptions({ challenge, rpId, origins }: Expected) {
  return {
    expectedChallenge: challenge,
    expectedOrigin: [...origins],
    expectedRPID: rpId,
    requireUserVerification: false,
  }
}

/** The attestation object of the format `none` (Web Authentication §8.7) with the same authenticator data. */
function withoutStatement(authData: Uint8Array): string {
  const text = (value: string): Buffer => Buffer.from([0x60 + value.length, ...Buffer.from(value)])
  const length = Buffer.from([0x59, authData.length >> 8, authData.length & 0xff])
  const none = [text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0])]
  return Buffer.concat([
    ...[Buffer.from([0xa3]), ...none],
    ...[text('authData'), length, authData],
  ]).toString('base64url')
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}
