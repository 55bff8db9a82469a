import { randomBytes } from 'node:crypto'
import * as argon2 from '@node-rs/argon2'
import { coalesce } from '../coalesce.ts'
import { ConfigError, UnavailableError } from '../errors.ts'
import type { Admission } from '../throttle/throttle.ts'
import { createFailurePace, type FailurePace } from './failure-pace.ts'
import { argon2Text, argon2Ceilings as ceilings, withKeyId } from './formats/argon2.ts'
import { readHash } from './formats/read-hash.ts'
import { HashRefusal, type StoredHash } from './formats/stored-hash.ts'
import { createHashPool, type HashPool, hashConcurrency } from './hash-pool.ts'
import {
  missingPepper,
  type Pepper,
  type PepperOptions,
  pepperProblems,
  readPeppers,
} from './peppers.ts'

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
// `Algorithm.Argon2id` is a const enum, which type stripping cannot inline.
const argon2id = 2 as argon2.Algorithm.Argon2id

/** Hashes and verifies passwords: what `CryptContext` is to FastAPI's users. */
export interface PasswordHasher {
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
   * lists. False for any other stored text, and for one whose cost is above the ceiling.
   *
   * Costs one hash of work in every case. With null, for a user who does not exist or has no
   * password, it verifies against a throw-away hash of the current cost and returns false. False
   * comes after the same time for every kind of hash that is stored: see `learnTimes`.
   *
   * Takes the proof that the attempt was counted: see `Login`, or `unthrottledAdmission` for those who
   * limit attempts themselves.
   *
   * @throws {UnavailableError} if too many hashes are waiting already, or if the hash is under a pepper
   * that is not known here: then nothing can be said of the password.
   */
  verify(password: string, storedHash: string | null, admission: Admission): Promise<boolean>
  /**
   * Resolves when a refusal is to be answered that has taken so many milliseconds, whether or not a
   * `verify` was a part of it: its time does not tell.
   */
  settleRefusal(duration: number): Promise<void>
  /** @throws {UnavailableError} if a `verify` from this source would be refused now. */
  checkCapacity(source: string): void
  /**
   * True if a good login should replace the hash: another algorithm, a lower cost than today's, or not
   * today's pepper.
   */
  needsRehash(storedHash: string): boolean
  /** Says in one sentence why `verify` cannot read this text, or null if it can. */
  problemOf(storedHash: string): string | null
  /**
   * Learns how long hashes of these kinds take, with a few hashes of work for each that is new, so that
   * a wrong password takes the same time for every account. Kinds that are not among them are
   * forgotten, but for argon2id. A kind that was not named is learned when one is verified.
   */
  learnTimes(storedHashes: readonly string[], signal?: AbortSignal): Promise<void>
  /** Where its hashes run. */
  readonly pool: HashPool
}

/** The cost of new hashes, their pepper, and where they run. */
export interface PasswordHasherOptions extends PepperOptions {
  /** The cost of new hashes. Default m=19456 KiB, t=2, p=1. */
  readonly argon2?: Partial<Argon2Parameters>
  /** Accepts a cost below OWASP's table. For tests: such hashes fall to a stolen database. Default false. */
  readonly allowWeakHashes?: boolean
  /** Where hashes run: what `createHashPool` made. Default: a pool for one hash on each core, 3 at most. */
  readonly pool?: HashPool
}

/** Hashes of work after which it is known how long a kind of hash takes. */
const samples = 3

/**
 * Returns the cost of new hashes.
 *
 * @throws {ConfigError} if it is below OWASP's table or above what would be read back, or a pepper can be
 * guessed.
 */
export function checkHasherOptions(options: PasswordHasherOptions = {}): Argon2Parameters {
  const cost = { ...defaultArgon2Parameters, ...options.argon2 }
  const weak = argon2Problem(cost, options.allowWeakHashes)
  const problems = [...(weak === null ? [] : [weak]), ...pepperProblems(options)]
  if (problems.length > 0) throw new ConfigError(problems)
  return cost
}

/**
 * Returns a hasher of passwords.
 *
 * @param pace When failures are answered. Default: by the clock of this machine.
 * @throws {ConfigError} if the cost is below OWASP's table or above what would be read back, or a pepper
 * can be guessed.
 */
