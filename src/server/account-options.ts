import type { AccountOptions } from '../core/accounts/account-options.ts'
import type { Mailer } from '../core/mail/mailer.ts'
import type { Config } from './settings/settings.ts'

/** Who mails of a server for development are from. */
const devSender = 'Portcullis <no-reply@portcullis.example>'

/**
 * The option `accounts` of a configuration; undefined if nothing of it is switched on.
 *
 * @param mailbox Keeps mails where there is no relay. Default none.
 */
export async function accountOptions(
  config: Config,
  mailbox?: Mailer,
): Promise<AccountOptions | undefined> {
  const { smtpUrl, mailFrom, siteName, accountLinks, registration, deletionDelay } = config
  const mailer = smtpUrl === undefined ? mailbox : await openRelay(smtpUrl)
  const from = mailFrom ?? (smtpUrl === undefined && mailbox ? devSender : undefined)
  const isOn = [registration !== 'closed', config.passwordReset, config.deletion].some(Boolean)
  if (mailer === undefined && !isOn) return undefined
  const { passwordReset, emailChange, notices, deletion } = config
  return {
    ...{ registration, deletionDelay, locale: config.mailLocale },
    ...(mailer && { mailer }),
    // A developer looks at the mails at once.
    ...(mailer && mailer === mailbox && { mailDelay: 0 }),
    ...(from !== undefined && { from }),
    ...(siteName !== undefined && { name: siteName }),
    ...(accountLinks !== undefined && { links: accountLinks }),
    // Without a mailer users cannot ask themselves; administrators make links all the same.
    ...(mailer && passwordReset !== undefined && { passwordReset }),
    ...(emailChange !== undefined && { emailChange }),
    ...(notices !== undefined && { notices }),
    ...(deletion !== undefined && { deletion }),
  }
}

async function openRelay(url: string): Promise<Mailer> {
  const { smtp } = await import('../mail/smtp.ts')
  return smtp(url)
}
