import type { Channel, Listener } from './channel.ts'

/** The listeners of a channel, and what has been heard by all of them. */
export interface Members extends Pick<Listener, 'message'> {
  /** Calls back when every member has heard all that was committed before the call. */
  ask(allHeard: () => void): void
}

interface Question {
  readonly allHeard: () => void
  /** The members that have not answered yet. */
  readonly missing: Set<number>
  readonly timer: NodeJS.Timeout
}

/**
 * Keeps the list of members: the processes that have `joined` and not `left`.
 *
 * A question is `sync <number>`, its answer `heard <whom> <number>`. Every member receives all messages
 * in the order of the commits. A process that joins before a question is on the asker's list when the
 * asker receives its own question. A process that joins after it has read no old data.
 *
 * A member that does not answer within `giveUpAfter` milliseconds is taken off the list. By then it no
 * longer trusts its cache. It will not trust it again before it has answered, and the answer puts it
 * back on the list.
 */
export function createMembers(
  { pid: self, say, ended }: Pick<Channel, 'pid' | 'say' | 'ended'>,
  giveUpAfter: number,
): Members {
  const members = new Set<number>()
  const unheard = new Map<number, () => void>()
  const open = new Map<number, Question>()
  let asked = 0

  // The list belongs to this connection. The timers must not take members off it after its end.
  void ended.then(() => {
    for (const { timer } of open.values()) clearTimeout(timer)
  })

  function strike(number: number, member: number): void {
    const question = open.get(number)
    question?.missing.delete(member)
    if (question?.missing.size !== 0) return
    clearTimeout(question.timer)
    open.delete(number)
    question.allHeard()
  }

  function begin(number: number): void {
    const allHeard = unheard.get(number)
    if (allHeard === undefined) return
    unheard.delete(number)
    const missing = new Set(members)
    const timer = setTimeout(() => {
      for (const member of missing) members.delete(member)
      open.delete(number)
    }, giveUpAfter).unref()
    open.set(number, { allHeard, missing, timer })
    strike(number, self)
  }

  return {
    message([word, first, second], sender) {
      if (sender !== self) members.add(sender)
      switch (word) {
        case 'sync':
          if (sender === self) begin(Number(first))
          else void say(`heard ${sender} ${first}`)
          break
        case 'heard':
          if (Number(first) === self) strike(Number(second), sender)
          break
        case 'left':
          members.delete(sender)
          for (const number of open.keys()) strike(number, sender)
      }
    },
    ask(allHeard) {
      asked++
      unheard.set(asked, allHeard)
      void say(`sync ${asked}`)
    },
  }
}
