import { CommandFailure } from '../exit-code.ts'

/** The columns that some source is read by. */
const known = [
  ...['username', 'email', 'phone', 'password', 'passwordHash', 'password_hash', 'hashedPassword'],
  ...['hashed_password', 'encrypted_password', 'salt', 'role', 'active', 'is_active', 'enabled'],
  ...['disabled', 'blocked', 'banned_until', 'deleted_at', 'createdAt', 'created_at'],
  ...['date_joined', 'createdTimestamp', 'id', 'user_id', '_id', 'localId'],
  ...['emailVerified', 'email_verified', 'email_confirmed_at', 'confirmed_at'],
  ...['suspendedUntil', 'suspended_until', 'fields'],
]
const usernames = ['username', 'email', 'phone']

/**
 * The names of the columns in the first line. `Password Hash` and `PASSWORD_HASH` are `password_hash`. An
 * unknown name stays as it is.
 *
 * @throws {CommandFailure} if there is none for the username: then the first line may be a user, who must
 * not be lost silently.
 */
export function columnsOf(header: readonly string[]): readonly string[] {
  const columns = header.map(knownName)
  if (!columns.some((name) => usernames.includes(name))) {
    throw new CommandFailure(
      'data',
      'The first line must name the columns, and one of them must be username, email or phone.',
    )
  }
  const twice = columns.find((name, index) => name !== '' && columns.indexOf(name) < index)
  if (twice !== undefined) {
    throw new CommandFailure('data', `The first line names the column ${twice} twice.`)
  }
  return columns
}

function knownName(written: string): string {
  const name = written.trim()
  const small = name.toLowerCase()
  const bare = (text: string): string => text.toLowerCase().replace(/[ _-]/g, '')
  return (
    known.find((each) => each === name) ??
    known.find((each) => each.toLowerCase() === small) ??
    known.find((each) => bare(each) === bare(name)) ??
    name
  )
}
