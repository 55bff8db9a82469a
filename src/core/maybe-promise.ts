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
  if (value instanceof Promise) return value.then(change)
  // A driver may have promises of its own; taken for a value, a refusal would be one too.
  const { then } = Object(value) as { readonly then?: unknown }
  return typeof then === 'function' ? Promise.resolve(value).then(change) : change(value)
}
