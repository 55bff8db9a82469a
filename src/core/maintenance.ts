import type { Deletion } from './accounts/deletion.ts'
import type { OneTimeTokens } from './accounts/one-time-tokens.ts'
import type { ApiKeyMaintenance } from './api-keys/api-keys.ts'
import type { AuthorizationCodes } from './authorization/authorization.ts'
import type { LogoutNotices } from './authorization/logout-notices.ts'
import type { Events } from './events/events.ts'
import type { ManagedKeys } from './keys/rotation.ts'
import type { Outbox } from './mail/outbox.ts'
import { callback, checkOptions, flag, type ShapesOf } from './options.ts'
import type { Resealing } from './resealing.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Throttle } from './throttle/throttle.ts'
import type { Login } from './users/login.ts'

/** What the maintenance does, and who hears of its failures. */
export interface MaintenanceOptions {
  /**
   * Deletes ended sessions, old events and counts of failed logins. Default true; of several processes
   * on one database, one is enough.
   */
  readonly prune?: boolean
  /**
   * Called with each failure and the name of the work that failed. Default: a warning of the process
   * (`process.emitWarning`). What it throws, or rejects with, is ignored.
   */
  readonly onError?: (error: unknown, work: string) => void | Promise<void>
}

const owner = { name: 'maintain', example: '{ prune: false }' }
const shapes: ShapesOf<MaintenanceOptions> = { prune: flag, onError: callback }

/** Work to be done from time to time. */
interface Work {
  readonly name: string
  /** Seconds from the end of one run to the next. */
  readonly interval: number
  run(signal: AbortSignal): Promise<unknown>
}

interface Maintained {
  readonly sessions: Sessions
  readonly events: Events
  readonly throttle: Throttle
  readonly login: Login
  readonly managedKeys: ManagedKeys | null
  /** What tells clients of log-outs. Null if nobody is told. */
  readonly logoutNotices: Pick<LogoutNotices, 'run'> | null
  /** Links, codes and tokens of logins that are used once. Null if nothing that makes them is switched on. */
  readonly oneTimeTokens: Pick<OneTimeTokens, 'prune'> | null
  /** Mails and accounts that end. Null if nothing of it is switched on. */
  readonly accounts: MaintainedAccounts | null
  /** Enrolments that came to nothing. Null without second factors. */
  readonly factors: { prune(signal?: AbortSignal): Promise<number> } | null
  /** Codes of logins by browser. Null if that is not switched on. */
  readonly codes: Pick<AuthorizationCodes, 'prune'> | null
  /** Null if there are no API keys. */
  readonly apiKeys: ApiKeyMaintenance | null
  /** Null without a previous key. */
  readonly resealing: Pick<Resealing, 'maintain'> | null
}

interface MaintainedAccounts {
  readonly outbox: Outbox | null
  readonly deletion: Pick<Deletion, 'prune'> | null
}

const minute = 60
const hour = 60 * minute

/** Returns `maintain` of an `Auth`. */
export function createMaintenance({
  sessions,
  events,
  throttle,
  login,
  managedKeys,
  logoutNotices,
  oneTimeTokens,
  accounts,
  factors,
  codes,
  apiKeys,
  resealing,
}: Maintained): (signal: AbortSignal, options?: MaintenanceOptions) => Promise<void> {
  const pruning: readonly Work[] = [
    ...hourly('pruning of sessions', sessions, pruneAll),
    ...hourly('pruning of events', events, pruneAll),
    ...hourly('pruning of failed logins', throttle, pruneAll),
    ...hourly('pruning of links', oneTimeTokens, pruneAll),
    ...hourly('pruning of mails', accounts?.outbox, pruneAll),
    ...every(minute, 'expiry of mails', accounts?.outbox, (outbox, signal) =>
      outbox.expire(signal),
    ),
    ...hourly('deletion of users', accounts?.deletion, pruneAll),
    ...hourly('pruning of enrolments', factors, pruneAll),
    ...hourly('pruning of authorization codes', codes, pruneAll),
    ...hourly('pruning of API keys', apiKeys, pruneAll),
    ...hourly('telling of API keys that expire', apiKeys, (keys, signal) =>
      keys.tellExpiring(signal),
    ),
    ...hourly('resealing', resealing, (moving, signal) => moving.maintain(signal)),
  ]
  const always: readonly Work[] = [
    // A wrong password takes as long as the slowest kind of hash that is stored.
    ...hourly('measuring of hashes', login, (logins, signal) => logins.learnTimes(signal)),
    ...every(minute, 'key maintenance', managedKeys, (keys) => keys.maintain()),
  ]
  return async (signal, options = {}) => {
    requireSignal(signal)
    const { prune = true, onError = warn } = checkOptions(options, shapes, owner)
    const work = [...(prune ? pruning : []), ...always]
    const outbox = accounts?.outbox
    await Promise.all([
      ...work.map((each) => repeat(each, signal, onError)),
      outbox?.run(signal, (error) => void tell(onError, error, 'sending of mails')),
      logoutNotices?.run(signal, (error) => void tell(onError, error, 'telling of log-outs')),
    ])
  }
}

type Run<Part> = (part: Part, signal: AbortSignal) => Promise<unknown>

/** What a part does from time to time; nothing where there is no such part. */
function every<Part>(
  interval: number,
  name: string,
  part: Part | null | undefined,
  run: Run<Part>,
): readonly Work[] {
  return part == null ? [] : [{ name, interval, run: (signal) => run(part, signal) }]
}

function hourly<Part>(
  name: string,
  part: Part | null | undefined,
  run: Run<Part>,
): readonly Work[] {
  return every(hour, name, part, run)
}

const pruneAll: Run<{ prune(signal: AbortSignal): Promise<unknown> }> = (part, signal) =>
  part.prune(signal)

/** @throws {TypeError} if there is none. */
function requireSignal(signal: unknown): void {
  if (signal instanceof AbortSignal) return
  throw new TypeError(
    'maintain takes the signal that ends it, such as that of new AbortController().',
  )
}

type Listener = NonNullable<MaintenanceOptions['onError']>

/** Does some work again and again, never twice at once. */
async function repeat(
  { name, interval, run }: Work,
  signal: AbortSignal,
  onError: Listener,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await run(signal)
    } catch (error) {
      void tell(onError, error, name)
    }
    await pause(interval, signal)
  }
}

/** Waits, but not beyond the abort. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, seconds * 1000).unref()
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}

/** A listener that fails, at once or later, is no reason to end the maintenance. */
async function tell(onError: Listener, error: unknown, work: string): Promise<void> {
  try {
    await onError(error, work)
  } catch {
    // Nobody is left to tell.
  }
}

function warn(error: unknown, work: string): void {
  process.emitWarning(`Portcullis: ${work} failed and will be tried again: ${error}`)
}
