import { UserError } from '../../core/errors.ts'
import { readStandardInput } from './standard-input.ts'

/**
 * Asks for a new password twice without echo. Asks again until the two are equal and `problemsOf` finds
 * no problem. If standard input is no terminal, reads its first line, without its end and without checking
 * it. Never reads the command line, where other users see it.
 *
 * @throws {UserError} `password_refused` if there is nothing to read.
 */
export async function readNewPassword(
  prompt: string,
  problemsOf: (password: string) => Promise<readonly string[]>,
): Promise<string> {
  if (!process.stdin.isTTY) return await readFirstLine()
  for (;;) {
    const password = await askTwice(prompt)
    const problems = password === null ? ['The passwords differ.'] : await problemsOf(password)
    if (password !== null && problems.length === 0) return password
    console.error(`${problems.join('\n')}\nTry again, or press Ctrl+C.`)
  }
}

/** Null if the two differ. */
async function askTwice(prompt: string): Promise<string | null> {
  // Loaded when it is needed, which for a server is never.
  const { default: ask } = await import('@inquirer/password')
  // Without the key that shows the password: another person may see or record the terminal.
  const toggleMask = false
  const password = await ask({ message: `${prompt}:`, toggleMask })
  return (await ask({ message: 'Again:', toggleMask })) === password ? password : null
}

async function readFirstLine(): Promise<string> {
  const [line = ''] = (await readStandardInput()).split(/\r?\n/, 1)
  if (line !== '') return line
  throw new UserError('password_refused', ['Standard input holds no password: give it one line.'])
}
