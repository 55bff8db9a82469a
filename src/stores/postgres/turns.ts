/** What a process says to the others and reads of the log, one statement after the other. */
export interface Turns {
  /**
   * The instant, by `performance.now()`, until which everything that was committed has been read, and
   * since which no other process has taken this one off its list. -Infinity before, and after the end.
   */
  readonly heardUntil: number
  /**
   * Says messages. Resolves to true when a statement that began after the call has said them and what it
   * read has been told, and to false if the connection ends first.
   */
  say(...messages: readonly string[]): Promise<boolean>
  /** Says a message after a statement that began after the call has been answered, and what it read been told. */
  sayAfterReading(message: string): void
  /** Reads, unless it is reading. */
  read(): void
  /** Begins with what has been asked for. */
  start(): void
  end(): void
}

/**
 * Takes turns: each is one statement, which says what is to be said by then, and reads. All who ask while
 * one is on its way are served by the next.
 *
 * @param exchange Says messages in a statement, and tells what it has read. Rejects if the connection is lost.
 * @param onLost Called when it has rejected.
 */
export function createTurns(
  exchange: (messages: readonly string[]) => Promise<void>,
  onLost: () => void,
): Turns {
  let state: 'waiting' | 'started' | 'ended' = 'waiting'
  let heardUntil = -Infinity
  /** When the newest statement was sent that has been answered and said something. */
  let saidAt = -Infinity
  let next: PromiseWithResolvers<boolean> | undefined
  let isTalking = false
  const unsaid: string[] = []
  const afterReading: string[] = []

  async function talk(): Promise<void> {
    isTalking = true
    while (next !== undefined && state === 'started') {
      const { resolve } = next
      next = undefined
      const messages = unsaid.splice(0)
      const answers = afterReading.splice(0)
      const sentAt = performance.now()
      await exchange(messages).catch(() => {
        end()
        onLost()
      })
      if (state !== 'started') return resolve(false)
      if (answers.length > 0) void say(...answers)
      moveHeardUntil(sentAt)
      if (messages.length > 0) saidAt = sentAt
      resolve(true)
    }
    isTalking = false
  }

  /**
   * The server delivers what others have asked before a statement ahead of its answer. Who has not answered
   * them for long may have been taken off their lists, until it says something. So the statement is trusted if
   * nothing is left to say; or from when something was said before it began, since that puts it back.
   */
  function moveHeardUntil(sentAt: number): void {
    const owesNothing = unsaid.length === 0 && afterReading.length === 0
    heardUntil = Math.max(heardUntil, owesNothing ? sentAt : saidAt)
  }

  function turn(): Promise<boolean> {
    if (state === 'ended') return Promise.resolve(false)
    next ??= Promise.withResolvers()
    const { promise } = next
    if (state === 'started' && !isTalking) void talk()
    return promise
  }

  function say(...messages: readonly string[]): Promise<boolean> {
    unsaid.push(...messages)
    return turn()
  }

  function end(): void {
    state = 'ended'
    heardUntil = -Infinity
    next?.resolve(false)
  }

  return {
    get heardUntil() {
      return heardUntil
    },
    say,
    sayAfterReading(message) {
      afterReading.push(message)
      void turn()
    },
    read() {
      if (!isTalking) void turn()
    },
    start() {
      if (state !== 'waiting') return
      state = 'started'
      if (next !== undefined) void talk()
    },
    end,
  }
}
