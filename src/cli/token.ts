import { Argument, Command } from 'commander'
import { readSecret } from './terminal/secret-input.ts'
import { judgeToken, quote, type Verdict } from './token-verdict.ts'
import { withServersAuth } from './with-auth.ts'

/** `portcullis token …`: what a token says, and what a server here makes of it. */
export function tokenCommand(): Command {
  const token = new Command('token').description('look at tokens')

  token
    .command('inspect')
    .addArgument(
      // A token on a command line would be in the shell's history, and in the list of processes.
      new Argument('[source]', 'where the token is: standard input, or a prompt').choices(['-']),
    )
    .option('--json', 'for programs')
    .description(
      'decode a token, verify it, and say why it is refused; reads it from standard input, or asks',
    )
    .action(async (_source: string | undefined, { json }: { json?: true }) => {
      const text = await readSecret('Token')
      const verdict = await withServersAuth((auth) => judgeToken(auth, text))
      console.log(json ? JSON.stringify(verdict, undefined, 2) : describe(verdict))
      if (!verdict.accepted) process.exitCode = 1
    })

  return token
}

function describe({ accepted, reasons, header, claims }: Verdict): string {
  const lines = [accepted ? 'Accepted.' : 'Refused.', ...reasons.map((reason) => `  ${reason}`)]
  if (header !== null) lines.push('', 'Header', ...membersOf(header))
  if (claims !== null) {
    const title = accepted ? 'Claims' : 'Claims, which nothing has proved'
    lines.push('', title, ...membersOf(claims))
  }
  return lines.join('\n')
}

function membersOf(members: object): readonly string[] {
  return Object.entries(members).map(([name, value]) => {
    const isInstant = ['exp', 'iat', 'nbf'].includes(name) && Number.isSafeInteger(value)
    const date = isInstant ? new Date(value * 1000) : null
    const time = date && !Number.isNaN(date.getTime()) ? `  (${date.toISOString()})` : ''
    return `  ${quote(name)}: ${quote(value)}${time}`
  })
}
