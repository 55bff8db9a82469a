import { TimeLimit } from '../time-limit.ts'
import { ConnectError } from './connect-error.ts'
import { unavailable } from './error.ts'
import { limitOfRequest } from './lease-time.ts'
import { type Admit, anotherPrimary, createTimelines } from './timelines.ts'
import type { PostgresTarget } from './url.ts'
import { createWatchedHost, type WatchedHost } from './watched-host.ts'

/** Milliseconds that a confirmation holds, from the beginning of its round: before any server was asked. */
const holdsFor = 1000
/** Milliseconds after which a request begins a round. It does not wait for it. An idle process does not ask. */
const askAfter = 500
/**
 * Milliseconds that a round waits for a host. The round that a request has begun is over before the last
 * confirmation ends, so a host that falls silent keeps nobody waiting.
 */
const answerWithin = 500

/** What is known of the server that may be written to. */
export interface Primary {
  /** The highest timeline that was seen, 0 if there is one host. */
  readonly timeline: number
  /** Whether all hosts have been asked a short time ago, and the server of that timeline was among those that answered. */
  isConfirmed(): boolean
  /**
   * Resolves when a round that began after the call has found the primary.
   *
   * @param timeline That of the primary that it must be; any if left out.
   * @throws {UnavailableError} if there is none, or another one.
   */
  confirm(timeline?: number): Promise<void>
  /**
   * Remembers the primary before a change. What it returns is called after it, and resolves when a round that
   * began then has found the same one. Both take their time from that of the request.
   *
   * @throws {UnavailableError} if there is none, or another one: the change may not have been done.
   */
  hold(): Promise<() => Promise<void>>
  /** The confirmation ends at once: a statement has had no answer. */
  doubt(): void
  /** For new connections; undefined if there is one host. */
  readonly admit: Admit | undefined
  close(): Promise<void>
}

/** With one host, or where any server will do, nothing is asked: it is the primary. */
const onlyServer: Primary = {
  timeline: 0,
  isConfirmed: () => true,
  async confirm() {},
  hold: async () => async () => {},
  doubt() {},
  admit: undefined,
  async close() {},
}

/** Whether the servers of a URL are asked which of them is the primary. */
export function isWatched({ session, hosts }: PostgresTarget): boolean {
  return session !== 'any' && hosts.length > 1
}

/**
 * Watches which of several servers is the primary.
 *
 * A server that was cut off from its cluster does not know that another one was promoted. It goes on as the primary,
 * unless somebody stops it. So all hosts are asked at once, in a round, and of those that are not in
 * recovery the one on the highest timeline wins.
 *
 * A host that does not answer in time is asked again in each round, but no round waits for it until it has
 * answered. So a server that is gone does not make anybody wait.
 *
 * @param limit Milliseconds that a request waits for the database.
 */
export function watchPrimary(target: PostgresTarget, limit: number): Primary {
  if (!isWatched(target)) return onlyServer
  const timelines = createTimelines()
  const hosts = target.hosts.map((host) => createWatchedHost(host, target, timelines))
  const silent = new Set<WatchedHost>()
  let confirmed = { at: Number.NEGATIVE_INFINITY, timeline: 0 }
  let doubtedAt = Number.NEGATIVE_INFINITY
  let current: Promise<boolean> | undefined
  let next: Promise<boolean> | undefined

  /** True if the primary that was known when it began is the one. */
  async function round(): Promise<boolean> {
    const at = performance.now()
    const timeline = timelines.highest
    const time = new TimeLimit(answerWithin)
    const { promise: found, resolve: declareFound } = Promise.withResolvers<void>()
    let isFound = false

    async function ask(host: WatchedHost): Promise<void> {
      try {
        const answered = await host.ask()
        if (!time.isOver) silent.delete(host)
        isFound ||= answered === timeline && timeline > 0
        if (isFound) declareFound()
      } catch {
        silent.add(host)
      }
    }
    // An answer that comes late to an earlier question says nothing of now.
    const free = hosts.filter(({ isAsked }) => !isAsked)
    // If all were silent, the first to be back may be the one that was left behind.
    const known = free.some((host) => !silent.has(host)) ? silent : new Set<WatchedHost>()
    const [awaited, others] = [false, true].map((isSilent) =>
      free.filter((host) => known.has(host) === isSilent).map(ask),
    ) as [Promise<void>[], Promise<void>[]]
    try {
      await time.race(() => Promise.all(awaited))
      await time.race(() => Promise.race([Promise.all(others), found]))
    } catch {
      for (const host of free) if (host.isAsked) silent.add(host)
    }
    time.end()
    if (isFound && at > doubtedAt) confirmed = { at, timeline }
    return isFound && timelines.highest === timeline
  }

  /** A round that begins after the call, the same for all that wait for one. */
  function begin(): Promise<boolean> {
    next ??= (current ?? Promise.resolve()).then(() => {
      next = undefined
      current = round()
      return current.finally(() => {
        current = undefined
      })
    })
    return next
  }

  function isConfirmed(): boolean {
    const age = performance.now() - confirmed.at
    if (age >= holdsFor || confirmed.timeline !== timelines.highest) return false
    if (age > askAfter && current === undefined) void begin()
    return true
  }

  async function confirm(timeline?: number): Promise<void> {
    let known: number
    let isFound: boolean
    // When a server turns up on a higher timeline, a round has to find it that knew of it.
    do {
      known = timelines.highest
      isFound = await begin()
    } while (timelines.highest !== known)
    if (timeline !== undefined && timeline !== known) throw anotherPrimary()
    if (!isFound) {
      const says = hosts.map((host) => host.says).join('; ')
      throw unavailable(new ConnectError(says, undefined))
    }
  }

  async function confirmInTime(timeline?: number): Promise<void> {
    const time = limitOfRequest(limit)
    try {
      await time.race(() => confirm(timeline))
    } catch (error) {
      throw unavailable(error)
    } finally {
      time.end()
    }
  }

  return {
    get timeline() {
      return timelines.highest
    },
    isConfirmed,
    confirm,
    async hold() {
      if (!isConfirmed()) await confirmInTime()
      const timeline = timelines.highest
      return () => confirmInTime(timeline)
    },
    doubt() {
      doubtedAt = performance.now()
      confirmed = { at: Number.NEGATIVE_INFINITY, timeline: 0 }
    },
    admit: timelines.admit,
    async close() {
      await Promise.all(hosts.map((host) => host.end()))
    },
  }
}
