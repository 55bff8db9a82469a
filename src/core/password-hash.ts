import { randomBytes } from 'node:crypto'
import * as argon2 from '@node-rs/argon2'
import * as bcrypt from '@node-rs/bcrypt'
import { ConfigError } from './errors.ts'
import { createHashPool, type HashPool, hashConcurrency } from './hash-pool.ts'
import type { Admission } from './throttle.ts'

/** The cost of a new hash (argon2id, RFC 9106). */
export interface Argon2Parameters {
  /** KiB. Default 19456. */
  readonly memory: number
  /** Passes. Default 2. */
  readonly time: number
  /** Lanes. Default 1. */
  readonly parallelism: number
}

export const defaultArgon2Parameters: Argon2Parameters = { memory: 19456, time: 2, parallelism: 1 }

// OWASP Password Storage Cheat Sheet: configurations of equal strength, from the most memory down.
const owaspMinimums = [
  { memory: 47104, time: 1 },
  { memory: 19456, time: 2 },
  { memory: 12288, time: 3 },
  { memory: 9216, time: 4 },
  { memory: 7168, time: 5 },
]
// A stored hash carries its own cost. Whoever can write one row must not be able to stop the server.
const ceilings = { memory: 262144, time: 16, parallelism: 8, outputLength: 128, bcryptCost: 15 }
// `Algorithm.Argon2id` is a const enum, which type stripping cannot inline.
const argon2id = 2 as argon2.Algorithm.Argon2id

/** Hashes and verifies passwords: what `CryptContext` is to FastAPI's users. */
export interface PasswordHasher {
  /**
   * Returns a new argon2id hash of the password as a PHC string.
   *
   * Does not check the password against a policy.
   *
   * @throws {UnavailableError} if too many hashes are waiting already.
   */
  hash(password: string): Promise<string>
  /**
   * True if the password is the one that was hashed: argon2 (i, d, id) or bcrypt (2a, 2b, 2y).
   * False for any other stored text, and for one whose cost is above the ceiling.
   *
   * Costs one hash of work in every case. With null, for a user who does not exist or has no
   * password, it verifies against a throw-away hash of the current cost and returns false.
   *
   * Takes the proof that the attempt was counted: see `Login`, or `unthrottledAdmission` for those who
   * limit attempts themselves.
   *
   * @throws {UnavailableError} if too many hashes are waiting already.
   */
  verify(password: string, storedHash: string | null, admission: Admission): Promise<boolean>
  /** @throws {UnavailableError} if a `verify` from this source would be refused now. */
  checkCapacity(source: string): void
  /** True if a good login should replace the hash: another algorithm, or a lower cost than today's. */
  needsRehash(storedHash: string): boolean
  /** True if `verify` reads this text: a whole argon2 or bcrypt hash whose cost is below the ceiling. */
  recognizes(storedHash: string): boolean
  /** Where its hashes run. */
  readonly pool: HashPool
}

/** The cost of new hashes, and where they run. */
export interface PasswordHasherOptions {
  /** The cost of new hashes. Default m=19456 KiB, t=2, p=1. */
  readonly argon2?: Partial<Argon2Parameters>
  /** Accepts a cost below OWASP's table. For tests: such hashes fall to a stolen database. */
  readonly allowWeakHashes?: boolean
  /** Where hashes run. Default: one at once for each core, 3 at most; see `hashConcurrency`. */
  readonly pool?: HashPool
}

/**
 * Returns a hasher of passwords.
 *
 * @throws {ConfigError} if the cost is below OWASP's table or above what would be read back.
 */
