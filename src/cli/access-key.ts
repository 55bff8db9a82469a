import { Command } from 'commander'
import type { ApiKey, ApiKeys } from '../core/api-keys/api-keys.ts'
import { ConfigError, UserError } from '../core/errors.ts'
import type { Actor } from '../core/events/events.ts'
import type { Users } from '../core/users/users.ts'
import { instant, short, tableOf } from './terminal/table.ts'
import { findUser } from './user.ts'
import { withAuth } from './with-auth.ts'

/** `portcullis access-key …`: the API keys of users. `key` is for the keys that sign tokens. */
export function accessKeyCommand(): Command {
  const accessKey = new Command('access-key').description('list and end API keys of users')

  accessKey
    .command('list')
    .argument('<username>')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('list the API keys of a user, the oldest first')
    .action((username: string, { json }: { json?: true }) =>
      withKeys(async (keys, users) => {
        const found = await keys.list((await findUser(users, username)).id)
        if (json) console.log(JSON.stringify(found.map(describe), undefined, 2))
        else console.log(tableOf([heading, ...found.map(rowOf)]))
      }),
    )

  accessKey
    .command('end')
    .argument('<username>')
    .argument('[id]', 'of access-key list')
    .option('--all', 'end every API key of the user instead')
    .description('end an API key, or all of a user; it is refused from now on')
    .action(
      async (
        username: string,
        id: string | undefined,
        { all = false }: { all?: boolean },
        command: Command,
      ) => {
        if ((id === undefined) !== all) command.error('error: give the id of a key, or --all')
        await withKeys(async (keys, users, by) => {
          const user = await findUser(users, username)
          if (id === undefined) {
            const ended = await keys.endAll(user.id, by)
            console.log(`Ended ${ended} of the API keys of ${user.username}.`)
          } else if (await keys.end(user.id, id, by)) {
            console.log(`The API key ${id} has ended.`)
          } else {
            throw new UserError('user_unknown', [
              `${user.username} has no such API key: see access-key list.`,
            ])
          }
        })
      },
    )

  return accessKey
}

async function withKeys(
  work: (keys: ApiKeys, users: Users, by: Actor) => Promise<void>,
): Promise<void> {
  await withAuth(async ({ apiKeys, users }, by) => {
    if (apiKeys === null) {
      throw new ConfigError(['API keys are switched off, and every one is refused: set API_KEYS.'])
    }
    await work(apiKeys, users, by)
  })
}

/** Characters of a name in the table; `--json` has all of it. */
const nameMaxLength = 40
const heading = ['KEY', 'NAME', 'SCOPE', 'CREATED', 'LAST USED', 'EXPIRES']

function rowOf({ id, name, scopes, ...key }: ApiKey): readonly string[] {
  const { createdAt, lastUsedAt, expiresAt } = key
  const used = lastUsedAt === null ? '-' : instant(lastUsedAt)
  const scope = scopes.join(' ') || '-'
  return [id, short(name, nameMaxLength), scope, instant(createdAt), used, instant(expiresAt)]
}

function describe({ id, name, scopes, createdAt, lastUsedAt, expiresAt }: ApiKey): object {
  return {
    ...{ id, name, scope: scopes.join(' '), created_at: createdAt },
    ...{ last_used_at: lastUsedAt, expires_at: expiresAt },
  }
}
