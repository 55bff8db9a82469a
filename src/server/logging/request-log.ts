import type { FastifyBaseLogger, FastifyServerOptions } from 'fastify'

type MakeChild = NonNullable<FastifyServerOptions['childLoggerFactory']>
type Bindings = Parameters<MakeChild>[1]
type ChildOptions = Parameters<MakeChild>[2]
type Words = Parameters<FastifyBaseLogger['info']>

/** Makes the log of a request, whose lines carry its id, when the first line is written. Most requests write none. */
export function createRequestLogs(log: FastifyBaseLogger): MakeChild {
  return (_parent, bindings, options) => new RequestLog(log, bindings, options)
}

/** What Fastify and plugins use of a log. It is there for every request, so it holds no function of its own. */
class RequestLog implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: ChildOptions
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options: ChildOptions) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get #log(): FastifyBaseLogger {
    this.#made ??= this.#parent.child(this.#bindings, this.#options)
    return this.#made
  }

  get level(): string {
    return this.#log.level
  }

  set level(level: string) {
    this.#log.level = level
  }

  fatal(...words: Words): void {
    this.#log.fatal(...words)
  }

  error(...words: Words): void {
    this.#log.error(...words)
  }

  warn(...words: Words): void {
    this.#log.warn(...words)
  }

  info(...words: Words): void {
    this.#log.info(...words)
  }

  debug(...words: Words): void {
    this.#log.debug(...words)
  }

  trace(...words: Words): void {
    this.#log.trace(...words)
  }

  silent(...words: Words): void {
    this.#log.silent(...words)
  }

  child(bindings: Bindings, options?: ChildOptions): FastifyBaseLogger {
    return this.#log.child(bindings, options)
  }
}
