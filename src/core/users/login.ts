import { ThrottledError, UnavailableError } from '../errors.ts'
import type { AuthEvent } from '../events/event-store.ts'
import type { Actor, AuthEvents, NewEvent } from '../events/events.ts'
import type { AuthEventType } from '../events/vocabulary.ts'
import type { Notices } from '../mail/notices.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import { isTooLong } from '../passwords/password-policy.ts'
import type { AttemptCounts } from '../statistics.ts'
import type { Store } from '../store.ts'
import { sourceOf } from '../throttle/source.ts'
import type { Admission, Lock, Throttle } from '../throttle/throttle.ts'
import { readEmail } from './email.ts'
import type { UserRecord } from './user-store.ts'
import { canonicalUsername } from './username.ts'

/** What somebody shows to be a user. */
export interface Credentials extends Actor {
  /**
   * A username or a verified e-mail address, as it was typed. Upper case counts as lower case, and wide
   * letters as narrow ones. A username comes first.
   */
  readonly username: string
  /** As it was typed. */
  readonly password: string
  /** The address that they came from, which attempts are counted by. */
  readonly address: string | undefined
  /** The client that they log in with, for the event of a refusal. Default: unknown. */
  readonly clientId?: string
  /** What a refusal is the refusal of. Default `login`. */
  readonly purpose?: 'login' | 'password change' | 'step-up'
  /**
   * What else must be right, asked when the password is: a code that comes with it. If it is not, the attempt
   * has failed as with a wrong password. Default: nothing.
   */
  readonly alsoNeeds?: (user: UserRecord) => Promise<boolean>
}

/** Checks credentials. */
export interface Login {
  /**
   * Authenticates a user: returns the record if the password is right, else null.
   *
   * An unknown name, a user without a password and a wrong password cost one hash each and are one
   * answer. Does not check that the user is active: that costs nothing, so the caller decides it
   * afterwards, when it can no longer be measured.
   *
   * A refusal is an event. A success is none: the session that is opened is.
   *
   * A hash of a foreign scheme or pepper or a lower cost is replaced after a good login (compare-and-set: a
   * password changed meanwhile stays).
   *
   * @throws {ThrottledError} if too many attempts on the account, or from the address, have failed.
   * @throws {UnavailableError} if too many hashes are waiting, or the store cannot answer.
   */
  authenticate(credentials: Credentials): Promise<UserRecord | null>
  /** Lets a user try again at once, whom failed attempts have made wait or locked out. */
  unlock(username: string, event?: AuthEvent): Promise<void>
  /**
   * Learns which kinds of hashes are stored, so that a wrong password takes the same time for each of
   * them. To be called at start and every hour or so; the Fastify plugin does.
   */
  learnTimes(signal?: AbortSignal): Promise<void>
  /** How attempts have ended, in this process. */
  readonly counts: AttemptCounts
}

export interface LoginOptions {
  readonly store: Store
  readonly hasher: PasswordHasher
  readonly throttle: Throttle
  readonly events: AuthEvents
  readonly notices: Notices
  /** A keyed digest of a typed username that no user has: it may be a password. */
  readonly digest: (name: string) => string
}

/** Imported hashes that are looked at to learn which kinds there are. */
const kindsSample = 100

