/** What a hash is made with. */
export type HashKind =
  | 'argon2id'
  | 'argon2i'
  | 'argon2d'
  | 'bcrypt'
  | 'pbkdf2-sha1'
  | 'pbkdf2-sha256'
  | 'pbkdf2-sha512'
  | 'scrypt'
  | 'firebase-scrypt'

/** A stored hash that was read, and whose work is bearable. */
export interface StoredHash {
  readonly kind: HashKind
  /** Hashes of one kind and one cost take the same work. */
  readonly cost: string
  /** The id of the key that it was made with in addition to the password. Absent: none. */
  readonly keyId?: string
  /**
   * True if the password is the one that was hashed, with this key if it has a `keyId`. The work is done
   * off the event loop.
   */
  verify(password: string, key?: Uint8Array): Promise<boolean>
}

/** Reads the formats of one kind: null if the text is of another kind. Throws a `HashRefusal`. */
export type HashReader = (stored: string) => StoredHash | null

/** Why a stored text cannot be used as a hash, in one sentence without the text. */
export class HashRefusal extends Error {
  override readonly name = 'HashRefusal'
}

/** Base64 of any of the alphabets that hashes are written in, padded or not. */
export const base64Pattern = '[A-Za-z0-9+/._-]*={0,2}'

/** The bytes of such a text: passlib writes `.` for `+`, Firebase and Auth0 may write `-_` for `+/`. */
export function decodeBase64(text: string): Buffer {
  return Buffer.from(text.replace(/[.-]/g, '+').replace(/_/g, '/'), 'base64')
}

/** Base64 without padding, as PHC strings have it. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('base64')
    .replace(/={1,2}$/, '')
}

/** @throws {HashRefusal} if an output is too short to tell passwords apart, or absurdly long. */
export function checkOutput(kind: string, bytes: number): void {
  if (bytes < 16 || bytes > 128) {
    throw new HashRefusal(`The ${kind} hash must be of 16 to 128 bytes: this one is ${bytes}.`)
  }
}
