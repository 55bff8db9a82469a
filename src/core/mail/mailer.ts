import type { MailKind } from './kinds.ts'

/** Who a mail is from. */
export interface Sender {
  /** One line. */
  readonly name: string
  /** One address, in ASCII. */
  readonly address: string
}

/** A mail, ready to be sent. */
export interface Mail {
  /** Stable: a mail that is sent again has the same. */
  readonly id: string
  /** What it tells of. */
  readonly kind: MailKind
  /** Who it is from. */
  readonly from: Sender
  /** One address, in ASCII. */
  readonly to: string
  /** One line. */
  readonly subject: string
  /** All of it, for readers of plain text. */
  readonly text: string
  /** The same as a page. */
  readonly html: string
  /** By name, such as `Message-ID`. */
  readonly headers: Readonly<Record<string, string>>
}

/** What sends mails. */
export interface Mailer {
  /**
   * Sends a mail; resolves when somebody else has taken the responsibility for it.
   *
   * A rejection is tried again later, unless it is a `MailRefusedError`. It is given up after 30 seconds,
   * when the signal aborts. Of an error only `code` or `name` is told and stored: its text may hold the
   * address, or what was to be sent.
   */
  send(mail: Mail, signal: AbortSignal): Promise<void>
  /**
   * Loads what the first mail would make every request wait for. Called once, when the sending begins; what it
   * throws is left to the first mail. Default: there is nothing to load.
   */
  open?(): void | Promise<void>
  /** Closes connections that are kept open. Default: there is nothing to close. */
  close?(): void | Promise<void>
}

/** A mail that a relay refused for good: it is not tried again. */
export class MailRefusedError extends Error {
  override readonly name = 'MailRefusedError'
  /** Always `mail_refused`. */
  readonly code = 'mail_refused'
}
