import { Command } from 'commander'
import { UserError } from '../core/errors.ts'
import { instant, tableOf } from './terminal/table.ts'
import { findUser } from './user.ts'
import { withAuth } from './with-auth.ts'

/** `portcullis identity …`: which users have which identities at other issuers. */
export function identityCommand(): Command {
  const identity = new Command('identity').description(
    'link users to their identities at other issuers',
  )

  identity
    .command('link')
    .argument('<username>')
    .argument('<issuer>', 'the iss of its tokens, exactly')
    .argument('<subject>', 'the sub of its tokens')
    .description('link an identity to a user')
    .action((username: string, issuer: string, subject: string) =>
      withAuth(async ({ users, identities }, by) => {
        const user = await findUser(users, username)
        await identities.link(user.id, issuer, subject, by)
        console.log(`${subject} of ${issuer} is ${user.username} now.`)
      }),
    )

  identity
    .command('unlink')
    .argument('<username>')
    .argument('<issuer>')
    .argument('<subject>')
    .description('remove the link of an identity')
    .action((username: string, issuer: string, subject: string) =>
      withAuth(async ({ users, identities }, by) => {
        const user = await findUser(users, username)
        if (!(await identities.unlink(user.id, issuer, subject, by))) {
          throw new UserError('identity_invalid', [
            `This identity is not linked to ${user.username}: see identity list ${user.username}.`,
          ])
        }
        console.log(`${subject} of ${issuer} is ${user.username} no longer.`)
      }),
    )

  identity
    .command('list')
    .argument('<username>')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('list the identities of a user')
    .action((username: string, { json }: { json?: true }) =>
      withAuth(async ({ users, identities }) => {
        const user = await findUser(users, username)
        const found = await identities.list(user.id)
        const described = found.map(({ issuer, subject, createdAt }) => ({
          issuer,
          subject,
          created_at: createdAt,
        }))
        if (json) return console.log(JSON.stringify(described, undefined, 2))
        const rows = found.map((each) => [each.issuer, each.subject, instant(each.createdAt)])
        console.log(tableOf([['ISSUER', 'SUBJECT', 'LINKED'], ...rows]))
      }),
    )

  return identity
}
