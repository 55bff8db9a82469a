import { readArgon2 } from './argon2.ts'
import { readBcrypt } from './bcrypt.ts'
import { readFirebaseScrypt } from './firebase-scrypt.ts'
import { readPbkdf2 } from './pbkdf2.ts'
import { readScrypt } from './scrypt.ts'
import { type HashReader, HashRefusal, type StoredHash } from './stored-hash.ts'

/** Longer than any hash that is read here, its salt and its parameters. */
const maxLength = 1024
const readers: readonly HashReader[] = [
  readArgon2,
  readBcrypt,
  readPbkdf2,
  readScrypt,
  readFirebaseScrypt,
]

/**
 * Reads a stored hash of any format that is known.
 *
 * @throws {HashRefusal} if there is none, or the text is not whole, or its work is not bearable.
 */
export function readHash(stored: string): StoredHash {
  if (stored.length > maxLength) {
    throw new HashRefusal(`The password hash must be at most ${maxLength} characters long.`)
  }
  for (const read of readers) {
    const hash = read(stored)
    if (hash !== null) return hash
  }
  throw new HashRefusal(
    'The password hash is of no known format: argon2, bcrypt, pbkdf2, scrypt or firebase-scrypt.',
  )
}
