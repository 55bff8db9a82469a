import type { Migration } from 'kysely/migration'

/** A step from an empty database to today's tables. */
export interface Step extends Pick<Migration, 'up'> {
  /**
   * What it gives names to which are one of a kind in a schema, without the prefix: tables, indexes,
   * functions. Nobody else's may be there when it is made.
   */
  readonly makes: readonly string[]
}
