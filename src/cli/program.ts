import cluster from 'node:cluster'
import { Command, CommanderError } from 'commander'
import { version } from '../server/app.ts'
import { clientCommand } from './client.ts'
import { doctorCommand } from './doctor.ts'
import { eventsCommand } from './events.ts'
import { describeFailure, exitCodeOf } from './exit-code.ts'
import { identityCommand } from './identity.ts'
import { keyCommand } from './key.ts'
import { serve } from './serve.ts'
import { userCommand } from './user.ts'
import { work } from './worker.ts'

/** Builds the command line. */
export function createProgram(): Command {
  const program = new Command('portcullis')
    .description('Log in, get a token, guard routes.')
    .version(version)
    // Else a key's id that begins with -V would ask for the version.
    .enablePositionalOptions()
  program
    .command('serve')
    .description('run the server; configured by environment variables and .env')
    .option('--workers <number>', 'processes that serve, on this machine; "auto" for one per core')
    .action(serve)
  program.command('worker', { hidden: true }).action((_options, command: Command) => {
    if (cluster.worker) work(cluster.worker)
    else command.error('error: workers are started by `serve --workers`')
  })
  program.addCommand(userCommand())
  program.addCommand(clientCommand())
  program.addCommand(keyCommand())
  program.addCommand(identityCommand())
  program.addCommand(eventsCommand())
  program.addCommand(doctorCommand())
  settle(program)
  return program
}

// Commands that were made elsewhere and added do not inherit settings.
function settle(command: Command): void {
  command.showHelpAfterError().exitOverride()
  for (const nested of command.commands) settle(nested)
}

/** Runs the command line. Sets the exit code; see `exit-code.ts`. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv)
  } catch (error) {
    // Commander has said already what was wrong.
    if (!(error instanceof CommanderError)) console.error(describeFailure(error))
    process.exitCode = exitCodeOf(error)
  }
}
