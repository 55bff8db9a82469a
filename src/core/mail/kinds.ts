/** The notices that need nothing but where something came from. */
export type NoticeKind =
  /** To the old address: another one is about to replace it. */
  | 'email_change_begun'
  /** To the old address: another one has replaced it, with a link that takes it back. */
  | 'email_changed'
  /** The password was changed. */
  | 'password_changed'
  /** A login from a source or a program that was not seen for 90 days. */
  | 'new_login'
  /** The role was changed. */
  | 'role_changed'
  /** Too many wrong passwords: the account is locked. */
  | 'account_locked'
  /** The account will be deleted at a date. */
  | 'deletion_begun'
  /** An API key was made. */
  | 'api_key_created'
  /** An API key was ended. */
  | 'api_key_ended'
  /** An API key expires within 7 days. */
  | 'api_key_expires'
  /** A second factor was set up. */
  | 'factor_added'
  /** A second factor was removed, or all of them. */
  | 'factor_removed'
  /** Too many wrong codes: codes of apps are refused. */
  | 'factor_locked'
  /** A recovery code was used. */
  | 'recovery_code_used'
  /** There are new recovery codes. */
  | 'recovery_codes_made'

/** The kinds of mails that are sent. */
export type MailKind =
  /** A link with which somebody registers. */
  | 'registration'
  /** Somebody tried to register with the address of a user. */
  | 'already_registered'
  /** A link with which somebody becomes a user. */
  | 'invitation'
  /** A link with which a user sets a new password. */
  | 'password_reset'
  /** Another issuer keeps the password of this user. */
  | 'password_elsewhere'
  /** A code that confirms a new address. */
  | 'email_code'
  /** To the new address. */
  | 'email_confirmed'
  /** To the owner of an address that another user asked for. */
  | 'email_wanted'
  | NoticeKind

/** Seconds after which a mail of the kind is worth nothing, and is not sent any more. */
export const mailLifetime: Readonly<Record<MailKind, number>> = {
  registration: 60 * 60,
  already_registered: 60 * 60,
  invitation: 7 * 24 * 60 * 60,
  password_reset: 30 * 60,
  password_elsewhere: 30 * 60,
  email_code: 10 * 60,
  email_change_begun: 24 * 60 * 60,
  email_changed: 24 * 60 * 60,
  email_confirmed: 24 * 60 * 60,
  email_wanted: 24 * 60 * 60,
  password_changed: 24 * 60 * 60,
  new_login: 24 * 60 * 60,
  role_changed: 24 * 60 * 60,
  account_locked: 24 * 60 * 60,
  deletion_begun: 24 * 60 * 60,
  api_key_created: 24 * 60 * 60,
  api_key_ended: 24 * 60 * 60,
  api_key_expires: 24 * 60 * 60,
  factor_added: 24 * 60 * 60,
  factor_removed: 24 * 60 * 60,
  factor_locked: 24 * 60 * 60,
  recovery_code_used: 24 * 60 * 60,
  recovery_codes_made: 24 * 60 * 60,
}
