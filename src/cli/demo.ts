import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { type Mailbox, mailbox } from '../core/mail/mailbox.ts'
import { samplePasswords } from '../core/passwords/sample-passwords.ts'
import { openAuth } from '../server/open-auth.ts'
import { isLoopback } from '../server/settings/loopback.ts'
import type { Config } from '../server/settings/settings.ts'

/** Published passwords: only for a server that no other machine reaches. The users go with it. */
const alice = { username: 'alice', password: samplePasswords.alice }
const bob = { username: 'bob', password: samplePasswords.bob }

/**
 * Runs a server with demo users, on a database that is thrown away when it ends.
 *
 * @throws {ConfigError} wherever it could be taken for a real one.
 */
export async function serveDemo(
  given: Config,
  environment: Readonly<Record<string, string | undefined>>,
  serve: (config: Config, words: readonly string[], mailbox: Mailbox) => Promise<void>,
): Promise<void> {
  refuseReal(given, environment)
  const dataDirectory = mkdtempSync(join(tmpdir(), 'portcullis-dev-'))
  try {
    // Shorter than some policies ask for.
    const config = { ...given, dataDirectory, passwordMinLength: 15 }
    const mails = mailbox()
    await serve(config, await createUsers(config, mails), mails)
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

/** Returns what is to be said of them. */
async function createUsers(config: Config, mails: Mailbox): Promise<readonly string[]> {
  // Without the mailbox what needs mails would be refused.
  const auth = await openAuth(config, { allowSamplePasswords: true, mailbox: mails })
  try {
    const [role = ''] = auth.roles.administrative
    await auth.users.create({ ...alice, role })
    const member = await auth.users.create(bob)
    return [
      '',
      'WARNING: demo users, for this machine only. Do not use them in production:',
      `  ${alice.username}, ${role}, with the password: ${alice.password}`,
      `  ${bob.username}, ${member.role}, with the password: ${bob.password}`,
      'The database is deleted when the server stops.',
    ]
  } finally {
    await auth.close()
  }
}

function refuseReal(
  { host, databaseUrl, workers }: Config,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const problems: string[] = []
  if (environment.NODE_ENV === 'production') {
    problems.push('--dev makes demo users: leave it out where NODE_ENV is production.')
  }
  if (databaseUrl !== undefined) {
    problems.push('--dev has a database of its own: leave it out, or unset DATABASE_URL.')
  }
  if (!isLoopback(host)) {
    problems.push(`--dev is for this machine only: leave it out, or unset HOST, which is ${host}.`)
  }
  if (workers > 1) problems.push('--dev serves from one process: leave it out, or unset WORKERS.')
  if (problems.length > 0) throw new ConfigError(problems)
}
