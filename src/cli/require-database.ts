import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { databaseFile, hasTables, tableNames } from '../server/inspect-database.ts'
import { readConfig } from '../server/settings/config.ts'
import { readEnvironment } from '../server/settings/environment.ts'
import type { Config } from '../server/settings/settings.ts'
import { parsePostgresUrl } from '../stores/postgres/url.ts'
import { CommandFailure } from './exit-code.ts'

/**
 * Lets a command run on a database that is there, and says which one that is: else a command in the wrong
 * directory would make another installation, and change that.
 */
export function onDatabase(command: Command): Command {
  return command.hook('preAction', async (_command, action) => {
    const config = readConfig(readEnvironment())
    await requireDatabase(config, action.opts<{ json?: boolean }>().json)
  })
}

/**
 * Says on standard error which database a command works on; nothing with `isQuiet`, since what a program
 * reads may be both streams.
 *
 * @throws {CommandFailure} if there is none.
 */
export async function requireDatabase(config: Config, isQuiet = false): Promise<void> {
  await requireThere(config)
  if (!isQuiet) console.error(`Database: ${nameOf(config)}`)
}

async function requireThere(config: Config): Promise<void> {
  const { databaseUrl, dataDirectory } = config
  if (databaseUrl === undefined && !isThere(databaseFile(dataDirectory))) {
    throw new CommandFailure(
      'input',
      `There is no database here: ${nameOf(config)} does not exist. ${suggestion(dataDirectory)}`,
    )
  }
  if (await hasTables(config)) return
  throw new CommandFailure(
    'input',
    `There are no tables of Portcullis in the database: ${nameOf(config)}. Run serve or migrate, which make them, or set DATABASE_SCHEMA and DATABASE_TABLE_PREFIX as the server has them.`,
  )
}

function isThere(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0
}

function nameOf(config: Config): string {
  const { schema, tablePrefix } = tableNames(config)
  return [
    placeOf(config),
    ...(schema === undefined ? [] : [`schema ${schema}`]),
    ...(tablePrefix === undefined ? [] : [`tables ${tablePrefix}*`]),
  ].join(', ')
}

function placeOf({ databaseUrl, dataDirectory }: Config): string {
  if (databaseUrl === undefined) return resolve(databaseFile(dataDirectory))
  const { hosts, database, user = 'postgres' } = parsePostgresUrl(databaseUrl)
  const places = hosts.map(({ host, port }) => `${host} port ${port}`).join(', ')
  return `PostgreSQL, ${database ?? user} on ${places}`
}

/** What is likely meant: the installation that this directory is in, or one that is still to be made. */
function suggestion(dataDirectory: string): string {
  for (let place = dirname(process.cwd()); ; place = dirname(place)) {
    const found = databaseFile(join(place, 'data'))
    if (existsSync(found)) {
      return `Did you mean ${found}? Run the command in ${place}, or set DATA_DIR=${dirname(found)}.`
    }
    if (place === dirname(place)) break
  }
  return `Run serve or migrate, which make one, or set DATA_DIR to where it is (it is ${dataDirectory}).`
}
