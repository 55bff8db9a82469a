import cluster from 'node:cluster'
import { Command, CommanderError } from 'commander'
import { version } from '../server/version.ts'
import { CommandFailure, describeFailure, exitCodeOf } from './exit-code.ts'
import { saveMemory } from './quick-start.ts'

/** Builds the command line: all of it, or for words that serve only what they need. */
export async function createProgram(words: readonly string[] = []): Promise<Command> {
  const program = new Command('portcullis')
    .description('Log in, get a token, guard routes.')
    .version(version)
    // Else a key's id that begins with -V would ask for the version.
    .enablePositionalOptions()
  program
    .command('serve')
    .description('run the server; configured by environment variables and .env')
    .option('--port <number>', 'port to listen on; 0 for any free one')
    .option('--workers <number>', 'processes that serve, on this machine; "auto" for one per core')
    .option('--dev', 'try it: a throw-away database with demo users, on this machine only')
    // Loaded when they serve: no other command needs what answers requests.
    .action(async (options) => (await import('./serve.ts')).serve(options))
  program.command('worker', { hidden: true }).action(async (_options, command: Command) => {
    if (cluster.worker) (await import('./workers/worker.ts')).work(cluster.worker)
    else command.error('error: workers are started by `serve --workers`')
  })
  // They load much that a server which starts has no use for.
  if (!isServing(words)) {
    const { administrativeCommands } = await import('./commands.ts')
    for (const command of administrativeCommands()) program.addCommand(command)
  }
  program
    .helpCommand(false)
    .command('help')
    .argument('[command...]')
    .description('display help for a command')
    .action((path: readonly string[]) => commandAt(program, path).help())
  settle(program)
  return program
}

/** The command that words name, such as `user import`. */
function commandAt(program: Command, path: readonly string[]): Command {
  return path.reduce((command, word) => {
    const found = command.commands.find((each) => each.name() === word || each.alias() === word)
    return found ?? command.error(`error: unknown command '${word}'`)
  }, program)
}

function isServing(words: readonly string[]): boolean {
  return ['serve', 'worker'].includes(words[0] ?? '')
}

// Commands that were made elsewhere and added do not inherit settings.
function settle(command: Command): void {
  command.showHelpAfterError().exitOverride()
  for (const nested of command.commands) settle(nested)
}

/** Runs the command line. Sets the exit code; see `exit-code.ts`. */
export async function run(argv: readonly string[]): Promise<void> {
  const words = argv.slice(2)
  // A server keeps running when the program that read its greeting has ended.
  if (isServing(words)) saveMemory()
  else endWithReader()
  process.on('uncaughtException', crash)
  try {
    requireDirectory()
    // Alone it is a question, not a mistake.
    const program = await createProgram(words)
    await program.parseAsync(words.length === 0 ? ['--help'] : words, { from: 'user' })
  } catch (error) {
    // Commander has said already what was wrong.
    if (!(error instanceof CommanderError)) console.error(describeFailure(error))
    process.exitCode = exitCodeOf(error)
  }
}

/** @throws {CommandFailure} if the working directory was removed: nothing could be found from there. */
function requireDirectory(): void {
  try {
    process.cwd()
  } catch {
    throw new CommandFailure(
      'input',
      'The working directory was removed: change to one that is there.',
    )
  }
}

/** Node.js would print all that the error carries, and a driver's may carry a secret. */
function crash(error: unknown): never {
  console.error(describeFailure(error))
  process.exit(exitCodeOf(error))
}

/** Ends when a pipe is closed early, as by `| head`: what is left to say has no reader. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}
