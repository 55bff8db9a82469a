import { join } from 'node:path'
import type { DatabaseInspection } from '../stores/inspection.ts'
import type { TableNames } from '../stores/sql/names.ts'
import type { SealingKeys } from '../stores/sql/sealed-signs.ts'
import { inspectSqlite, isOurSqlite } from '../stores/sqlite/inspection.ts'
import { needing } from './needed-package.ts'
import type { Config } from './settings/settings.ts'

/**
 * Looks at the database of a configuration without changing anything. Null if it is a file that is
 * not there yet.
 *
 * @param sealing Keys to look with at what is sealed. Default none: that is not looked at.
 * @throws {StoreError}, {UnavailableError} or {ConfigError} if it cannot be read.
 */
export async function inspectDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDirectory' | NameSettings>,
  sealing: SealingKeys | null = null,
): Promise<DatabaseInspection | null> {
  const { databaseUrl, dataDirectory } = config
  const names = tableNames(config)
  if (databaseUrl === undefined)
    return await inspectSqlite(databaseFile(dataDirectory), names, sealing)
  const { inspectPostgres } = await needing(
    'pg',
    'DATABASE_URL',
    () => import('../stores/postgres/inspection.ts'),
  )
  return await inspectPostgres(databaseUrl, names, sealing)
}

/**
 * True if the database of a configuration is there and has tables of ours, by the names of the configuration.
 *
 * @throws {StoreError}, {UnavailableError} or {ConfigError} if it cannot be read.
 */
export async function hasTables(
  config: Pick<Config, 'databaseUrl' | 'dataDirectory' | NameSettings>,
): Promise<boolean> {
  if (config.databaseUrl === undefined) {
    return await isOurSqlite(databaseFile(config.dataDirectory), tableNames(config))
  }
  return ((await inspectDatabase(config))?.steps.done.length ?? 0) > 0
}

type NameSettings = 'databaseSchema' | 'databaseTablePrefix'

/** What the tables are called; members that nothing is set for are left out. */
export function tableNames({
  databaseSchema: schema,
  databaseTablePrefix: tablePrefix,
}: Pick<Config, NameSettings>): DefinedNames {
  return {
    ...(schema !== undefined && { schema }),
    ...(tablePrefix !== undefined && { tablePrefix }),
  }
}

type DefinedNames = { readonly [K in keyof TableNames]?: Exclude<TableNames[K], undefined> }

/** The file of the database, where there is no server for it. */
export function databaseFile(dataDirectory: string): string {
  return join(dataDirectory, 'portcullis.db')
}

/** The file of the key that private keys are sealed under, unless the configuration holds it. */
export function keyFile({
  databaseUrl,
  dataDirectory,
}: Pick<Config, 'databaseUrl' | 'dataDirectory'>): string {
  return databaseUrl === undefined
    ? `${databaseFile(dataDirectory)}.key`
    : join(dataDirectory, 'portcullis.key')
}
