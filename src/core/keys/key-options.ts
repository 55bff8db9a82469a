import { isRotationInterval, keyRotationMinimum } from './lifecycle.ts'
import { type SigningAlgorithm, secretProblems, signingAlgorithms } from './signing-key.ts'

/** Bytes of a key-encryption key. */
const keyLength = 32

/** The keys that sign tokens: a secret, or keys that are managed in the store. */
export interface KeyOptions {
  /**
   * Signs with HS256 under the bytes of this text, at least 32. Default: keys are made at first start
   * and kept in the store, encrypted.
   */
  readonly secretKey?: string
  /**
   * Earlier secret keys, whose access and refresh tokens are still accepted, so that a changed
   * `secretKey` logs no user out. Do not list a key that an attacker may know.
   * Default none.
   */
  readonly previousSecretKeys?: readonly string[]
  /**
   * The algorithm of new managed keys. Default ES256. Not used with `secretKey`. A change is a
   * rotation like any other: published by the maintenance, signing an hour later.
   */
  readonly signingAlgorithm?: SigningAlgorithm
  /** 32 bytes that managed keys are encrypted under. Default: what the store keeps for it. */
  readonly keyEncryptionKey?: Uint8Array
  /**
   * Earlier key-encryption keys, each of 32 bytes. What was sealed or signed under one is still accepted, so
   * that a changed `keyEncryptionKey` logs no user out. The maintenance seals it again under the new one. Do not
   * list a key that an attacker may know. Default: what the store keeps for it, or none.
   */
  readonly previousKeyEncryptionKeys?: readonly Uint8Array[]
  /** Seconds after which a managed key is replaced. Default 7776000 (90 days); 0 is never. */
  readonly keyRotationInterval?: number
}

/** Every reason against the options, one sentence each. */
export function keyProblems(options: KeyOptions): readonly string[] {
  const { secretKey, previousSecretKeys = [], signingAlgorithm } = options
  const problems: string[] = []
  if (secretKey !== undefined) {
    problems.push(...secretProblems(secretKey).map((reason) => `The secret key ${reason}.`))
  }
  for (const previous of previousSecretKeys) {
    problems.push(...secretProblems(previous).map((reason) => `A previous secret key ${reason}.`))
  }
  if (!isRotationInterval(options.keyRotationInterval ?? 0)) {
    problems.push(
      `The key rotation interval must be 0, or a whole number of seconds, at least ${keyRotationMinimum}.`,
    )
  }
  if (signingAlgorithm !== undefined && !signingAlgorithms.includes(signingAlgorithm)) {
    problems.push(`The signing algorithm must be one of: ${signingAlgorithms.join(', ')}.`)
  }
  return [...problems, ...encryptionKeyProblems(options)]
}

function encryptionKeyProblems(options: KeyOptions): readonly string[] {
  const { keyEncryptionKey, previousKeyEncryptionKeys: previous = [] } = options
  const problems: string[] = []
  if (keyEncryptionKey !== undefined && keyEncryptionKey.length !== keyLength) {
    problems.push(`The key-encryption key must have exactly ${keyLength} bytes.`)
  }
  if (previous.some(({ length }) => length !== keyLength)) {
    problems.push(`A previous key-encryption key must have exactly ${keyLength} bytes.`)
  }
  const all = [keyEncryptionKey, ...previous].flatMap((key) => key ?? [])
  if (new Set(all.map((key) => Buffer.from(key).toString('hex'))).size < all.length) {
    problems.push('The key-encryption key and each previous one must differ from one another.')
  }
  return problems
}
