// How a column is read where the two engines, or a list in a text, make it something else than a record has.

/** The words of a column that keeps them apart by spaces. */
export function words(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ')
}

/** A number, such as an instant, or none. PostgreSQL keeps it as bigint, and its driver reads that as text. */
export function numberOrNull(value: number | null): number | null {
  return value === null ? null : Number(value)
}
