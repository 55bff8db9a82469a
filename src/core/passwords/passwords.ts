import { unthrottledAdmission } from '../throttle/throttle.ts'
import type { PasswordHasher } from './password-hash.ts'

/**
 * Hashes and verifies passwords outside of a login: what `CryptContext` is to FastAPI's users. Hashes
 * run outside the event loop, in the queue that logins wait in.
 */
export interface Passwords {
  /**
   * Returns a new argon2id hash of the password as a PHC string, under the pepper if there is one.
   *
   * Does not check the password against a policy.
   *
   * @throws {UnavailableError} if too many hashes are waiting already.
   */
  hash(password: string): Promise<string>
  /**
   * True if the password is the one that was hashed, in any format that `docs/importing-users.md`
   * lists. False for any other stored text, and for one whose cost is above the ceiling. With null it
   * returns false after as much work.
   *
   * Does not count attempts: limit them yourself, or use `authenticate`, which does.
   *
   * @throws {UnavailableError} if too many hashes are waiting already, or if the hash is under a pepper
   * that is not configured.
   */
  verify(password: string, storedHash: string | null): Promise<boolean>
  /**
   * True if the hash should be replaced after a good login: it has another algorithm, a lower cost
   * than today's, or not today's pepper.
   */
  needsRehash(storedHash: string): boolean
  /** Says in one sentence why `verify` cannot read this text, or null if it can. */
  problemOf(storedHash: string): string | null
}

/** The part of a hasher that is for applications. */
export function createPasswords(hasher: PasswordHasher): Passwords {
  return {
    hash: (password) => hasher.hash(password),
    verify: (password, storedHash) => hasher.verify(password, storedHash, unthrottledAdmission),
    needsRehash: (storedHash) => hasher.needsRehash(storedHash),
    problemOf: (storedHash) => hasher.problemOf(storedHash),
  }
}
