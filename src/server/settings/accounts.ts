// How people become users, and what mails are sent to them.

import { domainToASCII } from 'node:url'
import {
  type AccountLinks,
  accountShapes,
  type RegistrationMode,
  readSender,
} from '../../core/accounts/account-options.ts'
import { ConfigError } from '../../core/errors.ts'
import { parseSmtpUrl } from '../../mail/smtp-url.ts'
import { choice, integer, type Setting, setting, tenYears, text } from './setting.ts'

/** Undefined: no mails are sent. */
export const smtpUrl: Setting<string | undefined> = setting(
  'SMTP_URL',
  {
    fallback: undefined,
    default: 'none: no mails are sent',
    description:
      'The relay that mails are given to: `smtps://user:password@host:465`, or `smtp://user:password@host:587` for STARTTLS. Needs the package `nodemailer`.',
    secret: true,
  },
  (given, problems) => {
    try {
      parseSmtpUrl(given)
      return given
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems.map((problem) => `SMTP_URL: ${problem}`))
      return undefined
    }
  },
)

/** Undefined: only without a relay. */
export const mailFrom: Setting<string | undefined> = setting(
  'MAIL_FROM',
  {
    fallback: undefined,
    default: 'none; needed with `SMTP_URL`',
    description: 'Who mails are from: `Example <no-reply@example.com>`.',
  },
  (given, problems) => {
    if (readSender(given) !== null) return given
    problems.push('MAIL_FROM must be an address, such as Example <no-reply@example.com>.')
    return undefined
  },
)

export const mailLocale: Setting<'en' | 'de'> = choice('MAIL_LOCALE', ['en', 'de'], {
  fallback: 'en',
  description: 'Language of mails to those whose program names none that there are texts in.',
})

/** Undefined: the host of the issuer. */
export const siteName: Setting<string | undefined> = text('SITE_NAME', {
  fallback: undefined,
  default: 'the host of the issuer',
  description: 'What mails and pages call this site.',
})

export const registration: Setting<RegistrationMode> = setting<RegistrationMode>(
  'REGISTRATION',
  {
    fallback: 'closed',
    description:
      'Who may register: `closed`, nobody; `invited`, whom an administrator invites; `open`, everybody; or domains with commas between, everybody with an address of one.',
  },
  (given, problems) => {
    if (given === 'closed' || given === 'invited' || given === 'open') return given
    const domains = given.split(',').map((each) => domainToASCII(each.trim()).toLowerCase())
    if (domains.every((each) => each.includes('.'))) return { domains }
    problems.push(
      'REGISTRATION must be closed, invited, open, or domains such as example.com,example.org.',
    )
    return undefined
  },
)

const byMail = 'true with `SMTP_URL`'

export const passwordReset: Setting<boolean | undefined> = switched('PASSWORD_RESET', {
  default: byMail,
  description:
    'Users may ask for a new password by mail. `true` without `SMTP_URL`: administrators hand links over.',
})

export const emailChange: Setting<boolean | undefined> = switched('EMAIL_CHANGE', {
  default: byMail,
  description: 'Users may set and change their address.',
})

export const notices: Setting<boolean | undefined> = switched('NOTICES', {
  default: byMail,
  description: 'Users are told by mail what happens to their account.',
})

export const deletion: Setting<boolean | undefined> = switched('ACCOUNT_DELETION', {
  default: 'false',
  description: 'Users may delete their account, and take along what is known of them.',
})

/** Seconds. */
export const deletionDelay: Setting<number> = integer('ACCOUNT_DELETION_DELAY', {
  least: 0,
  most: Math.min(tenYears, 366 * 86_400),
  fallback: 14 * 86_400,
  description:
    'Seconds from the wish to delete an account to its end (14 days), in which a login keeps it; `0` is at once.',
})

const linkNames = Object.keys(accountShapes.links.members ?? {})

/** Undefined: the pages of this server. */
export const accountLinks: Setting<AccountLinks | undefined> = setting(
  'ACCOUNT_LINKS',
  {
    fallback: undefined,
    default: 'the pages of this server',
    description: `Pages of your own in the place of ours, as JSON: whole URLs by the names ${linkNames.map((name) => `\`${name}\``).join(', ')}.`,
  },
  (given, problems) => {
    const links = parseObject(given)
    const isFit = Object.entries(links ?? {}).every(
      ([name, url]) => linkNames.includes(name) && typeof url === 'string' && isPage(url),
    )
    if (links !== null && isFit) return links as AccountLinks
    problems.push(
      `ACCOUNT_LINKS must be a JSON object of http or https URLs without a fragment, by these names: ${linkNames.join(', ')}.`,
    )
    return undefined
  },
)

function isPage(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '') && !url.includes('#')
}

function parseObject(json: string): object | null {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

/** `true` or `false`; what it is without either depends on others. */
function switched(
  name: string,
  words: { readonly default: string; readonly description: string },
): Setting<boolean | undefined> {
  return setting<boolean | undefined>(
    name,
    { ...words, fallback: undefined },
    (given, problems) => {
      if (given === 'true' || given === 'false') return given === 'true'
      problems.push(`${name} must be one of: true, false.`)
      return undefined
    },
  )
}
