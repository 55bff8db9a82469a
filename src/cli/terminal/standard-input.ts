import { CommandFailure } from '../exit-code.ts'

/**
 * All of standard input as text, without the byte order mark that some programs write.
 *
 * @throws {CommandFailure} if it is no UTF-8: a sign that was replaced would be another secret.
 */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new CommandFailure('data', 'Standard input is not UTF-8: give it in that encoding.')
  }
}
