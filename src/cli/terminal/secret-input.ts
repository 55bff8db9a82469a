import { readStandardInput } from './standard-input.ts'

/**
 * Reads something that does not belong on a command line, where others see it and a history keeps it:
 * asks for it without echo, or reads all of standard input if that is no terminal.
 */
export async function readSecret(prompt: string): Promise<string> {
  if (process.stdin.isTTY) {
    const { default: ask } = await import('@inquirer/password')
    return (await ask({ message: `${prompt}:`, toggleMask: false })).trim()
  }
  return (await readStandardInput()).trim()
}
