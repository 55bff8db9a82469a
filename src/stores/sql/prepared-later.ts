/** A read that is prepared when it is needed first: where its feature is not used it never is. */
export function preparedLater<Read extends (...parameters: readonly string[]) => unknown>(
  prepare: () => Read,
): (...parameters: readonly string[]) => ReturnType<Read> {
  let read: Read | undefined
  return (...parameters) => {
    read ??= prepare()
    return read(...parameters) as ReturnType<Read>
  }
}
