/** A port may answer at once (SQLite, memory) or later (PostgreSQL). */
export type MaybePromise<T> = T | Promise<T>

/**
 * Maps a value that may be there already, without waiting for it then: a guarded request on SQLite
 * takes no promise at all.
 */
export function mapAnswer<T, R>(
  value: MaybePromise<T>,
  change: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(change) : change(value)
}