export async function createPasswordHasher(
  options: PasswordHasherOptions = {},
  pace: FailurePace = createFailurePace(),
): Promise<PasswordHasher> {
  const cost = checkHasherOptions(options)
  const peppers = readPeppers(options)
  const pool = options.pool ?? createHashPool({ concurrency: hashConcurrency() })
  const settings = {
    algorithm: argon2id,
    memoryCost: cost.memory,
    timeCost: cost.time,
    parallelism: cost.parallelism,
    ...(peppers.current && { secret: peppers.current.key }),
  }

  async function newHash(password: string | Uint8Array): Promise<string> {
    const phc = await argon2.hash(password, settings)
    return peppers.current ? withKeyId(phc, peppers.current.id) : phc
  }

  // Of today's cost and pepper, so that an unknown user costs what a known one does.
  const thrownAway = argon2Text(cost, randomBytes(16), randomBytes(32))
  const dummy = readHash(peppers.current ? withKeyId(thrownAway, peppers.current.id) : thrownAway)

  /** The pepper of a hash, if it has one that is known here. */
  function pepperOf({ keyId }: StoredHash): Pepper | undefined {
    return keyId === undefined ? undefined : peppers.find(keyId)
  }

  /** The id of the pepper that is missing to verify a hash, if one is. */
  function missingFor(hash: StoredHash): string | undefined {
    return pepperOf(hash) === undefined ? hash.keyId : undefined
  }

  /** Runs one hash of work in the pool. */
  async function run(hash: StoredHash, password: string, source?: string): Promise<Verified> {
    return await pool.run(async () => {
      // The wait for a place in the pool is the same for everybody.
      const beganAt = performance.now()
      // What was read verifies, or fails for a reason that says nothing of the password.
      const right = await hash.verify(password, pepperOf(hash)?.key)
      return { right, duration: performance.now() - beganAt }
    }, source)
  }

  /** Learns how long a kind of hash takes, with a few hashes of work. */
  async function learn(hash: StoredHash, signal?: AbortSignal): Promise<void> {
    const work = workOf(hash)
    if (pace.knows(work)) return
    for (let sample = 0; sample < samples && !signal?.aborted; sample++) {
      const { duration } = await run(hash, randomBytes(16).toString('hex'))
      pace.learn(work, duration)
    }
  }

  /** Many that come to a process which has verified no password share one lesson. */
  const learnDummy = coalesce(() => learn(dummy))

  return {
    hash: (password) => pool.run(() => newHash(normalize(password))),
    checkCapacity: (source) => pool.checkCapacity(source),
    async verify(password, storedHash, { source }) {
      const hash = (storedHash === null ? null : readOrNull(storedHash)) ?? dummy
      const verified = await run(hash, normalize(password), source)
      const missing = missingFor(hash)
      const right = verified.right && hash !== dummy && missing === undefined
      // The place in the pool is free here, and the wait does not depend on this duration.
      const settled = right ? undefined : pace.settle(verified.duration)
      pace.learn(workOf(hash), verified.duration)
      await settled
      // We cannot tell whether the password is wrong, so do not count a failure.
      if (missing !== undefined) throw cannotTell(missing)
      return right
    },
    async settleRefusal(duration) {
      if (!pace.knows(workOf(dummy))) await learnDummy()
      await pace.settleRefusal(duration)
    },
    async learnTimes(storedHashes, signal) {
      const stored = storedHashes.flatMap((text) => readOrNull(text) ?? [])
      const byWork = new Map([dummy, ...stored].map((hash) => [workOf(hash), hash]))
      pace.retain((work) => byWork.has(work) || work.startsWith('argon2id '))
      if (byWork.size < 2) return
      for (const hash of byWork.values()) await learn(hash, signal)
    },
    needsRehash(storedHash) {
      const hash = storedHash.startsWith('$argon2id$') ? readOrNull(storedHash) : null
      if (hash === null || hash.keyId !== peppers.current?.id) return true
      const stored = argon2.parseOptions(storedHash)
      return stored.memoryCost < cost.memory || stored.timeCost < cost.time
    },
    problemOf(storedHash) {
      try {
        const missing = missingFor(readHash(storedHash))
        return missing === undefined
          ? null
          : `The password hash is under the pepper ${missing}, which is not configured here.`
      } catch (error) {
        if (error instanceof HashRefusal) return error.message
        throw error
      }
    },
    pool,
  }
}

interface Verified {
  readonly right: boolean
  /** Milliseconds. */
  readonly duration: number
}

/** For the client: that it cannot be told now. For the log: why. */
function cannotTell(pepperId: string): UnavailableError {
  const cause = new ConfigError([missingPepper(pepperId)])
  return new UnavailableError('Logins cannot be checked now, try again later', 10, { cause })
}

/** Hashes of the same work take the same time. */
function workOf({ kind, cost }: StoredHash): string {
  return `${kind} ${cost}`
}

// NFC, as NIST SP 800-63B-4 §3.1.1.2 asks: the same password typed on two systems is one password.
function normalize(password: string): string {
  return password.normalize('NFC')
}

/** The hash that is stored, or null if it is unknown, malformed or above the ceilings. */
function readOrNull(stored: string): StoredHash | null {
  try {
    return readHash(stored)
  } catch (error) {
    if (error instanceof HashRefusal) return null
    throw error
  }
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
