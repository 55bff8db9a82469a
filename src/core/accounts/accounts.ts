import { randomInt } from 'node:crypto'
import type { Roles } from '../access/roles.ts'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import type { AuthEvents } from '../events/events.ts'
import { createMailLimits } from '../mail/mail-limits.ts'
import { createNotices, type Notices, noNotices } from '../mail/notices.ts'
import { createOutbox, type Outbox } from '../mail/outbox.ts'
import { createRender } from '../mail/templates/render.ts'
import type { Store } from '../store.ts'
import type { Login } from '../users/login.ts'
import type { UserPreparer } from '../users/new-user.ts'
import type { OwnFields } from '../users/own-fields.ts'
import type { UserFields } from '../users/user-fields.ts'
import type { AccountSettings } from './account-options.ts'
import { createDeletion, type Deletion } from './deletion.ts'
import { createEmailChange, type EmailChange } from './email-change.ts'
import { createInvitations, type Invitations } from './invitations.ts'
import { createLinkMaker } from './links.ts'
import { createNewAccount } from './new-account.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import { createPasswordReset, type PasswordReset } from './password-reset.ts'
import { createRegistration, type Registration } from './registration.ts'
import { createResolveMail } from './resolve-mail.ts'

/** What people do with accounts that are their own, or are to be. Each is null unless it is switched on. */
export interface Accounts<Fields extends UserFields = UserFields> {
  /** What mails and pages call the site. */
  readonly name: string
  /** People become users by themselves. */
  readonly registration: Registration<Fields> | null
  /** People become users who were invited. */
  readonly invitations: Invitations<Fields> | null
  /** Users choose a new password who have forgotten theirs. `request` needs a mailer. */
  readonly passwordReset: PasswordReset | null
  /** True if users may ask for a new password themselves. */
  readonly passwordResetByMail: boolean
  /** Users set and change their address. */
  readonly emailChange: EmailChange<Fields> | null
  /** Users delete their account. */
  readonly deletion: Deletion | null
}

/** What mails need: known before users are. */
export interface MailParts {
  /** Null without a mailer. */
  readonly outbox: Outbox | null
  readonly notices: Notices
  readonly settings: AccountSettings
  readonly tokens: OneTimeTokens
  readonly limits: ReturnType<typeof createMailLimits>
  readonly links: ReturnType<typeof createLinkMaker>
}

export interface MailPartsOptions {
  readonly settings: AccountSettings
  readonly store: Store
  readonly secret: Uint8Array
  readonly previousSecrets: readonly Uint8Array[]
  readonly issuer: string
  /** Null if the store has no place for them. */
  readonly oneTimeTokens: OneTimeTokens | null
  readonly events: AuthEvents
  readonly clock: Clock
}

/** @throws {ConfigError} if the store has no place for links and mails. */
export function createMailParts(options: MailPartsOptions): MailParts {
  const { settings, store, oneTimeTokens: tokens, secret, previousSecrets } = options
  const { issuer, events, clock } = options
  const { outbox: outboxStore, throttle } = store
  if (tokens === null || outboxStore === undefined) {
    throw new ConfigError([
      'This store has no place for links and mails (oneTimeTokens, outbox): leave the option accounts out.',
    ])
  }
  const limits = createMailLimits(throttle, secret, clock)
  const links = createLinkMaker(issuer, settings.links)
  const { mailer, from, name, locale, templates, passwordReset, mailDelay } = settings
  const outbox =
    mailer === null || from === null
      ? null
      : createOutbox({
          ...{ store: outboxStore, secret, previousSecrets, issuer, events, mailer, from, clock },
          resolve: createResolveMail({ store, tokens, limits, links, passwordReset, clock }),
          render: createRender({ name, url: issuer, locale, templates }),
          delayOf: () => (mailDelay === 0 ? 0 : randomInt(1000 * mailDelay)),
        })
  const notices =
    outbox !== null && settings.notices
      ? createNotices({ outbox, throttle, secret, clock })
      : noNotices
  return { settings, tokens, limits, links, outbox, notices }
}

export interface AccountsOptions {
  readonly parts: MailParts
  readonly store: Store
  readonly roles: Roles
  readonly defaultRole: string
  readonly login: Login
  readonly preparer: UserPreparer
  readonly events: AuthEvents
  readonly fields: OwnFields
  readonly clock: Clock
}

/** Nothing is switched on. */
export const noAccounts: Accounts = {
  name: '',
  registration: null,
  invitations: null,
  passwordReset: null,
  passwordResetByMail: false,
  emailChange: null,
  deletion: null,
}

export function createAccounts(options: AccountsOptions): Accounts {
  const { parts, store, roles, defaultRole, login, preparer, events, fields, clock } = options
  const { settings, tokens, limits, links, outbox, notices } = parts
  const common = { store, tokens, limits, notices, events, clock }
  const newAccount = createNewAccount({ store, preparer, tokens, events, fields, clock })
  const invitations = { ...common, roles, defaultRole, fields, outbox, links, newAccount }
  return {
    name: settings.name,
    registration: settings.isOpen
      ? createRegistration({ settings, tokens, outbox, limits, newAccount })
      : null,
    invitations: settings.isInvited ? createInvitations(invitations) : null,
    passwordReset: createPasswordReset({ ...common, login, preparer, outbox, links }),
    passwordResetByMail: outbox !== null && settings.passwordReset,
    emailChange:
      outbox !== null && settings.emailChange ? createEmailChange({ ...common, outbox }) : null,
    deletion: settings.deletion
      ? createDeletion({ delay: settings.deletionDelay, store, roles, notices, events, clock })
      : null,
  }
}
