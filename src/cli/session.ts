import { Command } from 'commander'
import { UserError } from '../core/errors.ts'
import type { Session } from '../core/sessions/session-store.ts'
import { instant, short, tableOf } from './terminal/table.ts'
import { findUser } from './user.ts'
import { withAuth } from './with-auth.ts'

/** `portcullis session …`: where users are logged in, and the end of it. */
export function sessionCommand(): Command {
  const session = new Command('session').description('list and revoke logins')

  session
    .command('list')
    .argument('<username>')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('list where a user is logged in, the newest first')
    .action((username: string, { json }: { json?: true }) =>
      withAuth(async ({ users, sessions }) => {
        const { id } = await findUser(users, username)
        const found = await sessions.list(id)
        if (json) console.log(JSON.stringify(found.map(describe), undefined, 2))
        else console.log(tableOf([heading, ...found.map(rowOf)]))
      }),
    )

  session
    .command('end')
    .argument('[id]', 'of session list')
    .option('--user <username>', 'revoke every login of this user instead')
    .description('revoke a login, or all of a user; its tokens are refused from now on')
    .action(async (id: string | undefined, { user }: { user?: string }, command: Command) => {
      if ((id === undefined) === (user === undefined)) {
        command.error('error: name either the id of a session, or a user with --user')
      }
      await withAuth(async ({ users, sessions }, by) => {
        if (user !== undefined) {
          const { username } = await users.endSessions((await findUser(users, user)).id, by)
          console.log(`${username} is logged out everywhere.`)
        } else if (await sessions.end(id ?? '', { by })) {
          console.log(`The session ${id} has ended.`)
        } else {
          throw new UserError('user_unknown', [
            'There is no such session to end: see session list.',
          ])
        }
      })
    })

  return session
}

/** Characters of what a client calls itself, which may be long; `--json` has all of it. */
const deviceMaxLength = 40
const heading = ['SESSION', 'CLIENT', 'CREATED', 'LAST USED', 'EXPIRES', 'ADDRESS', 'DEVICE']

function rowOf({ id, clientId, ...session }: Session): readonly string[] {
  const { createdAt, rotatedAt, expiresAt, address, label } = session
  const instants = [createdAt, rotatedAt, expiresAt].map(instant)
  return [id, clientId, ...instants, address || '-', short(label || '-', deviceMaxLength)]
}

/** The session without its stamp, which is internal. */
function describe({ id, clientId, scopes, ...session }: Session): object {
  const { createdAt, rotatedAt, expiresAt, address, label } = session
  return {
    id,
    client_id: clientId,
    scope: scopes.join(' '),
    created_at: createdAt,
    last_used_at: rotatedAt,
    expires_at: expiresAt,
    address,
    label,
  }
}
