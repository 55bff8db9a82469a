import { Command, CommanderError } from 'commander'
import { version } from '../server/app.ts'
import { describeFailure, exitCodeOf } from './exit-code.ts'
import { identityCommand } from './identity.ts'
import { serve } from './serve.ts'
import { userCommand } from './user.ts'

/** Builds the command line. */
function createProgram(): Command {
  const program = new Command('portcullis')
    .description('Log in, get a token, guard routes.')
    .version(version)
  program
    .command('serve')
    .description('run the server; configured by environment variables and .env')
    .action(serve)
  program.addCommand(userCommand())
  program.addCommand(identityCommand())
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
