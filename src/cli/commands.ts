import type { Command } from 'commander'
import { accessKeyCommand } from './access-key.ts'
import { backupCommand, restoreCommand, revokeAllCommand } from './backup.ts'
import { clientCommand } from './client.ts'
import { completionCommand } from './completion.ts'
import { doctorCommand } from './doctor.ts'
import { eventsCommand } from './events.ts'
import { factorCommand } from './factor.ts'
import { identityCommand } from './identity.ts'
import { invitationCommand } from './invitation.ts'
import { keyCommand } from './key.ts'
import { migrateCommand } from './migrate.ts'
import { onDatabase } from './require-database.ts'
import { sessionCommand } from './session.ts'
import { tokenCommand } from './token.ts'
import { userCommand } from './user.ts'

/** The commands that look at a deployment, and change it. */
export function administrativeCommands(): readonly Command[] {
  return [
    ...[
      userCommand(),
      invitationCommand(),
      sessionCommand(),
      clientCommand(),
      keyCommand(),
      accessKeyCommand(),
      identityCommand(),
      factorCommand(),
    ].map(onDatabase),
    backupCommand(),
    restoreCommand(),
    ...[revokeAllCommand(), eventsCommand(), tokenCommand()].map(onDatabase),
    migrateCommand(),
    doctorCommand(),
    completionCommand(),
  ]
}
