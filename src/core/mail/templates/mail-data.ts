import type { MailKind } from '../kinds.ts'
import type { Program } from '../program.ts'

/** Something that was done to an account, and from where. */
export interface Notice {
  /** Seconds since 1970, like all instants here. */
  readonly at: number
  /** The IP address; null if it is not known. */
  readonly source: string | null
  /** Null if it is not one of those that are known. */
  readonly program: Program | null
  /** Where the user ends sessions; null if there is no such page. */
  readonly sessionsUrl: string | null
}

/** A link that works once, until an instant. */
export interface MailedLink {
  readonly link: string
  readonly expiresAt: number
}

/** What the text of each kind of mail is made of. */
export interface MailData {
  readonly registration: MailedLink
  readonly already_registered: {
    /** Where a new password is asked for; null if that is switched off. */
    readonly resetLink: string | null
  }
  readonly invitation: MailedLink
  readonly password_reset: MailedLink & { readonly username: string }
  readonly password_elsewhere: {
    /** The issuer that keeps the password. */
    readonly issuer: string
  }
  readonly email_code: { readonly code: string; readonly expiresAt: number }
  readonly email_change_begun: Notice
  readonly email_changed: Omit<Notice, 'sessionsUrl'> & {
    /** Takes the change back; null if an administrator made it, or if it took another one back. */
    readonly restoreLink: string | null
    /** Until when the link does that; null without a link. */
    readonly expiresAt: number | null
  }
  readonly email_confirmed: Readonly<Record<never, never>>
  readonly email_wanted: Readonly<Record<never, never>>
  readonly password_changed: Notice
  readonly new_login: Notice
  readonly role_changed: Notice & { readonly role: string }
  readonly account_locked: Notice
  readonly deletion_begun: { readonly deleteAt: number }
}

/** What every mail may say. */
export interface MailCommon {
  /** A language that there are texts in, such as `en`, or the default. */
  readonly locale: string
  /** The name of the site. */
  readonly name: string
  /** The address of the site: the issuer. */
  readonly url: string
}

/** The text of a mail. */
export interface MailText {
  /** One line: line breaks become spaces. */
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Makes the text of a kind of mail. Values in `html` have to be escaped by it. */
export type MailTemplate<K extends MailKind> = (data: MailData[K], common: MailCommon) => MailText

/** Templates in the place of ours, by kind. */
export type MailTemplates = { readonly [K in MailKind]?: MailTemplate<K> }

/** A mail as it is to be sent: to whom, in which language, about what. */
export type ResolvedMail = {
  readonly [K in MailKind]: {
    readonly kind: K
    /** One address, in ASCII. */
    readonly to: string
    /** Null, or one that there is no text in: the default. */
    readonly locale: string | null
    readonly data: MailData[K]
    /** The user whom it concerns, for the event of a mail that was not sent. */
    readonly userId?: string | undefined
  }
}[MailKind]
