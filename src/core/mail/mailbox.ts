import type { Mail, Mailer } from './mailer.ts'

/** A mail that was kept instead of sent. */
export interface KeptMail extends Mail {
  /** Its link; null if it has none. */
  readonly link: string | null
  /** Its code; null if it has none. */
  readonly code: string | null
}

/** Mails that nobody sends: for tests and for development. */
export interface Mailbox extends Mailer {
  /** Newest first, 100 at most. */
  readonly mails: readonly KeptMail[]
  /** Forgets them. */
  clear(): void
}

const most = 100

/** Returns a mailer that keeps the last 100 mails in memory. */
export function mailbox(): Mailbox {
  let mails: readonly KeptMail[] = []
  return {
    get mails() {
      return mails
    },
    async send(mail) {
      // A mail that is sent again is the same one.
      const others = mails.filter(({ id }) => id !== mail.id)
      const { text } = mail
      const link = /https?:\/\/\S+/.exec(text)?.[0] ?? null
      const code = /^ *(\d{8})$/m.exec(text)?.[1] ?? null
      mails = [{ ...mail, link, code }, ...others].slice(0, most)
    },
    clear() {
      mails = []
    },
  }
}
