import { UserError } from '../errors.ts'
import type { MailLimits } from '../mail/mail-limits.ts'
import type { Outbox } from '../mail/outbox.ts'
import { emailRule, isMixedScript, readEmail } from '../users/email.ts'
import { linkEnded, type User } from '../users/user.ts'
import type { UserFields } from '../users/user-fields.ts'
import type { AccountSettings } from './account-options.ts'
import type { CompleteAccount, NewAccount } from './new-account.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { RequestOrigin } from './request.ts'

/** How people become users without anybody's help. */
export interface Registration<Fields extends UserFields = UserFields> {
  /**
   * Lets somebody who can read an address register, by a mailed link. The answer is the same for every
   * address: that of a user, of somebody who is invited, of nobody. Nothing but the mail is stored, and no password
   * is asked for before the address is proved.
   *
   * Does nothing, silently, where the mail limits are reached.
   *
   * @throws {UserError} `email_invalid`; `registration_refused` if registration is closed, the domain is
   * none of those that may register, or `beforeRegistration` refused.
   */
  request(request: RegistrationRequest): Promise<void>
  /**
   * Makes an active user with the verified address and the default role. A refused name or password does
   * not use the link up.
   *
   * @throws {UserError} `link_ended` for a link that is used, expired or unknown, `username_invalid`,
   * `username_taken`, `password_refused`, `registration_refused`
   * @throws {ThrottledError} if too many wrong links came from the source.
   */
  complete(account: CompleteAccount<Fields>): Promise<User<Fields>>
}

/** Somebody wants to register. */
export interface RegistrationRequest extends RequestOrigin {
  /** As it was typed. */
  readonly email: string
  /** What `beforeRegistration` judges, such as the answer of a captcha. Default none. */
  readonly proof?: string | undefined
}

export interface RegistrationOptions {
  readonly settings: AccountSettings
  readonly tokens: OneTimeTokens
  readonly outbox: Outbox | null
  readonly limits: MailLimits
  readonly newAccount: NewAccount
}

/** Milliseconds that `beforeRegistration` may take. */
const hookLimit = 10_000

export function createRegistration(options: RegistrationOptions): Registration {
  const { settings, tokens, outbox, limits, newAccount } = options

  function requireDomain(email: string): void {
    const { domains, isOpen } = settings
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
    if (isOpen && (domains === null || domains.includes(domain))) return
    throw refused(
      isOpen ? `Only addresses of ${domains?.join(', ')} may register.` : 'Registration is closed.',
    )
  }

  return {
    async request({ email: typed, proof, address, locale }) {
      const read = readEmail(typed)
      if (read === null || isMixedScript(read)) throw emailInvalid()
      requireDomain(read.email)
      await askHook(settings.beforeRegistration, { email: read.email, address, proof })
      if (outbox === null || !(await limits.mayCause(read.key, address))) return
      await outbox.enqueueLater('registration', { to: read.email, payload: {}, locale })
    },
    async complete(account) {
      const token = await tokens.find('registration', account.token, account.address)
      if (token === null) throw linkEnded()
      const { email } = token.payload as { readonly email: string }
      requireDomain(email)
      try {
        return await newAccount.create({
          ...{ account, token, email, type: 'user_registered', isVerified: true },
        })
      } catch (error) {
        // Somebody else has proved to read it meanwhile.
        if (error instanceof UserError && error.code === 'email_taken') throw linkEnded()
        throw error
      }
    },
  }
}

/** The refusal of a text that is no address. */
export function emailInvalid(): UserError {
  return new UserError('email_invalid', [emailRule])
}

function refused(why: string): UserError {
  return new UserError('registration_refused', [why])
}

async function askHook(
  hook: AccountSettings['beforeRegistration'],
  attempt: Parameters<NonNullable<AccountSettings['beforeRegistration']>>[0],
): Promise<void> {
  if (!hook) return
  let timer: NodeJS.Timeout | undefined
  const { promise: late, resolve } = Promise.withResolvers<false>()
  try {
    timer = setTimeout(() => resolve(false), hookLimit)
    const allowed = await Promise.race([hook(attempt), late])
    if (allowed !== true) throw refused('The registration was refused: try it again.')
  } finally {
    clearTimeout(timer)
  }
}
