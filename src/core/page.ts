/** A query of one page of a list. How many it may hold is 100 unless the query says otherwise. */
export type PageQuery<Query extends { readonly limit: number }> = Omit<Query, 'limit'> & {
  /** The most to return. Default 100. */
  readonly limit?: number
}

/** @throws {RangeError} if the limit is no whole number, or below 1. */
export function withLimit<Query extends { readonly limit: number }>(
  query: PageQuery<Query> = {} as PageQuery<Query>,
): Query {
  const { limit = 100 } = query
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new RangeError('The limit of a page must be a whole number of at least 1.')
  }
  return { ...query, limit } as unknown as Query
}
