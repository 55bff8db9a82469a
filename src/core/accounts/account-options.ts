import { domainToASCII } from 'node:url'
import { ConfigError } from '../errors.ts'
import type { Mailer, Sender } from '../mail/mailer.ts'
import type { MailTemplates } from '../mail/templates/mail-data.ts'
import {
  anything,
  callback,
  flag,
  havingMethod,
  number,
  record,
  recordOf,
  type ShapesOf,
  text,
} from '../options.ts'
import { readEmail } from '../users/email.ts'

/** Who may register: nobody, who is invited, everybody, or everybody with an address of these domains. */
export type RegistrationMode =
  | 'closed'
  | 'invited'
  | 'open'
  | { readonly domains: readonly string[] }

/** Somebody who wants to register. */
export interface RegistrationAttempt {
  /** The address that was given. */
  readonly email: string
  /** The IP address of the request. */
  readonly address: string | undefined
  /** What the front end sent with it, such as the answer of a captcha. */
  readonly proof: string | undefined
}

/** Where people look after their account, if not on the pages of the server. Each is a whole URL. */
export interface AccountLinks {
  /** A name and a password are chosen here after a registration. Default: the page of the server. */
  readonly registration?: string
  /** The same after an invitation. Default: as above. */
  readonly invitation?: string
  /** A new password is asked for here. Default: as above. */
  readonly passwordResetRequest?: string
  /** A new password is chosen here. Default: as above. */
  readonly passwordReset?: string
  /** A change of address is taken back here. Default: as above. */
  readonly emailRestore?: string
  /** Sessions are seen and ended here. Default: mails name no such page. */
  readonly sessions?: string
  /** The address is changed here. Default: the page of the server, if people log in by browser. */
  readonly emailChange?: string
}

/** Registration, invitations, resets, addresses and notices. What is not named here is off. */
export interface AccountOptions {
  /** What sends mails, such as `smtp(url)` of `portcullis/mail`. Default none: links are handed over. */
  readonly mailer?: Mailer
  /** Who mails are from: `Example <no-reply@example.com>`. Default none; needed with a mailer. */
  readonly from?: string
  /** What mails and pages call the site. Default: the host of the issuer. */
  readonly name?: string
  /** The language for those who name none that there are texts in: `en` or `de`. Default `en`. */
  readonly locale?: string
  /** Texts of mails in the place of ours, by kind. Default none. */
  readonly templates?: MailTemplates
  /** Who may register. Default `closed`. */
  readonly registration?: RegistrationMode
  /**
   * Decides about each request to register, before anything is stored: a captcha, a proof of work. Without
   * an answer within 10 seconds the request is refused. Default: none is.
   */
  readonly beforeRegistration?: (attempt: RegistrationAttempt) => boolean | Promise<boolean>
  /** Users may ask for a new password by mail. Default: true with a mailer. */
  readonly passwordReset?: boolean
  /** Users may set and change their address. Default: true with a mailer. */
  readonly emailChange?: boolean
  /** Users are told by mail what happens to their account. Default: true with a mailer. */
  readonly notices?: boolean
  /**
   * Seconds that a mail waits at most which a stranger asked for: a link to register with, or for a new
   * password. Each waits for a random part of them, so that nobody learns from the answers that follow whose
   * address it is. Whole seconds, 60 at most. Default 2; 0: sent at once, for tests and development.
   */
  readonly mailDelay?: number
  /** Users may delete their account. Default false. */
  readonly deletion?: boolean
  /** Seconds from the wish to delete an account to its end. Default 1209600 (14 days); 0: at once. */
  readonly deletionDelay?: number
  /** Pages of one's own. Default: those of the server. */
  readonly links?: AccountLinks
}

const url = { ...text, words: 'a whole URL' }

/** What the options have to be. */
export const accountShapes: ShapesOf<AccountOptions> = {
  mailer: havingMethod('send', "a mailer, such as smtp('smtp://…') of portcullis/mail"),
  from: text,
  name: text,
  locale: text,
  templates: record,
  registration: anything,
  beforeRegistration: callback,
  passwordReset: flag,
  emailChange: flag,
  notices: flag,
  mailDelay: number,
  deletion: flag,
  deletionDelay: number,
  links: recordOf<AccountLinks>({
    registration: url,
    invitation: url,
    passwordResetRequest: url,
    passwordReset: url,
    emailRestore: url,
    sessions: url,
    emailChange: url,
  }),
}

