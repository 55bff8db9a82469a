import { Command } from 'commander'
import type { Auth } from '../core/auth.ts'
import { systemClock } from '../core/clock.ts'
import { revokeAll } from '../core/sessions/revoke-all.ts'
import { databaseFile, tableNames } from '../server/inspect-database.ts'
import { makeDirectory, openAuth, openStore } from '../server/open-auth.ts'
import { readConfig } from '../server/settings/config.ts'
import { readEnvironment } from '../server/settings/environment.ts'
import type { Config } from '../server/settings/settings.ts'
import { requireDatabase } from './require-database.ts'
import { whoRunsThis } from './with-auth.ts'

/** `portcullis backup`: of SQLite, while a server runs or not. */
export function backupCommand(): Command {
  return new Command('backup')
    .argument('<file>')
    .option('--force', 'replace the file if it is there')
    .description('copy the SQLite database into a file, while it is in use')
    .action(async (file: string, { force }: { force?: boolean }, command: Command) => {
      const config = requireSqlite(command, 'pg_dump --format=custom --file=FILE "$DATABASE_URL"')
      await requireDatabase(config)
      const path = databaseFile(config.dataDirectory)
      const { copyDatabase } = await import('../stores/sqlite/copy.ts')
      await copyDatabase(path, file, force)
      console.log(`The database is copied into ${file}.`)
      console.log(`Its key is not: keep a copy of ${path}.key in another place.`)
    })
}

/** `portcullis restore`: of SQLite, with the server stopped. */
export function restoreCommand(): Command {
  return new Command('restore')
    .argument('<file>')
    .description('put a backup in the place of the SQLite database; everybody has to log in again')
    .action(async (file: string, _options: object, command: Command) => {
      const config = requireSqlite(command, 'pg_restore, and then `portcullis revoke-all`')
      makeDirectory(config.dataDirectory)
      const path = databaseFile(config.dataDirectory)
      const { restoreSqlite } = await import('../stores/sqlite/restore.ts')
      const former = await restoreSqlite(file, path, systemClock, whoRunsThis(), tableNames(config))
      if (former !== null) console.log(`The previous database is kept as ${former}.`)
      await tellWhatIsThere(config)
    })
}

/** `portcullis revoke-all`: for a database that any tool has brought back to an earlier state. */
export function revokeAllCommand(): Command {
  return new Command('revoke-all')
    .description(
      'revoke every session and token, after pg_restore or the failover to a standby that was behind',
    )
    .action(async () => {
      const config = readConfig(readEnvironment())
      const store = await openStore(config)
      try {
        await revokeAll(store, systemClock, whoRunsThis())
      } finally {
        await store.close()
      }
      await tellWhatIsThere(config)
    })
}

/** Opening it makes the new signing key, and shows that the database can be served from. */
async function tellWhatIsThere(config: Config): Promise<void> {
  const auth: Auth = await openAuth(config)
  try {
    const { total } = await auth.users.counts()
    console.log(`Users: ${total}. Every session is revoked, and every token with it.`)
  } finally {
    await auth.close()
  }
}

/** Returns the configuration of a database that is a file. */
function requireSqlite(command: Command, instead: string): Config {
  const config = readConfig(readEnvironment())
  if (config.databaseUrl !== undefined) {
    command.error(`error: the data is in PostgreSQL: use ${instead}`)
  }
  return config
}