export async function createPasswordHasher(
  options: PasswordHasherOptions = {},
): Promise<PasswordHasher> {
  const cost = { ...defaultArgon2Parameters, ...options.argon2 }
  const problem = argon2Problem(cost, options.allowWeakHashes)
  if (problem !== null) throw new ConfigError([problem])
  const pool = options.pool ?? createHashPool({ concurrency: hashConcurrency() })
  const settings = {
    algorithm: argon2id,
    memoryCost: cost.memory,
    timeCost: cost.time,
    parallelism: cost.parallelism,
  }
  // Hashed at today's cost, so that an unknown user costs what a known one does.
  const dummyHash = await argon2.hash(randomBytes(32), settings)

  return {
    hash: (password) => pool.run(() => argon2.hash(normalize(password), settings)),
    checkCapacity: (source) => pool.checkCapacity(source),
    verify(password, storedHash, { source }) {
      const scheme = storedHash === null ? null : schemeOf(storedHash)
      const normalized = normalize(password)
      return pool.run(async () => {
        if (storedHash === null || scheme === null) {
          await argon2.verify(dummyHash, normalized)
          return false
        }
        // Parameters that can be read do not make the rest of the text a hash.
        return scheme.verify(storedHash, normalized).catch(() => false)
      }, source)
    },
    needsRehash(storedHash) {
      const scheme = schemeOf(storedHash)
      if (scheme?.name !== 'argon2id') return true
      const stored = argon2.parseOptions(storedHash)
      return stored.memoryCost < cost.memory || stored.timeCost < cost.time
    },
    recognizes: (storedHash) => schemeOf(storedHash) !== null,
    pool,
  }
}

// NFC, as NIST SP 800-63B-4 §3.1.1.2 asks: the same password typed on two systems is one password.
function normalize(password: string): string {
  return password.normalize('NFC')
}

interface Scheme {
  readonly name: 'argon2id' | 'argon2' | 'bcrypt'
  verify(storedHash: string, password: string): Promise<boolean>
}

/** The scheme of a stored hash, or null if it is unknown, malformed or above the ceilings. */
function schemeOf(storedHash: string): Scheme | null {
  try {
    if (storedHash.startsWith('$argon2')) {
      const stored = argon2.parseOptions(storedHash)
      const bearable =
        stored.memoryCost <= ceilings.memory &&
        stored.timeCost <= ceilings.time &&
        stored.parallelism <= ceilings.parallelism &&
        stored.outputLen <= ceilings.outputLength
      if (!bearable) return null
      const name = stored.algorithm === argon2id ? 'argon2id' : 'argon2'
      return { name, verify: (hash, password) => argon2.verify(hash, password) }
    }
    if (/^\$2[aby]\$/.test(storedHash)) {
      if (bcrypt.parseOptions(storedHash).cost > ceilings.bcryptCost) return null
      // bcrypt reads 72 bytes at most, and so did whoever made the hash. The first good login
      // replaces it, and from then on every byte counts.
      return { name: 'bcrypt', verify: (hash, password) => bcrypt.verify(password, hash) }
    }
  } catch {
    // Not a hash that either library can read.
  }
  return null
}

/** Says in one sentence why a cost cannot be used, or null if it can. */
export function argon2Problem(cost: Argon2Parameters, allowWeak = false): string | null {
  for (const [name, value] of Object.entries(cost)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      return `The argon2 ${name} must be a whole number of at least 1.`
    }
  }
  if (
    cost.memory > ceilings.memory ||
    cost.time > ceilings.time ||
    cost.parallelism > ceilings.parallelism
  ) {
    return `The argon2 cost must be at most memory ${ceilings.memory} KiB, time ${ceilings.time}, parallelism ${ceilings.parallelism}.`
  }
  if (cost.memory < 8 * cost.parallelism) {
    return 'The argon2 memory must be at least 8 KiB for each lane.'
  }
  const strong = owaspMinimums.some((row) => cost.memory >= row.memory && cost.time >= row.time)
  if (strong || allowWeak) return null
  const table = owaspMinimums.map((row) => `${row.memory} KiB with time ${row.time}`).join(', ')
  return `The argon2 cost is below OWASP's minimum: use at least one of ${table}.`
}
