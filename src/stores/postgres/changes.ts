import type { TableNames } from '../sql/names.ts'
import { type Channel, openChannel } from './channel.ts'
import type { Connect } from './connect.ts'
import { createMembers, type Members } from './members.ts'

/**
 * Milliseconds that a cache trusts itself after it has asked the server whether there is news. An
 * answer from the cache is thus never older than a question that was answered.
 */
const trustFor = 250
/** Milliseconds after which a request makes the cache ask again. Who serves nobody asks nothing. */
const askAfter = 50
/**
 * Milliseconds after a change by which every cache has heard of it or does not trust itself. Longer
 * than the trust, so that a timer may be early.
 */
const enough = 300
const firstPause = 100
const longestPause = 5000

/** What a process knows of the changes that others make. */
export interface Changes {
  /**
   * Whether all that was committed until `trustFor` milliseconds ago has been heard. Starts to
   * listen when it is first asked.
   */
  isCurrent(): boolean
  /** Resolves when no process answers from a cache what was true before the call. Never rejects. */
  heardByAll(): Promise<void>
  close(): Promise<void>
}

export interface ChangesOptions {
  /** Opens a connection to the server that is written to. */
  readonly connect: Connect
  /** What the tables are called. */
  readonly names: TableNames
  /** A user, or one of their sessions, has changed. */
  readonly drop: (userId: string) => void
  /** Anything may have changed. */
  readonly clear: () => void
}

/**
 * Listens to the changes of the database, over a connection of its own that is opened again when it
 * is lost, and lets writers wait until a change was heard everywhere.
 *
 * Triggers notify every process of a change, and `drop` or `clear` is called. That takes a
 * moment; two rules make the end of a write, as its caller sees it, the end of what was true before:
 *
 * 1. A process trusts what it has heard for 250 ms after it has asked its connection for news and got
 *    an answer. Notifications come in order, those of finished writes ahead of the answer. A process
 *    that is cut off, stopped or too busy to listen thus reads the database instead, by its own clock.
 * 2. A writer asks all who listen whether they have heard, and waits for their answers, about one
 *    round trip, or for 300 ms, after which rule 1 holds for whoever has not answered. Without a
 *    connection of its own, or in its first 300 ms, when those who have just been cut off may not be
 *    on its list, it waits for that time.
 */
export function createChanges({ connect, names, drop, clear }: ChangesOptions): Changes {
  let started: Promise<void> | undefined
  let joined: { channel: Channel; members: Members; at: number } | undefined
  let isClosed = false
  let pause = firstPause
  const { promise: closed, resolve: declareClosed } = Promise.withResolvers<void>()

  async function join(): Promise<void> {
    let members: Members | undefined
    const channel = await openChannel(connect, names, (opened) => {
      members = createMembers(opened, enough)
      const { message } = members
      return { message, change: (what) => (what === '*' ? clear() : drop(what)) }
    })
    // Only who is on the others' lists may trust what it hears.
    await channel.say('joined')
    if (members !== undefined && channel.heardUntil > 0 && !isClosed) {
      clear()
      joined = { channel, members, at: performance.now() }
      pause = firstPause
      await Promise.race([channel.ended, closed])
      joined = undefined
      clear()
    }
    if (channel.heardUntil > 0) await channel.say('left')
    await channel.end()
  }

  async function listen(): Promise<void> {
    while (!isClosed) {
      await join().catch(() => {})
      await Promise.race([closed, sleep(pause * (1 + Math.random()))])
      pause = Math.min(2 * pause, longestPause)
    }
  }

  return {
    isCurrent() {
      started ??= listen()
      if (joined === undefined) return false
      const { channel } = joined
      const age = performance.now() - channel.heardUntil
      if (age > askAfter) void channel.say()
      return age < trustFor
    },
    async heardByAll() {
      if (!isClosed) started ??= listen()
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, enough)
        if (joined === undefined || performance.now() - joined.at < enough) return
        joined.members.ask(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    },
    async close() {
      isClosed = true
      declareClosed()
      // The connection keeps no process alive; what it has to say at the end does.
      const alive = setInterval(() => {}, 1000)
      await started
      clearInterval(alive)
    },
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref())
}
