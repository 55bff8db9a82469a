import type { Clients } from '../clients/clients.ts'
import type { Clock } from '../clock.ts'
import type { AuthEvents } from '../events/events.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { createBell } from '../mail/bell.ts'
import { runOutbox } from '../mail/outbox-loop.ts'
import { type Claimed, createSending, sendAllDue } from '../mail/sending.ts'
import type { Store } from '../store.ts'
import type { LogoutNoticeRecord } from './logout-notice-store.ts'
import { createLogoutTokens } from './logout-token.ts'
import { createNotifyingStore } from './notifying-store.ts'

/** Tells clients of log-outs (OpenID Connect Back-Channel Logout 1.0). */
export interface LogoutNotices {
  /** The same store, which keeps a notice for the clients with each end of a session. */
  readonly store: Store
  /**
   * Tells of all that is due now; resolves when nothing is under way.
   *
   * @throws what the store throws, when it cannot answer. That a client was not told is no error here.
   */
  sendDue(signal?: AbortSignal): Promise<void>
  /**
   * Tells of what is due, until the signal aborts. Resolves when nothing is under way. Of clients that were
   * not told it tells one a minute.
   *
   * @param onError Must not throw.
   */
  run(signal: AbortSignal, onError: (error: unknown) => void): Promise<void>
}

/** Why a client could not be told. A status is what it answered with. */
export type NoticeProblem =
  | 'address_not_public'
  | 'no_answer'
  | 'unreachable'
  | 'stopped'
  | `status_${number}`

/**
 * Posts a logout token to a client (Back-Channel Logout §2.5), and answers with the reason if the client has not
 * taken it, else null. Takes `noticeDeadline` at most.
 */
export type NoticePost = (
  uri: string,
  token: string,
  stop: AbortSignal,
) => Promise<NoticeProblem | null>

/** Seconds for all of it: look-up, connection, answer. */
export const noticeDeadline = 5

export interface LogoutNoticeParts {
  /** Is open. */
  readonly store: Store
  readonly clients: Pick<Clients, 'find' | 'list'>
  readonly events: AuthEvents
  readonly keys: KeyRing
  readonly issuer: string
  readonly clock: Clock
  readonly post: NoticePost
  /** Seconds after which `run` looks for notices of other processes. Default 5. */
  readonly interval?: number | undefined
}

/** Why a client was not told this time. */
export class LogoutNoticeError extends Error {
  override readonly name = 'LogoutNoticeError'
}

/** How many clients are told at once. */
const concurrency = 10
/** Seconds for which a claimed notice is claimed by nobody else. */
const lease = 30
/** Seconds that what is under way gets when `run` is told to end. */
const grace = noticeDeadline
/** Seconds before the second try. Each further wait is twice as long, up to the longest. */
const firstWait = 10
const longestWait = 15 * 60
/** Seconds after a log-out from which on no further try is made. */
const givenUpAfter = 60 * 60
/** Milliseconds in which a client that has not answered is not asked for another session: others have the turn. */
const rest = 10_000

const isMinor = (error: unknown): boolean => error instanceof LogoutNoticeError

/** Null if nobody could be told, see `HostedLogin.createLogoutNotices`. */
export function createLogoutNotices(parts: LogoutNoticeParts): LogoutNotices | null {
  const { store, clients, events, keys, issuer, clock, post, interval = 5 } = parts
  const { logoutNotices } = store
  if (!logoutNotices || keys.current.algorithm === 'HS256') return null
  const issue = createLogoutTokens(keys, issuer, clock)
  const bell = createBell()
  /** Clients that have not answered, and until when they rest, by the monotonic clock. */
  const resting = new Map<string, number>()

  function restingNow(): readonly string[] {
    const now = performance.now()
    for (const [id, until] of resting) if (until <= now) resting.delete(id)
    return [...resting.keys()]
  }

  async function tellClient(
    notice: LogoutNoticeRecord,
    leaseEndsAt: number,
    stop: AbortSignal,
  ): Promise<NoticeProblem | null> {
    const client = await clients.find(notice.clientId)
    const uri = client?.backchannelLogoutUri ?? null
    // It is gone, or no longer wants to be told.
    if (uri === null) return null
    const token = await issue(notice)
    // Another process could tell the client meanwhile.
    if (performance.now() + 1000 * noticeDeadline > leaseEndsAt) return 'stopped'
    return await post(uri, token, stop)
  }

  /** When a notice is due again; null if it is given up. */
  function dueAgain({ attempts, createdAt }: LogoutNoticeRecord, problem: NoticeProblem) {
    if (problem === 'stopped') return clock()
    const dueAt = clock() + Math.min(longestWait, firstWait * 2 ** (attempts - 1))
    return dueAt < createdAt + givenUpAfter ? dueAt : null
  }

  async function deliver(
    { item: notice, leaseEndsAt }: Claimed<LogoutNoticeRecord>,
    stop: AbortSignal,
  ): Promise<LogoutNoticeError | null> {
    const { sessionId, clientId, userId, attempts } = notice
    const problem = await tellClient(notice, leaseEndsAt, stop)
    if (problem === null) {
      await logoutNotices?.settle(sessionId, attempts, null)
      return null
    }
    if (problem === 'no_answer') resting.set(clientId, performance.now() + rest)
    const dueAt = dueAgain(notice, problem)
    const isOurs = await logoutNotices?.settle(sessionId, attempts, dueAt)
    if (problem === 'stopped' || !isOurs) return null
    await events.record({
      ...{ type: 'authn_logout_notice_failed', actor: 'system', reason: problem },
      ...{ userId, clientId, sessionId },
      details: { attempts, given_up: dueAt === null },
    })
    const next = dueAt === null ? 'is given up' : 'will be tried again'
    return new LogoutNoticeError(
      `The client ${clientId} was not told of a log-out, which ${next}: ${problem}.`,
    )
  }

  const sending = {
    claim: (now: number, until: number, limit: number) =>
      logoutNotices.claim({ now, until, limit, without: restingNow() }),
    ...{ clock, deliver, concurrency, lease },
  }

  return {
    store: createNotifyingStore(store, {
      clientIds: async () =>
        (await clients.list()).flatMap(({ id, backchannelLogoutUri }) =>
          backchannelLogoutUri === null ? [] : id,
        ),
      clock,
      stored: () => bell.ring(),
    }),
    sendDue: (signal) => sendAllDue(sending, isMinor, signal),
    run: (signal, onError) =>
      runOutbox(
        {
          sending: (tell) => createSending(sending, tell),
          ...{ bell, interval, grace, isMinor },
        },
        signal,
        onError,
      ),
  }
}
