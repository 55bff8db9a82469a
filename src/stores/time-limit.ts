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

  /** What `work` comes to, or a rejection when the limit has run out. `work` itself goes on. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(resolve, reject)
      this.#giveUp = reject
      if (this.#error !== undefined) reject(this.#error)
    })
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #expire(): void {
    this.#error = new TimeLimitError('no answer in time')
    this.#giveUp(this.#error)
  }
}
