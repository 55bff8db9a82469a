import { createHash } from 'node:crypto'
import type pg from 'pg'
import { prefixed, type TableNames } from '../sql/names.ts'

/**
 * The channel on which the processes of one installation talk to one another, and no other installation in the
 * same database does. It is made of where the tables are found, not of the options: a process that finds them
 * by its `search_path` is one of them, too.
 */
export async function readCachesChannel(client: pg.Client, names: TableNames): Promise<string> {
  const { rows } = await client.query<{ place: string }>(
    `select nspname || '.' || relname as place
      from pg_catalog.pg_class as t join pg_catalog.pg_namespace as s on s.oid = t.relnamespace
      where t.oid = $1::regclass`,
    [quotedName(names, 'users')],
  )
  const digest = createHash('sha256').update(String(rows[0]?.place))
  // Names of channels have 63 bytes at most.
  return `portcullis_${digest.digest('hex').slice(0, 32)}`
}

/** The name of a table of the installation, for a statement. */
export function quotedName(names: TableNames, table: string): string {
  return [names.schema, prefixed(names, table)].flatMap((name) => quoted(name)).join('.')
}

function quoted(name: string | undefined): readonly string[] {
  return name === undefined ? [] : [`"${name}"`]
}