/** The options as the flows read them. */
export interface AccountSettings {
  readonly mailer: Mailer | null
  readonly from: Sender | null
  readonly name: string
  readonly locale: string
  readonly templates: MailTemplates
  /** Whether somebody without an invitation may register. */
  readonly isOpen: boolean
  readonly isInvited: boolean
  /** A-labels in small letters; null: every domain. */
  readonly domains: readonly string[] | null
  readonly beforeRegistration: AccountOptions['beforeRegistration'] | null
  readonly passwordReset: boolean
  readonly emailChange: boolean
  readonly notices: boolean
  readonly mailDelay: number
  readonly deletion: boolean
  readonly deletionDelay: number
  readonly links: AccountLinks
}

const longestDelay = 366 * 24 * 60 * 60
const longestMailDelay = 60

/** @throws {ConfigError} with every problem of the options. */
export function readAccountOptions(options: AccountOptions, issuer: string): AccountSettings {
  const {
    mailer = null,
    registration = 'closed',
    links = {},
    deletionDelay = 14 * 86_400,
    mailDelay = 2,
  } = options
  const problems: string[] = []
  const from = options.from === undefined ? null : readSender(options.from)
  if (options.from !== undefined && from === null) {
    problems.push('accounts.from must be an address, such as Example <no-reply@example.com>.')
  }
  if (mailer !== null && options.from === undefined) {
    problems.push('accounts.from is missing: a mailer needs to know who mails are from.')
  }
  const domains = readDomains(registration, problems)
  const isOpen = registration === 'open' || domains !== null
  const wantMailer = [
    ['registration', isOpen],
    ['passwordReset', options.passwordReset],
    ['emailChange', options.emailChange],
    ['notices', options.notices],
  ] as const
  for (const [name, isOn] of wantMailer) {
    if (isOn && mailer === null) {
      problems.push(`accounts.${name} needs a mailer: without one only invitations work.`)
    }
  }
  if (!Number.isSafeInteger(deletionDelay) || deletionDelay < 0 || deletionDelay > longestDelay) {
    problems.push(`accounts.deletionDelay must be whole seconds from 0 to ${longestDelay}.`)
  }
  if (!Number.isSafeInteger(mailDelay) || mailDelay < 0 || mailDelay > longestMailDelay) {
    problems.push(`accounts.mailDelay must be whole seconds from 0 to ${longestMailDelay}.`)
  }
  for (const [name, link] of Object.entries(links)) {
    if (!/^https?:$/.test(URL.parse(link)?.protocol ?? '') || link.includes('#')) {
      problems.push(`accounts.links.${name} must be a whole http or https URL without a fragment.`)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const hasMailer = mailer !== null
  return {
    ...{ mailer, from, links, domains, isOpen, deletionDelay, mailDelay },
    isInvited: isOpen || registration === 'invited',
    name: options.name ?? siteNameOf(issuer),
    locale: options.locale ?? 'en',
    templates: options.templates ?? {},
    beforeRegistration: options.beforeRegistration ?? null,
    passwordReset: options.passwordReset ?? hasMailer,
    emailChange: options.emailChange ?? hasMailer,
    notices: options.notices ?? hasMailer,
    deletion: options.deletion ?? false,
  }
}

/** What the site of an issuer is called by those who give it no name. */
export function siteNameOf(issuer: string): string {
  return URL.parse(issuer)?.hostname ?? issuer
}

/** Reads `Name <address>` or an address alone; null if it is neither. */
export function readSender(from: string): Sender | null {
  const [, name = '', inBrackets] = /^([^<>\r\n]*)<([^<>]+)>\s*$/.exec(from) ?? []
  const read = readEmail(inBrackets ?? from.trim())
  return read && { name: name.trim().replace(/^"(.*)"$/, '$1'), address: read.email }
}

function readDomains(mode: unknown, problems: string[]): readonly string[] | null {
  if (typeof mode === 'string' && ['closed', 'invited', 'open'].includes(mode)) return null
  const { domains } = Object(mode) as { readonly domains?: unknown }
  const ascii = Array.isArray(domains)
    ? domains.map((each) => (typeof each === 'string' ? domainToASCII(each).toLowerCase() : ''))
    : []
  if (ascii.length > 0 && ascii.every((each) => each.includes('.'))) return ascii
  problems.push(
    "accounts.registration must be 'closed', 'invited', 'open', or { domains: ['example.com'] }.",
  )
  return null
}
