// Where the data is.

import { postgresUrlProblems } from '../../stores/postgres/url.ts'
import { schemaProblems, tablePrefixProblems } from '../../stores/sql/names.ts'
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

export const databaseSchema: Setting<string | undefined> = judged(
  'DATABASE_SCHEMA',
  schemaProblems,
  {
    fallback: undefined,
    default: "the first of the connection's `search_path`",
    description:
      'Schema of PostgreSQL that all tables are in, made if it is not there. See [a database that you already have](existing-database.md).',
  },
)

export const databaseTablePrefix: Setting<string | undefined> = judged(
  'DATABASE_TABLE_PREFIX',
  tablePrefixProblems,
  {
    fallback: undefined,
    default: 'none',
    description:
      'What the names of all tables begin with, such as `auth_`, where a database has a table `users` of its own. For SQLite too.',
  },
)

export const databasePoolSize: Setting<number> = integer('DATABASE_POOL_SIZE', {
  least: 1,
  most: 1000,
  fallback: 10,
  description:
    'Connections of this process to PostgreSQL, at most, but for [up to four](postgres.md#limits).',
})

export const cacheUsers: Setting<number> = integer('CACHE_USERS', {
  least: 1,
  most: 10_000_000,
  fallback: 10_000,
  description:
    'Users whose guarded requests this process answers from its memory, about a kilobyte each; PostgreSQL only. See [which node a user comes to](scaling.md#which-node-a-user-comes-to).',
})

/** Seconds. */
export const databaseStatementTimeout: Setting<number> = integer('DATABASE_STATEMENT_TIMEOUT', {
  least: 1,
  most: 3600,
  fallback: 5,
  description:
    'Seconds that PostgreSQL may work on a statement which reads a whole table, such as a search among all users. All others have 1.5, or this if it is less.',
})
