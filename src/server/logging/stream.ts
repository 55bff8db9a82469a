import type { Writable } from 'node:stream'

/** Where the log goes. */
export interface LogStream {
  write(line: string): void
  /** Lines that were dropped since the start. */
  readonly dropped: number
}

/** Bytes of the log that wait in memory to be read. */
const limit = 1024 * 1024

/**
 * A log that is not read, or cannot be written, holds up nothing: its lines wait in memory up to a
 * limit, and those beyond are dropped. When what waited was read, a line says how many they were.
 *
 * @param output A stream that does not block, as `process.stdout` is for pipes.
 */
export function createLogStream(output: Writable): LogStream {
  let dropped = 0
  let untold = 0
  // A disk that is full, or a reader that is gone: without a listener it would end the process.
  output.on('error', () => {})

  function drop(): void {
    dropped++
    untold++
  }

  function send(line: string): void {
    output.write(line, (error) => {
      if (error) drop()
    })
  }

  return {
    write(line) {
      // Once it drops, it does so until all was read: one gap, not many.
      if (output.writableLength > (untold > 0 ? 0 : limit)) return drop()
      if (untold > 0) {
        const gap = { level: 40, time: Date.now(), pid: process.pid, dropped: untold }
        untold = 0
        send(
          `${JSON.stringify({ ...gap, msg: 'lines of the log were dropped: the log was not read' })}\n`,
        )
      }
      send(line)
    },
    get dropped() {
      return dropped
    },
  }
}
