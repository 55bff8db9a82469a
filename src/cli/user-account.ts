import { Command } from 'commander'
import type { Auth } from '../core/auth.ts'
import type { User } from '../core/users/user.ts'
import { CommandFailure } from './exit-code.ts'
import { instant } from './terminal/table.ts'
import { withAuth } from './with-auth.ts'

/** Finds a user by name. */
export type FindUser = (users: Auth['users'], username: string) => Promise<User>

/** `portcullis user email`, `rename`, `suspend` and `resume`. */
export function accountCommands(findUser: FindUser): readonly Command[] {
  const email = new Command('email')
    .argument('<username>')
    .argument('[address]')
    .option('--verified', 'you know that the user reads it, so it can be logged in with')
    .option('--none', 'remove the address')
    .description('set the e-mail address of a user, which revokes every login of the user')
    .action((username: string, address: string | undefined, { verified, none }: EmailOptions) => {
      if ((address === undefined) !== (none === true)) {
        throw new CommandFailure('usage', 'Give either an address or --none.')
      }
      return withAuth(async ({ users }, by) => {
        const { id } = await findUser(users, username)
        const changed = await users.setEmail(id, address ?? null, { verified }, by)
        if (changed.email === null) return console.log(`${changed.username} has no address now.`)
        const not = changed.emailVerified ? '' : ', which is not verified'
        console.log(`${changed.username} has the address ${changed.email} now${not}.`)
      })
    })

  const rename = new Command('rename')
    .argument('<username>')
    .argument('<new-username>')
    .description('change the username of a user, whose logins stay valid')
    .action((username: string, newUsername: string) =>
      withAuth(async ({ users }, by) => {
        const { id, username: before } = await findUser(users, username)
        const changed = await users.rename(id, newUsername, by)
        console.log(`${before} is called ${changed.username} now.`)
      }),
    )

  const suspend = new Command('suspend')
    .argument('<username>')
    .requiredOption('--until <date>', 'the end, such as 2030-01-31 or 2030-01-31T12:00Z; in UTC')
    .description('revoke every login of a user, and refuse new ones until a date')
    .action((username: string, { until }: { until: string }) => {
      const end = instantIn(until)
      return withAuth(async ({ users }, by) => {
        const { id } = await findUser(users, username)
        const changed = await users.suspend(id, end, by)
        console.log(`${changed.username} is suspended until ${instant(end)}.`)
      })
    })

  const resume = new Command('resume')
    .argument('<username>')
    .description('let a suspended user log in again')
    .action((username: string) =>
      withAuth(async ({ users }, by) => {
        const changed = await users.resume((await findUser(users, username)).id, by)
        console.log(`${changed.username} is not suspended any more.`)
      }),
    )

  return [email, rename, suspend, resume]
}

interface EmailOptions {
  readonly verified?: true
  readonly none?: true
}

/** Seconds since 1970 of a date, or of a date and a time, in UTC unless a zone is named. */
function instantIn(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? []
  const milliseconds = Date.parse(`${date}T${time}${zone}`)
  if (!Number.isNaN(milliseconds)) return Math.floor(milliseconds / 1000)
  throw new CommandFailure(
    'usage',
    'The end must be a date such as 2030-01-31 or 2030-01-31T12:00Z.',
  )
}
