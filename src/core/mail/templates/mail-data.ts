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
  /** The URL, with the token in its fragment. */
  readonly link: string
  /** Seconds since 1970. */
  readonly expiresAt: number
}

/** What the text of each kind of mail is made of. */
export interface MailData {
  /** A link to register with. */
  readonly registration: MailedLink
  /** To a user with whose address somebody tried to register. */
  readonly already_registered: {
    /** Where a new password is asked for; null if that is switched off. */
    readonly resetLink: string | null
  }
  /** A link to accept an invitation with. */
  readonly invitation: MailedLink
  /** A link to set a new password with. */
  readonly password_reset: MailedLink & { readonly username: string }
  /** To a user whose password another issuer keeps. */
  readonly password_elsewhere: {
    /** The issuer that keeps the password. */
    readonly issuer: string
  }
  /** The code that confirms a new address. */
  readonly email_code: { readonly code: string; readonly expiresAt: number }
  /** To the old address: a change was asked for. */
  readonly email_change_begun: Notice
  /** To the old address: it was changed. */
  readonly email_changed: Omit<Notice, 'sessionsUrl'> & {
    /** Takes the change back; null if an administrator made it, or if it took another one back. */
    readonly restoreLink: string | null
    /** Until when the link does that; null without a link. */
    readonly expiresAt: number | null
  }
  /** To the new address: it is set. */
  readonly email_confirmed: Readonly<Record<never, never>>
  /** To the owner of an address that another user asked for. */
  readonly email_wanted: Readonly<Record<never, never>>
  /** The password was changed. */
  readonly password_changed: Notice
  /** A login from a source or a program that was not seen for 90 days. */
  readonly new_login: Notice
  /** The role was changed. */
  readonly role_changed: Notice & { readonly role: string }
  /** Too many wrong passwords locked the account. */
  readonly account_locked: Notice
  /** A second factor was set up. */
  readonly factor_added: Notice
  /** A second factor was removed, or all of them. */
  readonly factor_removed: Notice
  /** Too many wrong codes: codes of apps are refused. */
  readonly factor_locked: Notice
  /** A recovery code was used; so many are left. */
  readonly recovery_code_used: Notice & { readonly left: number }
  /** There are new recovery codes. */
  readonly recovery_codes_made: Notice
  /** The account is deleted at an instant, in seconds since 1970. */
  readonly deletion_begun: { readonly deleteAt: number }
  /** An API key was made: `key` is its name, here and below. */
  readonly api_key_created: Notice & { readonly key: string }
  /** An API key was ended. */
  readonly api_key_ended: Notice & { readonly key: string }
  /** An API key expires at an instant, in seconds since 1970. */
  readonly api_key_expires: { readonly key: string; readonly expiresAt: number }
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
  /** The text without markup. */
  readonly text: string
  /** The same as an HTML document. */
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
