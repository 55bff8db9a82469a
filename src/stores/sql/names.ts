/** What the tables of an installation are called, so that they fit into a database with tables of others. */
export interface TableNames {
  /**
   * The schema that all of them are in, made if it is not there; PostgreSQL alone. Default: the first
   * schema of the connection's `search_path`.
   */
  readonly schema?: string | undefined
  /** What all their names begin with, such as `auth_`. Default: nothing. */
  readonly tablePrefix?: string | undefined
}

/** PostgreSQL cuts longer names off, and then two may be the same. */
const longestName = 63
/** Short enough for the names that PostgreSQL makes of ours, such as that of a constraint. */
const longestPrefix = 20

/** What is wrong with the name of a schema, to follow the name of its setting. */
export function schemaProblems(name: string): readonly string[] {
  return isName(name, longestName) && !/^(pg_|information_schema$)/i.test(name)
    ? []
    : [
        `must be a name such as auth: letters, digits and _, at most ${longestName}, and neither a digit nor pg_ at the beginning`,
      ]
}

/** What is wrong with a prefix, to follow the name of its setting. */
export function tablePrefixProblems(prefix: string): readonly string[] {
  return isName(prefix, longestPrefix) && prefix === prefix.toLowerCase() && !isOfSqlite(prefix)
    ? []
    : [
        `must have 1 to ${longestPrefix} small letters, digits or _, such as auth_, and must not begin with a digit or sqlite_`,
      ]
}

/** Every sentence against the names that the options of a store give. */
export function nameProblems({ schema, tablePrefix }: TableNames): readonly string[] {
  return [
    ...(schema === undefined ? [] : schemaProblems(schema).map((each) => `schema ${each}.`)),
    ...(tablePrefix === undefined
      ? []
      : tablePrefixProblems(tablePrefix).map((each) => `tablePrefix ${each}.`)),
  ]
}

/** A name with the prefix of the installation. */
export function prefixed({ tablePrefix = '' }: TableNames, name: string): string {
  return `${tablePrefix}${name}`
}

function isName(text: string, longest: number): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && text.length <= longest
}

function isOfSqlite(prefix: string): boolean {
  return prefix.startsWith('sqlite_')
}
