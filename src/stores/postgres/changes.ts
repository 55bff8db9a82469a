import type { TableNames } from '../sql/names.ts'
import { type Channel, openChannel } from './channel.ts'
import type { Connect } from './connect.ts'
import { createMembers, type Members } from './members.ts'

/**
 * Milliseconds that a cache trusts itself after it has asked for news. So an answer from the cache is never
 * older than a question that was answered.
 */
const trustFor = 250
/** Milliseconds after which a request makes the cache ask again. An idle process does not ask. */
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
  /** Resolves when no process serves cached data from before the call. Never rejects. */
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
 * Reads the changes of the database, over a connection of its own that is opened again when it is lost, and
 * lets writers wait until a change was heard everywhere.
 *
 * Triggers write every change to a log, in the transaction that makes it. Two rules ensure that no process uses
 * old data once the write has returned to its caller:
 *
 * 1. A process reads the log, and calls `drop` or `clear` for what was committed since it last did. It trusts
 *    its cache for 250 ms after it has sent that question. A process that is cut off, stopped or too busy to
 *    read it asks the database instead, by its own clock.
 * 2. A writer asks every listening process whether it has heard of the change. It waits until all have
 *    read the log since and answered, about three round trips, but at most 300 ms. After that, rule 1 holds for
 *    a process that has not answered. The writer always waits 300 ms if it has no connection of its own. It
 *    also does in its first 300 ms: a process that was just cut off may be missing from its list.
 *
 * The processes speak with one another by notifications. A transaction of the writer has none: PostgreSQL lets
 * those that notify commit one after the other. What a process says has nothing that waits for the disk.
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
    if ((await channel.say('joined')) && members !== undefined && !isClosed) {
      clear()
      joined = { channel, members, at: performance.now() }
      pause = firstPause
      await Promise.race([channel.ended, closed])
      joined = undefined
      clear()
    }
    await channel.say('left')
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
      if (age > askAfter) channel.read()
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
