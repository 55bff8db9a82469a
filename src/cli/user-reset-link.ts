import { Command } from 'commander'
import { ConfigError } from '../core/errors.ts'
import { CommandFailure } from './exit-code.ts'
import type { FindUser } from './user-account.ts'
import { withServersAuth } from './with-auth.ts'

/** `portcullis user reset-link`: a way back in that is handed over. */
export function resetLinkCommand(findUser: FindUser): Command {
  return new Command('reset-link')
    .argument('<username>')
    .description('print a link, once, with which a user sets a new password')
    .action((username: string) =>
      withServersAuth(async ({ users, accounts: { passwordReset } }, by) => {
        if (passwordReset === null) {
          throw new ConfigError([
            'There are no links for new passwords: set PASSWORD_RESET=true, for the server too.',
          ])
        }
        const { id, username: name, active } = await findUser(users, username)
        if (!active) {
          throw new CommandFailure(
            'refused',
            `${name} is deactivated, so no link works: run user reactivate ${name} first.`,
          )
        }
        const link = await passwordReset.link(id, by)
        console.error(`Make sure who asks. The link for ${name} works once, for 30 minutes:`)
        console.log(link)
      }),
    )
}
