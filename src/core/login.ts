import { UnavailableError } from './errors.ts'
import type { PasswordHasher } from './password-hash.ts'
import { passwordMaxBytes } from './password-policy.ts'
import type { Store, UserRecord } from './store.ts'
import { canonicalUsername } from './username.ts'

/** Checks credentials. */
export interface Login {
  /**
   * Authenticates a user: returns the record if the password is right, else null.
   *
   * An unknown name, a user without a password and a wrong password cost one hash each and are one
   * answer. Does not check that the user is active: that costs nothing, so the caller decides it
   * afterwards, when it can no longer be measured.
   *
   * A hash of a foreign scheme or a lower cost is replaced after a good login (compare-and-set: a
   * password changed meanwhile stays).
   *
   * @throws {UnavailableError} if too many hashes are waiting, or the store cannot answer.
   */
  authenticate(username: string, password: string): Promise<UserRecord | null>
}

export function createLogin(store: Store, hasher: PasswordHasher): Login {
  async function rehash(user: UserRecord, oldHash: string, password: string): Promise<UserRecord> {
    try {
      const passwordHash = await hasher.hash(password)
      const replaced = await store.users.replacePasswordHash(user.id, oldHash, passwordHash)
      return replaced ? { ...user, passwordHash } : user
    } catch (error) {
      // The password was right; that its hash could not be renewed now is no reason to refuse it.
      if (error instanceof UnavailableError) return user
      throw error
    }
  }

  return {
    async authenticate(username, password) {
      const canonical = canonicalUsername(username)
      const user = canonical === null ? null : await store.users.findByUsername(canonical)
      // Longer than any password can be, so no hash is spent on it, whoever the user is.
      if (Buffer.byteLength(password) > passwordMaxBytes) return null
      const passwordHash = user?.passwordHash ?? null
      const right = await hasher.verify(password, passwordHash)
      if (!right || user === null || passwordHash === null) return null
      return hasher.needsRehash(passwordHash) ? await rehash(user, passwordHash, password) : user
    },
  }
}
