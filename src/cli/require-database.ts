import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { databaseFile, inspectDatabase } from '../server/inspect-database.ts'
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
  if (databaseUrl === undefined) {
    if (isThere(databaseFile(dataDirectory))) return
    throw new CommandFailure('input', `${absent(config)} ${suggestion(dataDirectory)}`)
  }
  const inspection = await inspectDatabase(config)
  if (inspection === null || inspection.steps.done.length === 0) {
    throw new CommandFailure('input', `${absent(config)} Run serve or migrate, which make them.`)
  }
}

function isThere(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0
}

function nameOf({ databaseUrl, dataDirectory }: Config): string {
  if (databaseUrl === undefined) return resolve(databaseFile(dataDirectory))
  const { hosts, database, user = 'postgres' } = parsePostgresUrl(databaseUrl)
  const places = hosts.map(({ host, port }) => `${host} port ${port}`).join(', ')
  return `PostgreSQL, ${database ?? user} on ${places}`
}

function absent(config: Config): string {
  return config.databaseUrl === undefined
    ? `There is no database here: ${nameOf(config)} does not exist.`
    : `There are no tables of Portcullis in the database: ${nameOf(config)}.`
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