export function createLogin(options: LoginOptions): Login {
  const { store, hasher, throttle, events, notices, digest } = options
  const counts = { succeeded: 0, failed: 0, throttled: 0, unavailable: 0 }

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

  async function check(
    user: UserRecord | null,
    password: string,
    admission: Admission,
    alsoNeeds: NonNullable<Credentials['alsoNeeds']>,
  ): Promise<UserRecord | null> {
    // Longer than any password can be, so it costs no hash, whether or not the user exists.
    if (isTooLong(password)) return null
    const passwordHash = user?.passwordHash ?? null
    const right = await hasher.verify(password, passwordHash, admission)
    if (!right || user === null || passwordHash === null) return null
    if (!(await alsoNeeds(user))) return null
    return hasher.needsRehash(passwordHash) ? await rehash(user, passwordHash, password) : user
  }

  /** Records the outcome, with the user's id or a digest of an unknown name. Both take the same time. */
  async function record(
    type: AuthEventType,
    { username, actor, address, requestId, clientId }: Credentials,
    user: UserRecord | null,
    more: Pick<NewEvent, 'reason' | 'details'> = {},
  ): Promise<void> {
    const nobody = digest(canonicalUsername(username) ?? String(username))
    const details = { ...more.details, ...(user === null && { username_digest: nobody }) }
    await events.record({
      type,
      actor,
      address,
      requestId,
      clientId,
      userId: user?.id,
      reason: more.reason,
      ...(Object.keys(details).length > 0 && { details }),
    })
  }

  /**
   * The username that a text stands for: itself, or that of the user who has verified it as an address.
   * Two reads for every text that can be an address, so the time tells nothing of who has it.
   */
  async function usernameOf(text: string, canonical: string | null): Promise<string | null> {
    const address = readEmail(text)
    if (address === null) return canonical
    const named = canonical === null ? null : await store.users.findByUsername(canonical)
    const verified = await store.users.findByEmail(address.key)
    return named?.username ?? verified?.username ?? canonical ?? address.key
  }

  return {
    async authenticate(credentials) {
      const { username, address } = credentials
      // The body was not validated. A value that is no string is no password.
      const password = typeof credentials.password === 'string' ? credentials.password : ''
      const beganAt = performance.now()
      const pace = (): Promise<void> => hasher.settleRefusal(performance.now() - beganAt)
      let name = canonicalUsername(username)
      const find = async () => (name === null ? null : store.users.findByUsername(name))
      let found: UserRecord | null = null
      let isPasswordRight = false
      const alsoNeeds = async (user: UserRecord): Promise<boolean> => {
        isPasswordRight = true
        return (await credentials.alsoNeeds?.(user)) ?? true
      }
      try {
        // Before the attempt is counted: one that cannot be checked now does not count.
        hasher.checkCapacity(sourceOf(address))
        name = await usernameOf(username, name)
        // A text that no user can have as a name is counted as an account too.
        const account = name === null ? `invalid ${username}` : accountOf(name)
        const onLocked = async ({ failures, knownSource }: Lock): Promise<void> => {
          const details = { failures, known_source: knownSource }
          await record('authn_login_lock', credentials, found, { details })
          if (found !== null) await notices.tell('account_locked', found, { address })
        }
        const attempt = { account, address, onLocked, pace }
        const user = await throttle.attempt(attempt, async (admission) => {
          found = await find()
          return await check(found, password, admission, alsoNeeds)
        })
        if (user === null) {
          const { purpose } = credentials
          const isChange = purpose === 'password change'
          const type = isChange ? 'authn_password_change_fail' : 'authn_login_fail'
          const details: NewEvent['details'] = purpose === 'step-up' ? { purpose } : {}
          const reason = isPasswordRight ? 'wrong code with the password' : reasonOf(found)
          await record(type, credentials, found, { reason, details })
        }
        counts[user === null ? 'failed' : 'succeeded']++
        return user
      } catch (error) {
        if (error instanceof ThrottledError) {
          counts.throttled++
          await record('authn_login_throttled', credentials, await find())
        }
        if (error instanceof UnavailableError) counts.unavailable++
        throw error
      }
    },
    counts,
    async learnTimes(signal) {
      await hasher.learnTimes(await store.users.importedHashes(kindsSample), signal)
    },
    unlock: (username, event) =>
      throttle.unlock(accountOf(canonicalUsername(username) ?? username), event),
  }
}

/** What attempts on a username are counted by: one count for all ways to write an address. */
function accountOf(username: string): string {
  return readEmail(username)?.key ?? username
}

function reasonOf(user: UserRecord | null): string {
  if (user === null) return 'no such user'
  return user.passwordHash === null ? 'the user has no password' : 'wrong password'
}
