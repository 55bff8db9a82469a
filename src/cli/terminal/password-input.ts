import { UserError } from '../../core/errors.ts'

/**
 * Asks for a new password twice without echo, or reads it from standard input if that is no
 * terminal: the first line, without its end. Never from the command line, where others see it.
 *
 * @throws {UserError} `password_refused` if the two differ, or there is nothing to read.
 */
export async function readNewPassword(prompt: string): Promise<string> {
  return process.stdin.isTTY ? await askTwice(prompt) : await readFirstLine()
}

async function askTwice(prompt: string): Promise<string> {
  // Loaded when it is needed, which for a server is never.
  const { default: ask } = await import('@inquirer/password')
  // Without the key that shows what was typed: somebody may look on, or record the terminal.
  const toggleMask = false
  const password = await ask({ message: `${prompt}:`, toggleMask })
  if ((await ask({ message: 'Again:', toggleMask })) === password) return password
  throw new UserError('password_refused', ['The passwords differ: try again.'])
}

async function readFirstLine(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1)
  if (line !== '') return line
  throw new UserError('password_refused', ['Standard input holds no password: give it one line.'])
}
