import { Command } from 'commander'
import { checkRole } from '../core/access/roles.ts'
import type { Auth } from '../core/auth.ts'
import { systemClock } from '../core/clock.ts'
import { UserError } from '../core/errors.ts'
import { emailRule, readEmail } from '../core/users/email.ts'
import { existing, type User } from '../core/users/user.ts'
import type { UserFields } from '../core/users/user-fields.ts'
import { canonicalUsername } from '../core/users/username.ts'
import { readNewPassword } from './terminal/password-input.ts'
import { instant, plain, tableOf } from './terminal/table.ts'
import { accountCommands } from './user-account.ts'
import { exportCommand } from './user-export.ts'
import { importCommand } from './user-import.ts'
import { resetLinkCommand } from './user-reset-link.ts'
import { withAuth } from './with-auth.ts'

interface NewUserOptions {
  readonly role?: string
  readonly email?: string
  readonly emailVerified?: true
}

/** `portcullis user …`: works on the database itself, whether or not a server runs on it. */
export function userCommand(): Command {
  const user = new Command('user').description('create and change users')

  user
    .command('add')
    .argument('<username>')
    .option('--role <role>', 'role of the user')
    .option('--email <address>', 'the e-mail address of the user')
    .option('--email-verified', 'you know that the user reads it, so it can be logged in with')
    .description('create a user; asks for the password, or reads it from standard input')
    .action((username: string, { role, ...address }: NewUserOptions) =>
      withAuth(async ({ users, roles, passwordPolicy }, by) => {
        // Before the operator types a password twice for nothing.
        if (role !== undefined) checkRole(roles, role)
        if (address.email !== undefined && readEmail(address.email) === null) {
          throw new UserError('email_invalid', [emailRule])
        }
        if (await users.findByUsername(username)) {
          throw new UserError('username_taken', ['The username is taken.'])
        }
        const password = await readNewPassword(`Password for ${username}`, (each) =>
          passwordPolicy.problemsOf(each, canonicalUsername(username) ?? username),
        )
        const chosen = role === undefined ? {} : { role }
        const created = await users.create({ username, password, ...chosen, ...address }, by)
        console.log(`Created ${created.username} with the role ${created.role}.`)
        const { byRole } = await users.counts()
        if (!roles.administrative.some((name) => byRole[name])) {
          const [name] = roles.administrative
          console.warn(
            `Nobody can administer users yet: run user role ${created.username} ${name}, or add another.`,
          )
        }
      }),
    )

  user
    .command('list')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('list users')
    .action(({ json }: { json?: true }) =>
      withAuth(async ({ users }) => {
        const all = await allUsers(users)
        console.log(
          json
            ? JSON.stringify(all.map(describe), undefined, 2)
            : tableOf([['USERNAME', 'ROLE', 'STATE', 'CREATED', 'EMAIL'], ...all.map(rowOf)]),
        )
      }),
    )

  user
    .command('show')
    .argument('<username>')
    .option('--json', 'for programs; instants are seconds since 1970')
    .description('show a user')
    .action((username: string, { json }: { json?: true }) =>
      withAuth(async ({ users, sessions, identities, roles }) => {
        const found = await findUser(users, username)
        const shown = {
          ...describe(found),
          permissions: roles.permissionsOf(found.role),
          sessions: (await sessions.list(found.id)).length,
          identities: (await identities.list(found.id)).length,
        }
        if (json) return console.log(JSON.stringify(shown, undefined, 2))
        const { createdAt, suspendedUntil } = found
        const more = {
          ...shown,
          created_at: instant(createdAt),
          ...(suspendedUntil !== null && { suspended_until: instant(suspendedUntil) }),
          ...(shown.fields && { fields: plain(JSON.stringify(shown.fields)) }),
        }
        console.log(tableOf(Object.entries(more).map(([name, value]) => [name, String(value)])))
      }),
    )

  user
    .command('passwd')
    .argument('<username>')
    .description('set a password, which revokes every login of the user')
    .action((username: string) =>
      withAuth(async ({ users, passwordPolicy }, by) => {
        const found = await findUser(users, username)
        const password = await readNewPassword(`New password for ${username}`, (each) =>
          passwordPolicy.problemsOf(each, found.username),
        )
        await users.setPassword(found.id, password, by)
        console.log(`Changed the password of ${username}.`)
      }),
    )

  user
    .command('role')
    .argument('<username>')
    .argument('<role>')
    .description('change the role of a user')
    .action((username: string, role: string) =>
      withAuth(async ({ users }, by) => {
        const { id } = await findUser(users, username)
        const changed = await users.changeRole(id, role, by)
        console.log(`${changed.username} has the role ${changed.role} now.`)
      }),
    )

  for (const [name, does, says] of [
    [
      'deactivate',
      'revoke every login of a user; guards answer 403 to a new one',
      'is refused from now on',
    ],
    ['reactivate', 'let a deactivated user log in again', 'can log in again'],
    [
      'unlock',
      'end the waits and locks of a user after failed logins and second factors',
      'can try again at once',
    ],
  ] as const) {
    const command = user.command(name)
    if (name === 'reactivate') command.alias('activate')
    command
      .argument('<username>')
      .description(does)
      .action((username: string) =>
        withAuth(async ({ users }, by) => {
          const changed = await users[name]((await findUser(users, username)).id, by)
          console.log(`${changed.username} ${says}.`)
        }),
      )
  }

  user
    .command('remove')
    .argument('<username>')
    .description('delete a user')
    .action((username: string) =>
      withAuth(async ({ users }, by) => {
        const { id, username: canonical } = await findUser(users, username)
        await users.remove(id, by)
        console.log(`Deleted ${canonical}.`)
      }),
    )

  for (const command of accountCommands(findUser)) user.addCommand(command)
  user.addCommand(resetLinkCommand(findUser))
  user.addCommand(importCommand())
  user.addCommand(exportCommand())
  return user
}

/** @throws {UserError} `user_unknown` */
export async function findUser(users: Auth['users'], username: string): Promise<User> {
  return existing(await users.findByUsername(username))
}

async function allUsers({ list }: Auth['users']): Promise<readonly User[]> {
  const limit = 200
  const users: User[] = []
  for (;;) {
    const after = users.at(-1)?.username
    const page = await list({ limit, ...(after !== undefined && { after }) })
    users.push(...page)
    if (page.length < limit) return users
  }
}

/** A user in the words of the HTTP API. */
function describe(user: User): { readonly fields?: UserFields } {
  const { id, username, role, active, createdAt, email, emailVerified, suspendedUntil } = user
  const { fields } = user
  return {
    ...{ id, username, role, active, created_at: createdAt },
    ...(email !== null && { email, email_verified: emailVerified }),
    ...(suspendedUntil !== null && { suspended_until: suspendedUntil }),
    ...(Object.keys(fields).length > 0 && { fields }),
  }
}

function rowOf(user: User): readonly string[] {
  const { username, role, createdAt, email, emailVerified } = user
  const address = email === null || emailVerified ? (email ?? '') : `${email} (not verified)`
  return [username, role, stateOf(user), instant(createdAt), address]
}

function stateOf({ active, suspendedUntil }: User): string {
  if (!active) return 'inactive'
  return (suspendedUntil ?? 0) > systemClock() ? 'suspended' : 'active'
}
