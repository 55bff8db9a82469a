// Where the data is.

import { postgresUrlProblems } from '../../stores/postgres/url.ts'
import { integer, judged, type Setting, text } from './setting.ts'

export const dataDirectory: Setting<string> = text('DATA_DIR', {
  fallback: './data',
  description: 'Directory of the database and its key, made with mode 0700.',
})

/** Undefined: SQLite in the data directory. */
export const databaseUrl: Setting<string | undefined> = judged(
  'DATABASE_URL',
  postgresUrlProblems,
  {
    fallback: undefined,
    default: 'SQLite in the data directory',
    description:
      'A `postgres://` URL; needs the package `pg`. Processes on several machines share `KEY_ENCRYPTION_KEY` or `SECRET_KEY` too. See [PostgreSQL](postgres.md).',
    secret: true,
  },
)

export const databasePoolSize: Setting<number> = integer('DATABASE_POOL_SIZE', {
  least: 1,
  most: 1000,
  fallback: 10,
  description: 'Connections of this process to PostgreSQL, at most.',
})

/** Seconds. */
export const databaseStatementTimeout: Setting<number> = integer('DATABASE_STATEMENT_TIMEOUT', {
  least: 1,
  most: 3600,
  fallback: 5,
  description:
    'Seconds that PostgreSQL may work on a statement which reads a whole table, such as a search among all users. All others have 1.5, or this if it is less.',
})
