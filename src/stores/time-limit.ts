/** A time limit that ran out. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError'
}

/** One time limit for several things that are waited for, one after the other. */
export class TimeLimit {
  readonly #timer: NodeJS.Timeout
  #error: TimeLimitError | undefined
  #giveUp: (error: TimeLimitError) => void = () => {}

  /** Begins now. */
  constructor(milliseconds: number) {
    // A turn later: after a stall of this process the timer is due before the answer is read that
    // has long been here.
    this.#timer = setTimeout(() => setImmediate(() => this.#expire()), milliseconds)
  }

  /**
   * What the work comes to, or a rejection when the limit has run out. It is not started after that; if it
   * was before, it goes on.
   */
  race<T>(start: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) throw this.#error
      this.#giveUp = reject
      start().then(resolve, reject)
    })
  }

  /** True if it has run out, and what was waited for was given up. */
  get isOver(): boolean {
    return this.#error !== undefined
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #expire(): void {
    this.#error = new TimeLimitError('no answer in time')
    this.#giveUp(this.#error)
  }
}

/**
 * What the work comes to, or a rejection with a `TimeLimitError` when it has not come to anything in time.
 * The work goes on then.
 */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const limit = new TimeLimit(milliseconds)
  try {
    return await limit.race(() => work)
  } finally {
    limit.end()
  }
}
