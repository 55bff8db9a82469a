import { parsePostgresUrl } from '../../stores/postgres/url.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const { ok, problem } = findingsOf('secrets')

/** Passwords of databases that examples and images come with. */
const known = new Set(
  'postgres postgresql password passwort passw0rd secret admin root test changeme change-me example portcullis 123456 12345678 mysecretpassword'.split(
    ' ',
  ),
)

/**
 * No secret is a published one. `SECRET_KEY` and the secrets of clients are checked when the
 * configuration is read. This checks the database's password.
 */
export function checkSecrets({ config: { databaseUrl } }: Subject): readonly Finding[] {
  const { user, password } = databaseUrl ? parsePostgresUrl(databaseUrl) : {}
  if (password === undefined || !(known.has(password.toLowerCase()) || password === user)) {
    return [ok('No secret is a known default.')]
  }
  return [
    problem(
      'The password in DATABASE_URL is one that attackers try first.',
      'Give the user of the database another one: openssl rand -hex 24 makes one.',
    ),
  ]
}
