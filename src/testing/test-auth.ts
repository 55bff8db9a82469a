import { type Auth, createAuth } from '../core/auth.ts'
import type { AuthOptions } from '../core/auth-options.ts'
import { createAccessToken } from '../core/create-access-token.ts'
import { internals } from '../core/internals.ts'
import { type Mailbox, mailbox } from '../core/mail/mailbox.ts'
import type { PasswordHasherOptions } from '../core/passwords/password-hash.ts'
import type { Store } from '../core/store.ts'
import { byPassword } from '../core/tokens/authentication.ts'
import type { AnyFields, FieldsOf, UserFields } from '../core/users/user-fields.ts'
import { memory } from '../stores/memory/memory.ts'
import { createTestClock, type TestClock } from './test-clock.ts'

/** Hashes that cost next to nothing. */
export const cheapHashing: PasswordHasherOptions = {
  argon2: { memory: 8, time: 1, parallelism: 1 },
  allowWeakHashes: true,
}

/** What `createTestAuth` takes: the options of `createAuth`, each with a default. */
export interface TestAuthOptions<Fields extends AnyFields = UserFields>
  extends Partial<AuthOptions<Fields>> {
  /** Where users and keys are kept. Default `memory()`. */
  readonly store?: Store
  /** What time it is, in seconds since 1970. Default: a clock that stands still until it is moved. */
  readonly clock?: TestClock
}

/** Who the user is that a test acts as. */
export interface ActAsOptions {
  /** The role of the user. Default: the user's own role, or the default role. */
  readonly role?: string
  /** What the token may do. Default: all that the role grants. */
  readonly scopes?: readonly string[]
}

/** An application's security for its tests. */
export interface TestAuth<Fields extends UserFields = UserFields> extends Auth<Fields> {
  /** Stands still until it is moved. */
  readonly clock: TestClock
  /** The mails that were sent so far, newest first, with the link and the code of each. */
  readonly mailbox: Mailbox
  /** Sends what waits: mails are sent by nobody else in a test. */
  sendMails(): Promise<void>
  /**
   * Returns the headers of a request by a user. If there is no user of this name, creates one. There is
   * no login, no password, no hash. The token is a real one: a guard checks it as any other, and it
   * expires when the clock is moved. It says that the user logged in just now.
   *
   * @throws {UserError} `username_invalid`, `role_unknown`, `last_admin`
   */
  actAs(username: string, options?: ActAsOptions): Promise<{ readonly authorization: string }>
}

/**
 * Returns an application's security in memory, with password hashes that cost next to nothing and a
 * clock to move. For tests only: such hashes protect no password.
 *
 * `passwordHash: {}` asks for hashes at their real cost. With `accounts: {}` mails go to the `mailbox`,
 * unless a mailer is given, and none waits for the random delay of `accounts.mailDelay`.
 */
export async function createTestAuth<Fields extends AnyFields = UserFields>(
  options: TestAuthOptions<Fields> = {},
): Promise<TestAuth<FieldsOf<Fields>>> {
  const { clock = createTestClock(), accounts } = options
  const box = mailbox()
  const auth = await createAuth<Fields>({
    store: memory(),
    passwordHash: cheapHashing,
    ...options,
    ...(accounts && {
      accounts: { mailer: box, from: 'no-reply@example.com', mailDelay: 0, ...accounts },
    }),
    clock,
  })
  return {
    ...auth,
    clock,
    mailbox: box,
    async sendMails() {
      await auth[internals].outbox?.sendDue()
    },
    async actAs(username, { role, scopes } = {}) {
      const { users } = auth
      const known = await users.findByUsername(username)
      const user =
        known ?? (await users.create({ username, password: null, ...(role && { role }) }))
      if (role !== undefined && user.role !== role) await users.changeRole(user.id, role)
      const token = await createAccessToken(auth, user.id, scopes, byPassword(clock()))
      return { authorization: `Bearer ${token}` }
    },
  }
}
