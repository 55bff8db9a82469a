import type { Channel, Listener } from './channel.ts'

/** The listeners of a channel, and what has been heard by all of them. */
export interface Members extends Pick<Listener, 'message'> {
  /** Calls back when every member has heard all that was committed before the call. */
  ask(allHeard: () => void): void
}

interface Question {
  readonly number: number
  readonly callers: readonly (() => void)[]
  /** Whether this process itself has read the log since it asked. */
  isRead: boolean
  /** The members that have not answered yet, once it is known whom it has reached. */
  missing: Set<number> | undefined
  /** Those of them that have said nothing since. */
  silent: Set<number>
}

/**
 * Keeps the list of members: the processes that have `joined` and not `left`.
 *
 * A question is `sync <number>`, its answer `heard <whom> <number>`. A member answers after it has read the
 * log in a statement that it began after it had heard the question. Every member receives all messages
 * in the order of the commits. A process that joins before a question is on the asker's list when the
 * asker receives its own question. A process that joins after it has read no old data.
 *
 * One question serves all callers that wait, and the next one begins when it is over.
 *
 * A member that says nothing within `giveUpAfter` milliseconds is taken off the list. By then it no longer
 * trusts its cache. It will not trust it again before it has said something, which puts it back on the list.
 */
export function createMembers(
  { pid: self, say, sayAfterReading }: Pick<Channel, 'pid' | 'say' | 'sayAfterReading'>,
  giveUpAfter: number,
): Members {
  const members = new Set<number>()
  let waiting: (() => void)[] = []
  let question: Question | undefined
  let asked = 0

  function begin(): void {
    question = undefined
    if (waiting.length === 0) return
    const begun: Question = {
      number: ++asked,
      callers: waiting,
      isRead: false,
      missing: undefined,
      silent: new Set(),
    }
    waiting = []
    question = begun
    void say(`sync ${asked}`).then((isRead) => {
      begun.isRead = isRead
      endIfHeard()
    })
  }

  /** The list is that of the moment at which the own question comes back, in the order of all messages. */
  function reach(reached: Question): void {
    reached.missing = new Set(members)
    reached.silent = new Set(members)
    setTimeout(() => void giveUp(reached), giveUpAfter).unref()
    endIfHeard()
  }

  function endIfHeard(): void {
    if (!question?.isRead || question.missing?.size !== 0) return
    for (const allHeard of question.callers) allHeard()
    begin()
  }

  /** What a member has said may lie here unread. It is read before the answer to a question of our own. */
  async function giveUp(given: Question): Promise<void> {
    if (question !== given || !(await say()) || question !== given) return
    for (const member of given.silent) members.delete(member)
    begin()
  }

  return {
    message([word, first, second], sender) {
      if (sender !== self) members.add(sender)
      question?.silent.delete(sender)
      switch (word) {
        case 'sync':
          if (sender !== self) sayAfterReading(`heard ${sender} ${first}`)
          else if (question?.number === Number(first)) reach(question)
          break
        case 'heard':
          if (Number(first) === self && Number(second) === question?.number) {
            question.missing?.delete(sender)
            endIfHeard()
          }
          break
        case 'left':
          members.delete(sender)
          question?.missing?.delete(sender)
          endIfHeard()
      }
    },
    ask(allHeard) {
      waiting.push(allHeard)
      if (question === undefined) begin()
    },
  }
}
