import type { Clock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import type { OpenIssuer } from '../core/issuers/external-issuer.ts'
import type { KeySet } from './key-set.ts'
import { outliveRequest } from './outlive-request.ts'

/** How old keys may be, and how often they are fetched. Seconds. */
export interface KeyTimes {
  /** Keys of this age are fetched again, in the background. Default 600. */
  readonly refreshAfter: number
  /** Least time between two fetches for a key that is not known, and after one that failed. Default 30. */
  readonly cooldown: number
  /** Keys of this age are no longer trusted. Default 86400. */
  readonly maxStale: number
}

/** The keys of one issuer, as they were last fetched. */
export interface RemoteKeys {
  /**
   * The keys. Waits for a fetch only while there are no trusted keys. Otherwise a fetch that is due
   * runs in the background.
   *
   * @throws {UnavailableError} if there are none.
   */
  current(): Promise<KeySet>
  /**
   * The keys, fetched again for a key that is not among the known ones, if the last such fetch was long
   * enough ago. A call during a fetch waits for that fetch and starts none.
   *
   * @throws {UnavailableError} if there are none, or the last fetch failed: then the key may or may not
   * be one of the issuer's.
   */
  renewed(known: KeySet): Promise<KeySet>
  readonly version: number | null
  readonly status: OpenIssuer['status']
}

/**
 * Keeps the keys of one issuer.
 *
 * jose's `createRemoteJWKSet` keeps keys too. But it drops them at a fixed age even if no new ones can
 * be fetched, does not pause after a failed fetch, and reads the wall clock. So this keeps the keys,
 * and jose imports, selects and checks them.
 *
 * Tells `report` why a fetch has failed: the first of several that fail for one reason.
 *
 * There is no timer, so nothing keeps a process alive: a request that uses the keys sees what is due.
 */
export function createRemoteKeys(
  issuer: string,
  fetchKeys: () => Promise<KeySet>,
  { refreshAfter, cooldown, maxStale }: KeyTimes,
  clock: Clock,
  report: (failure: Error) => void = () => {},
): RemoteKeys {
  let keys: KeySet | null = null
  let fetchedAt: number | null = null
  let failedAt: number | null = null
  let renewedAt: number | null = null
  let lastError: unknown
  let version = 0
  let fetches = 0
  let failures = 0
  let pending: Promise<void> | undefined

  /** A clock that was set back must not make a wait longer than it is. */
  function isWithin(since: number | null, seconds: number): boolean {
    return since !== null && clock() >= since && clock() < since + seconds
  }

  function believed(): KeySet | null {
    return fetchedAt !== null && clock() < fetchedAt + maxStale ? keys : null
  }

  async function fetchOnce(): Promise<void> {
    fetches++
    try {
      const fetched = await fetchKeys()
      const isWithdrawn = keys?.fingerprints.some((key) => !fetched.fingerprints.includes(key))
      if (isWithdrawn) version++
      keys = fetched
      fetchedAt = clock()
      failedAt = null
      lastError = undefined
    } catch (error) {
      failures++
      failedAt = clock()
      // Of several that fail for one reason the first stays: what was logged once is not logged again.
      if (String(lastError) !== String(error)) {
        lastError = error
        if (error instanceof Error) report(error)
      }
    } finally {
      pending = undefined
    }
  }

  function refresh(): Promise<void> {
    if (!pending) {
      pending = fetchOnce()
      outliveRequest(pending)
    }
    return pending
  }

  /** Waits for the fetch under way. It is forgotten if it was stopped: only then does a platform reject here. */
  async function settle(fetch: Promise<void>): Promise<void> {
    try {
      await fetch
    } catch {
      if (pending !== fetch) return
      pending = undefined
      renewedAt = null
    }
  }

  function refreshIfDue(): void {
    if (!isWithin(fetchedAt, refreshAfter) && !isWithin(failedAt, cooldown)) void refresh()
  }

  function present(): KeySet {
    const present = believed()
    if (present !== null) return present
    throw unavailable()
  }

  function unavailable(): UnavailableError {
    const wait = failedAt === null ? 1 : Math.max(1, failedAt + cooldown - clock())
    return new UnavailableError(`The keys of ${issuer} cannot be had now`, wait, {
      cause: lastError,
    })
  }

  return {
    async current() {
      const known = believed()
      if (known !== null) {
        refreshIfDue()
        return known
      }
      if (pending) await settle(pending)
      if (believed() === null && !isWithin(failedAt, cooldown)) await refresh()
      return present()
    },
    async renewed(known) {
      // The fetch under way may have begun before the key was published: then one more is due.
      if (pending) await settle(pending)
      if (keys === known && !isWithin(renewedAt, cooldown) && !isWithin(failedAt, cooldown)) {
        renewedAt = clock()
        await refresh()
      }
      if (keys === known && failedAt !== null) throw unavailable()
      return present()
    },
    get version() {
      if (believed() === null) return null
      refreshIfDue()
      return version
    },
    get status() {
      return {
        keys: believed()?.fingerprints.length ?? 0,
        lastFetchedAt: fetchedAt,
        fetches,
        failures,
        lastFailure: lastError instanceof Error ? lastError.message : null,
      }
    },
  }
}
