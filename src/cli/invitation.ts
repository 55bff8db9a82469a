import { Command, InvalidArgumentError } from 'commander'
import type { Invitation, Invitations } from '../core/accounts/invitations.ts'
import type { Auth } from '../core/auth.ts'
import { ConfigError } from '../core/errors.ts'
import { instant, plain, tableOf } from './terminal/table.ts'
import { withAuth, withServersAuth } from './with-auth.ts'

interface CreateOptions {
  readonly email?: string
  readonly username?: string
  readonly role?: string
  readonly expiresIn?: number
  readonly link?: true
}

/** `portcullis invitation …`: invites people, whether or not a server runs. */
export function invitationCommand(): Command {
  const invitation = new Command('invitation').description('invite people to become users')

  invitation
    .command('create')
    .option('--email <address>', 'where a running server mails the link')
    .option('--username <name>', 'the name that the user will have; by default they choose it')
    .option('--role <role>', 'the role that the user will have')
    .option('--expires-in <seconds>', 'at most 2592000 (30 days); by default 7 days', lifetime)
    .option('--link', 'print the link instead of mailing it')
    .description('invite somebody; without an address or a relay it prints the link, once')
    .action(({ link: returnLink, ...whom }: CreateOptions) =>
      withServersAuth(async (auth, by) => {
        const made = await invitationsOf(auth).create({ ...whom, returnLink }, by)
        const until = `until ${instant(made.expiresAt)}`
        if (made.link === null) {
          return console.log(`A running server mails the link to ${made.email}. It works ${until}.`)
        }
        console.error(`The link works once, ${until}. It is not shown again:`)
        console.log(made.link)
      }),
    )

  invitation
    .command('list')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('list the invitations that nobody has accepted, the oldest first')
    .action(({ json }: { json?: true }) =>
      withAuth(async (auth) => {
        const all = await allInvitations(invitationsOf(auth))
        if (json) return console.log(JSON.stringify(all.map(describe), undefined, 2))
        const rows = all.map((each) => rowOf(each, auth.clock()))
        console.log(tableOf([heading, ...rows]))
      }),
    )

  invitation
    .command('withdraw')
    .argument('<id>', 'of invitation list')
    .description('withdraw an invitation, whose link works no more')
    .action((id: string) =>
      withAuth(async (auth, by) => {
        await invitationsOf(auth).withdraw(id, by)
        console.log(`The invitation ${plain(id)} is withdrawn.`)
      }),
    )

  return invitation
}

/** @throws {ConfigError} if they are switched off. */
function invitationsOf({ accounts }: Auth): Invitations {
  if (accounts.invitations !== null) return accounts.invitations
  throw new ConfigError(['Nobody can be invited: set REGISTRATION=invited, for the server too.'])
}

async function allInvitations({ list }: Invitations): Promise<readonly Invitation[]> {
  const limit = 200
  const found: Invitation[] = []
  for (;;) {
    const after = found.at(-1)?.id
    const page = await list({ limit, ...(after !== undefined && { after }) })
    found.push(...page)
    if (page.length < limit) return found
  }
}

/** An invitation in the words of the HTTP API. */
function describe(invitation: Invitation): object {
  const { id, email, username, role, invitedBy, createdAt, expiresAt } = invitation
  return {
    ...{ id, email, username, role, invited_by: invitedBy },
    ...{ created_at: createdAt, expires_at: expiresAt },
  }
}

const heading = ['INVITATION', 'EMAIL', 'USERNAME', 'ROLE', 'CREATED', 'EXPIRES']

function rowOf(invitation: Invitation, now: number): readonly string[] {
  const { id, email, username, role, createdAt, expiresAt } = invitation
  const end = expiresAt > now ? instant(expiresAt) : 'expired'
  return [id, email ?? '-', username ?? '-', role, instant(createdAt), end]
}

function lifetime(text: string): number {
  const seconds = /^\d{1,7}$/.test(text) ? Number(text) : 0
  if (seconds >= 60 && seconds <= 2_592_000) return seconds
  throw new InvalidArgumentError('It must be a whole number of seconds from 60 to 2592000.')
}
