import { Command } from 'commander'
import type { Auth } from '../core/auth.ts'
import { ConfigError } from '../core/errors.ts'
import type { Factors } from '../core/factors/factor-calls.ts'
import { instant, tableOf } from './terminal/table.ts'
import { findUser } from './user.ts'
import { withAuth } from './with-auth.ts'

/** `portcullis factor …`: second factors of users, and the way back in for who has lost theirs. */
export function factorCommand(): Command {
  const factor = new Command('factor').description('see and reset second factors')

  factor
    .command('list')
    .argument('<username>')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('list the second factors of a user')
    .action((username: string, { json }: { json?: true }) =>
      withAuth(async (auth) => {
        const factors = factorsOf(auth)
        const user = await findUser(auth.users, username)
        const found = await factors.list(user.id)
        const left = await factors.recoveryCodesLeft(user.id)
        if (json) {
          const described = found.map(({ id, kind, name, createdAt, lastUsedAt, synced }) => ({
            ...{ id, kind, name, created_at: createdAt, last_used_at: lastUsedAt },
            ...(synced !== null && { synced }),
          }))
          console.log(JSON.stringify({ factors: described, recovery_codes_left: left }, null, 2))
          return
        }
        const rows = found.map(({ name, kind, synced, createdAt, lastUsedAt }) => [
          ...[name, synced ? `${kind}, synced` : kind, instant(createdAt)],
          lastUsedAt === null ? '' : instant(lastUsedAt),
        ])
        console.log(tableOf([['NAME', 'KIND', 'CREATED', 'LAST USED'], ...rows]))
        console.log(`Recovery codes left: ${left}`)
      }),
    )

  factor
    .command('reset')
    .argument('<username>')
    .description('remove all second factors and recovery codes of a user')
    .action((username: string) =>
      withAuth(async (auth, by) => {
        const factors = factorsOf(auth)
        const user = await findUser(auth.users, username)
        await factors.reset(user.id, { by })
        console.log(`${user.username} has no second factor now, and is logged out everywhere.`)
      }),
    )

  return factor
}

function factorsOf({ factors }: Auth): Factors {
  if (factors !== null) return factors
  throw new ConfigError(['There are no second factors: set FACTORS=optional, for the server too.'])
}
