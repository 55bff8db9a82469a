import { Command } from 'commander'
import { ConfigError } from '../core/errors.ts'
import { inspectDatabase } from '../server/inspect-database.ts'
import { migrateDatabase } from '../server/open-auth.ts'
import { readConfig } from '../server/settings/config.ts'
import { readEnvironment } from '../server/settings/environment.ts'

/** `portcullis migrate`: what `serve` does to the tables at its start, by itself. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the tables up to date, and say what was done; serve does it too')
    .option('--check', 'change nothing; the exit code is 1 if there is something to do')
    .action(async ({ check }: { check?: true }) => {
      const config = readConfig(readEnvironment())
      const inspection = await inspectDatabase(config)
      const { pending, obstacle } = inspection?.steps ?? {}
      if (obstacle) throw new ConfigError([obstacle])
      if (check) {
        if (pending?.length === 0) return console.log('The tables are up to date.')
        console.log(
          pending === undefined
            ? 'There is no database yet: `migrate` creates it.'
            : `Missing steps: ${pending.join(', ')}.`,
        )
        process.exitCode = 1
        return
      }
      // Refuses a database of a newer version.
      await migrateDatabase(config)
      if (pending?.length === 0) return console.log('The tables were up to date.')
      const made = pending ?? (await inspectDatabase(config))?.steps.done ?? []
      console.log(`Made: ${made.join(', ')}.`)
    })
}
